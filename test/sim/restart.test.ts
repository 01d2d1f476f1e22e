import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeId } from '#runtime/core/ids.ts';
import type { Version } from '#runtime/core/version.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { Engine } from '#runtime/engine/engine.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import { World } from '#runtime/simulator/world.ts';
import type { Message } from '#runtime/wire/message.ts';
import { peekVersion } from '#runtime/wire/record-codec.ts';
import { TappedEngine } from '../support/planted-faults/tapped-engine.ts';
import { optionsOf } from './play.ts';

/** A cluster that has been together, each node with records, and what one of them asks and is told after its restart. */
class Restart {
  readonly world: World;
  readonly nodes: number;
  /** Who restarts: the last one. */
  readonly index: number;
  /** What it held when it ended. */
  readonly held = new Map<NodeId, Version>();
  /** Owners that it asked for by `want`. */
  readonly wanted = new Set<NodeId>();
  /** Records that it was sent though it held them, or newer ones, and how many bytes that were. */
  readonly needless = { records: 0, bytes: 0 };
  #lives = 0;

  constructor(nodes: number, records: number) {
    this.nodes = nodes;
    this.index = nodes - 1;
    const options = optionsOf({ scenario: 'join', nodes, tableWriteIntervalMs: 5_000 });
    this.world = new World(options, {
      provider: createNodeProvider(),
      createEngine: (about) => {
        const engine = new Engine(about);
        // Only its second life is looked into.
        if (about.name !== `node-${this.index}` || ++this.#lives < 2) return engine;
        return new TappedEngine(engine, about, {
          inbound: (message) => this.#noteInbound(message),
          outbound: (message) => this.#noteOutbound(message),
        });
      },
    });
    const all = this.world.hosts.map(({ index }) => index);
    this.world.startTogether(all, [0]);
    for (const index of all)
      for (let i = 0; i < records; i++) this.world.put(index, `sensor/${i}`, i, { unit: 'W' });
    assert.ok(this.world.runUntil(() => this.isOneView(), 60_000) !== undefined, 'the cluster formed');
    this.world.runFor(8_000);
  }

  get host() {
    return this.world.hosts[this.index]!;
  }

  /** Its process ends, all that it held written. */
  kill(): void {
    this.host.writeTable();
    for (const { id } of this.world.hosts) this.held.set(id, this.host.engine!.knownOf(id));
    this.world.kill(this.index);
  }

  start(): void {
    this.world.start(this.index, [0]);
  }

  /** Whether each node that runs has of each other what that has of itself, and sees it alive. */
  isOneView(): boolean {
    const { world } = this;
    if (world.members.disagreements > 0) return false;
    const running = world.hosts.filter(({ state }) => state === 'running');
    return running.every((about) => {
      const truth = about.engine!.knownOf(about.id);
      return running.every(({ engine }) => engine!.knownOf(about.id) === truth);
    });
  }

  /** Owners that it asked for although they said nothing meanwhile. */
  wantedUnchanged(): NodeId[] {
    const { hosts } = this.world;
    return [...this.wanted].filter((owner) =>
      hosts.some(({ id, engine }) => id === owner && engine!.knownOf(id) === this.held.get(id)),
    );
  }

  #noteInbound(message: Message): Message {
    if (message.type !== 'blocks') return message;
    for (const { owner, items } of message.blocks)
      for (const { body } of items) {
        if ((peekVersion(body) ?? 0) > (this.held.get(owner) ?? 0)) continue;
        this.needless.records++;
        this.needless.bytes += body.length;
      }
    return message;
  }

  #noteOutbound(message: Message): boolean {
    if (message.type === 'want') for (const { owner } of message.lines) this.wanted.add(owner);
    return true;
  }
}

