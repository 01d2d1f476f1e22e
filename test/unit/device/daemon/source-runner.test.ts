import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'valibot';
import { sourcesSchema } from '#bridge/config.ts';
import type { SourceContext } from '#bridge/create-source.ts';
import { nodePorts } from '#bridge/ports/node-ports.ts';
import type { Source, SourceSink } from '#bridge/source.ts';
import { SourceRunner } from '#device/daemon/source-runner.ts';
import { GridvineError } from '#runtime/core/errors.ts';
import { FakeNode } from '../../../support/fake-node.ts';

/** A source that the test feeds. */
class HandFed implements Source {
  readonly description = { kind: 'plant', name: 'roof', simulated: true };
  sink: SourceSink | undefined;
  stopped = false;
  start(sink: SourceSink): void {
    this.sink = sink;
  }
  async stop(): Promise<void> {
    this.stopped = true;
  }
  health() {
    return [];
  }
  counters() {
    return { samples: 3 };
  }
  read(key: string, value: number): void {
    this.sink?.reading({ key, value, unit: 'W', quality: 'good', takenAtMs: 0 });
  }
}

function setUp(create: (name: string) => Source) {
  const clock = { nowMs: 0 };
  const logged: string[] = [];
  const node = new FakeNode();
  const context: SourceContext = {
    ports: nodePorts({ nowMs: () => clock.nowMs, log: () => undefined }),
    inventoryCommand: ['true'],
  };
  const runner = new SourceRunner({
    configs: parse(sourcesSchema, [
      { kind: 'plant', name: 'roof' },
      { kind: 'plant', name: 'barn' },
    ]),
    context,
    node,
    log: (_level, event) => logged.push(event),
    create: ({ name }) => create(name),
  });
  runner.start();
  return { runner, node, clock, logged };
}

describe('the source runner', () => {
  test("puts readings into the node's records with their age, until the next, and never on the disk", () => {
    const source = new HandFed();
    const { node, clock } = setUp(() => source);
    clock.nowMs = 1500;
    source.read('sim/pv', 5);
    assert.equal(node.puts[0]?.key, 'sim/pv');
    assert.deepEqual(node.puts[0]?.options, { keep: false, unit: 'W', quality: 'good', ageMs: 1500 });
  });

  test('a source that cannot start is a failure item, and the others run', () => {
    const source = new HandFed();
    const { runner, node, clock } = setUp((name) => {
      if (name === 'roof') throw new Error('no such port');
      return source;
    });
    clock.nowMs = 50;
    assert.deepEqual(
      runner.health().map(({ code, severity, title, sinceMs }) => ({ code, severity, title, sinceMs })),
      [{ code: 'source-failed', severity: 'failure', title: 'roof: could not be started', sinceMs: 50 }],
    );
    source.read('a', 1);
    assert.equal(node.puts.length, 1);
    assert.deepEqual(
      runner.reports().map(({ name, state }) => [name, state]),
      [
        ['roof', 'failed'],
        ['barn', 'running'],
      ],
    );
  });

  test('a reading that the table refuses is an item that goes when the next is accepted, and one log line', () => {
    const source = new HandFed();
    const { runner, node, logged } = setUp(() => source);
    node.refusal = new GridvineError('E_QUOTA', 'expected at most 1000 records; got one more');
    for (let i = 0; i < 3; i++) source.read('a', i);
    assert.deepEqual(
      runner.health().map(({ code }) => code),
      ['reading-refused'],
    );
    assert.equal(logged.filter((event) => event === 'reading-refused').length, 1);
    node.refusal = undefined;
    source.read('a', 9);
    assert.deepEqual(runner.health(), []);
  });

  test('a reading that comes while the node closes is nothing to report', () => {
    const source = new HandFed();
    const { runner, node } = setUp(() => source);
    node.refusal = new GridvineError('E_CLOSED', 'closed');
    source.read('a', 1);
    assert.deepEqual(runner.health(), []);
  });

  test('conditions of sources are items with their age, and go with their cause', () => {
    const source = new HandFed();
    const { runner, clock, logged } = setUp(() => source);
    const item = {
      code: 'source-silent',
      subject: 'roof',
      severity: 'failure',
      title: 'no readings',
      text: 'x',
    } as const;
    source.sink?.health({ kind: 'raise', item });
    clock.nowMs = 2000;
    source.sink?.health({ kind: 'raise', item: { ...item, text: 'y' } });
    assert.deepEqual(runner.health(), [
      { code: 'source-silent', severity: 'failure', title: 'roof: no readings', text: 'y', sinceMs: 2000 },
    ]);
    source.sink?.health({ kind: 'clear', code: 'source-silent', subject: 'roof' });
    assert.deepEqual(runner.health(), []);
    assert.deepEqual(logged, ['source-condition', 'source-condition-cleared']);
  });

  test('stop stops every source, also where one fails to', async () => {
    const sources: HandFed[] = [];
    const { runner } = setUp(() => {
      const source = new HandFed();
      if (sources.length === 0) source.stop = () => Promise.reject(new Error('stuck'));
      sources.push(source);
      return source;
    });
    await runner.stop();
    assert.ok(sources[1]?.stopped);
  });
});
