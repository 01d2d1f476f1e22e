import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEYS_PER_SOURCE_MAX } from '#bridge/limits.ts';
import type { Source, SourceSink } from '#bridge/source.ts';
import { SupervisedSource, type SupervisedSourceOptions } from '#bridge/sources/supervised-source.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { RecordingSink } from '../support/recording-sink.ts';

/** A source that is played by the test. */
class PlayedSource implements Source {
  readonly description = { kind: 'played', name: 'tank' };
  readonly clock: ManualClock;
  sink: SourceSink | undefined;
  stops = 0;

  constructor(clock: ManualClock) {
    this.clock = clock;
  }

  start(sink: SourceSink): void {
    this.sink = sink;
  }

  async stop(): Promise<void> {
    this.stops += 1;
  }

  health() {
    return [];
  }

  counters() {
    return { own: 7 };
  }

  gives(key: string, value: number): void {
    this.sink?.reading({ key, value, quality: 'good', takenAtMs: this.clock.nowMs() });
  }
}

function started(options: Partial<SupervisedSourceOptions> = {}) {
  const clock = new ManualClock();
  const inner = new PlayedSource(clock);
  const sink = new RecordingSink();
  const source = new SupervisedSource(inner, { clock, rules: [], ...options });
  source.start(sink);
  return { clock, inner, sink, source };
}

test('readings pass through the pipeline, and what waits is published by a timer', async () => {
  const { clock, inner, sink } = started({ rules: [{ key: '**', minIntervalMs: 500 }] });
  inner.gives('level', 1);
  inner.gives('level', 2);
  assert.equal(sink.readings.length, 1);
  await clock.advance(500);
  assert.deepEqual(
    sink.readings.map(({ value }) => value),
    [1, 2],
  );
});

test('a source that gives nothing from the start is silent after its time, until a reading comes', async () => {
  const { clock, inner, sink } = started({ silentAfterMs: 10_000 });
  await clock.advance(9999);
  assert.deepEqual(sink.healthLog, []);
  await clock.advance(1);
  assert.deepEqual(sink.healthLog, ['+source-silent tank']);
  await clock.advance(50_000);
  inner.gives('level', 1);
  assert.deepEqual(sink.healthLog, ['+source-silent tank', '-source-silent tank']);
});

test('a source that falls silent is noticed that long after its last sample, even if that was not published', async () => {
  const { clock, inner, sink } = started({ silentAfterMs: 10_000, rules: [{ key: '**', deadband: 5 }] });
  inner.gives('level', 1);
  await clock.advance(7000);
  inner.gives('level', 2);
  await clock.advance(9999);
  assert.deepEqual(sink.healthLog, []);
  await clock.advance(1);
  assert.deepEqual(sink.healthLog, ['+source-silent tank']);
});

test('a spike raises an item for its key, and the next plausible value clears it', () => {
  const { inner, sink } = started({ rules: [{ key: 'level', max: 100 }] });
  inner.gives('level', 50);
  inner.gives('level', 5000);
  inner.gives('level', 51);
  assert.deepEqual(sink.healthLog, ['+sensor-implausible tank: level', '-sensor-implausible tank: level']);
  assert.deepEqual(
    sink.readings.map(({ value, quality }) => [value, quality]),
    [
      [50, 'good'],
      [50, 'bad'],
      [51, 'good'],
    ],
  );
});

test('keys beyond the cap and keys that must not be gossiped are dropped and counted', async () => {
  const { clock, inner, sink, source } = started({ readingsPerSecondMax: 1e6 });
  for (let i = 0; i <= KEYS_PER_SOURCE_MAX; i++) inner.gives(`k${i}`, 1);
  inner.gives('node', 1);
  await clock.advance(1000);
  assert.equal(sink.readings.length, KEYS_PER_SOURCE_MAX);
  assert.deepEqual(sink.healthLog, ['+source-too-many-keys tank']);
  assert.equal(source.counters().badKeys, 1);
  assert.equal(source.counters().keysRefused, 1);
  assert.equal(source.counters().own, 7);
});

test('conditions of the inner source are passed on', () => {
  const { inner, sink, source } = started();
  const item = {
    code: 'source-exited',
    subject: 'tank',
    severity: 'warning',
    title: 't',
    text: 'x',
  } as const;
  inner.sink?.health({ kind: 'raise', item });
  assert.deepEqual(source.health(), [item]);
  inner.sink?.health({ kind: 'clear', code: 'source-exited', subject: 'tank' });
  assert.deepEqual(sink.healthLog, ['+source-exited tank', '-source-exited tank']);
});

test('a stopped source delivers nothing and leaves no timer', async () => {
  const { clock, inner, sink, source } = started({
    silentAfterMs: 1000,
    rules: [{ key: '**', minIntervalMs: 500, staleAfterMs: 900 }],
  });
  inner.gives('level', 1);
  inner.gives('level', 2);
  await source.stop();
  inner.gives('level', 3);
  await clock.advance(10_000);
  assert.equal(sink.readings.length, 1);
  assert.deepEqual([sink.changes, clock.pendingTimers, inner.stops], [[], 0, 1]);
});

test('a number that is stuck is reported, and no longer so when it moves', async () => {
  const { clock, inner, sink } = started({ rules: [{ key: '**', stuckAfterMs: 10_000 }] });
  for (let i = 0; i < 4; i++) {
    inner.gives('level', 71.5);
    await clock.advance(5000);
  }
  assert.deepEqual(sink.healthLog, ['+sensor-stuck tank: level']);
  assert.equal(sink.last('level')?.quality, 'stale');
  inner.gives('level', 71.6);
  assert.deepEqual(sink.healthLog, ['+sensor-stuck tank: level', '-sensor-stuck tank: level']);
  assert.equal(sink.last('level')?.quality, 'good');
});