test('a node that restarts with its state is back in one view in less than a second, and asks for nothing that it has', () => {
  const restart = new Restart(100, 8);
  const { world } = restart;
  restart.kill();
  world.runFor(2_000);
  restart.start();
  const tookMs = world.runUntil(() => restart.isOneView(), 10_000);
  assert.ok(tookMs !== undefined && tookMs < 1_000, `one view after ${tookMs} ms`);
  world.runFor(2_000);
  // Those that missed it have said so meanwhile.
  assert.deepEqual(restart.wantedUnchanged(), []);
  assert.deepEqual(restart.needless, { records: 0, bytes: 0 });
  assert.ok(restart.host.engine!.recordCount >= 100 + 99 * 8);
});

test('a node that was away for a while asks for what changed meanwhile, and for no more', () => {
  const restart = new Restart(30, 10);
  const { world } = restart;
  restart.kill();
  world.runFor(30_000);
  world.put(3, 'sensor/4', 'new');
  world.delete(5, 'sensor/0');
  world.runFor(5_000);
  restart.start();
  assert.ok(world.runUntil(() => restart.isOneView(), 20_000) !== undefined);
  const changed = new Set(
    world.hosts.filter(({ id, engine }) => engine!.knownOf(id) !== restart.held.get(id)).map(({ id }) => id),
  );
  for (const owner of restart.wanted)
    assert.ok(changed.has(owner), `it asked for ${owner}, which is as it was`);
  const records = restart.host.engine!.records(0).map(({ node, key, value }) => [node, key, value]);
  assert.ok(records.some((each) => each.join() === 'node-3,sensor/4,new'));
  assert.ok(!records.some((each) => each.join().startsWith('node-5,sensor/0')));
});

test('a node that was away for longer than the tombstone grace is reset, and brings nothing back', () => {
  const restart = new Restart(8, 5);
  const { world } = restart;
  const graceMs = settingsOf('lan').tombstoneGraceMs;
  restart.kill();
  world.runFor(1_000);
  world.delete(2, 'sensor/1');
  world.put(2, 'sensor/2', 'later');
  world.runFor(graceMs + 600_000);
  const owner = world.hosts[2]!;
  const [line] = world.hosts[0]!.engine!.keep.changedSince(0).changed.filter(
    ({ owner: id }) => id === owner.id,
  );
  assert.ok(line!.gc > restart.held.get(owner.id)!, 'the tombstone was collected');
  const keysOf = (index: number) =>
    world.hosts[index]!.engine!.records(0, { owner: owner.id })
      .map(({ key }) => key)
      .sort();
  restart.start();
  assert.ok(keysOf(restart.index).includes('sensor/1'), 'it has it from before');
  const resurrected: string[] = [];
  world.observe((seen) => {
    if (seen.type !== 'event' || seen.event.type !== 'record' || seen.node === restart.host.id) return;
    if (
      seen.event.change === 'put' &&
      seen.event.record.key === 'sensor/1' &&
      seen.event.record.owner === owner.id
    )
      resurrected.push(seen.node);
  });
  assert.ok(world.runUntil(() => restart.isOneView(), 30_000) !== undefined);
  world.runFor(30_000);
  for (const { index } of world.hosts) assert.deepEqual(keysOf(index), keysOf(2), `host ${index}`);
  assert.ok(!keysOf(restart.index).includes('sensor/1'));
  assert.deepEqual(resurrected, []);
});

test('a node whose process ended in between has lost what came after its last write, and gets it again', () => {
  const restart = new Restart(6, 3);
  const { world } = restart;
  const { table } = restart.host.disk;
  world.put(1, 'sensor/0', 'after the last write');
  world.runFor(1_000);
  restart.kill();
  restart.host.disk.table = table;
  restart.held.clear();
  restart.start();
  const present = () => {
    const [record] = restart.host.engine!.records(0, { owner: world.hosts[1]!.id, key: 'sensor/0' });
    return record?.value;
  };
  assert.equal(present(), 0);
  assert.ok(world.runUntil(() => present() === 'after the last write', 10_000) !== undefined);
});
