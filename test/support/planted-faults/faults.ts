import type { EngineOptions, GossipEngine } from '#runtime/engine/contract.ts';
import { decodeAccusation, isAccuseKey } from '#runtime/membership/accusation-record.ts';
import { falseDownPromise } from '#runtime/simulator/checkers/false-down-promise.ts';
import type { Run } from '#runtime/simulator/run.ts';
import type { Message } from '#runtime/wire/message.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { decodeRecord, encodeRecord } from '#runtime/wire/record-codec.ts';
import { ForgetfulEngine, StubbornEngine } from './forgetful-engine.ts';
import { HastyEngine } from './hasty-engine.ts';
import { HoardingEngine, RestlessEngine, UnforgettingEngine } from './hoarding-engine.ts';
import type { PlantedFault } from './planted-fault.ts';
import { TappedEngine } from './tapped-engine.ts';

const SYNC: ReadonlySet<Message['type']> = new Set(['digest', 'buckets', 'have', 'want']);
const NEVER_MS = 1e9;

/** Every way to be wrong that a checker must see. */
export const PLANTED_FAULTS: readonly PlantedFault[] = [
  {
    name: 'loses its tombstones, and takes a deleted record back',
    checker: 'no-resurrection',
    withinMs: 90_000,
    nodes: 3,
    spoiled: [1],
    spoil: (make) =>
      new ForgetfulEngine(
        () => make(),
        (engine, nowMs) => engine.deletions > 0 && isAlone(engine, nowMs),
      ),
    story({ world }) {
      world.put(0, 'k', 'old');
      world.runFor(2_000);
      world.partition([[0, 1], [2]]);
      world.delete(0, 'k');
      world.runFor(5_000);
      world.kill(0);
      world.runFor(20_000);
      world.heal();
      world.runFor(60_000);
    },
  },
  {
    name: 'changes a value that it passes on',
    checker: 'one-value',
    withinMs: 5_000,
    nodes: 3,
    spoiled: [1],
    spoil: (make, options) =>
      new TappedEngine(make(), options, {
        inbound: rewriteRecords((record) => (record.key === 'k' ? { ...record, value: 2 } : record)),
      }),
    story({ world }) {
      world.put(0, 'k', 1);
      world.runFor(5_000);
    },
  },
  {
    name: 'starts again under the boot it had, and uses its versions twice',
    checker: 'one-value',
    withinMs: 20_000,
    nodes: 3,
    spoiled: [1],
    spoil: (make) => make({ boot: 1 }),
    story: restartAndWrite,
  },
  {
    name: 'starts again under a lower boot, and writes older versions than before',
    checker: 'versions-grow',
    withinMs: 20_000,
    nodes: 3,
    spoiled: [1],
    spoil: (make, { boot }) => make({ boot: boot === 1 ? 5 : boot }),
    story: restartAndWrite,
  },
  {
    name: 'keeps silent when it is accused',
    checker: 'no-false-down',
    withinMs: 230_000,
    nodes: 60,
    spoiled: [1],
    spoil: (make, options) => deafToAccusations(make(), options),
    story: stumble,
  },
  {
    name: 'forgets that it has refuted, and goes on under an older incarnation',
    checker: 'incarnation-order',
    withinMs: 230_000,
    nodes: 36,
    spoiled: [1],
    spoil: (make, options) =>
      new ForgetfulEngine(
        inTurn(
          () => make(),
          () => new StubbornEngine(deafToAccusations(make(), options)),
        ),
        ({ counters }) => counters.refutations > 0,
      ),
    story: stumble,
  },
  {
    name: 'passes judgement as soon as somebody is accused',
    checker: 'no-false-down',
    withinMs: 230_000,
    nodes: 40,
    spoiled: [0, 2, 3, 4, 5],
    spoil: (make, { settings }) =>
      make({ settings: { ...settings, suspicionMultiplier: 0.01, suspicionMaxFactor: 1 } }),
    story: stumble,
  },
  {
    name: 'never compares what it has with others',
    checker: 'converges',
    withinMs: 60_000,
    nodes: 5,
    spoiled: [1],
    spoil: (make, options) =>
      new TappedEngine(make(), options, {
        inbound: (message) => (SYNC.has(message.type) ? undefined : message),
        outbound: (message) => !SYNC.has(message.type),
      }),
    story({ world }) {
      world.partition([[1]]);
      world.put(0, 'k', 1);
      world.runFor(1_000);
      world.heal();
    },
  },
  {
    name: 'never calls those that it gave up, so that a partition stays',
    checker: 'converges',
    withinMs: 120_000,
    nodes: 6,
    spoil: (make, { settings }) => make({ settings: { ...settings, retryIntervalMs: NEVER_MS } }),
    story({ world }) {
      world.partition([[0, 1, 2]]);
      world.runFor(40_000);
      world.heal();
    },
  },
  {
    name: 'skips a record and says that it has everything',
    checker: 'no-gap',
    withinMs: 20_000,
    nodes: 3,
    spoiled: [1],
    spoil: (make, options) =>
      new TappedEngine(make(), options, {
        inbound: rewriteRecords((record) => (record.key === 'skipped' ? undefined : record)),
      }),
    story({ world }) {
      world.put(0, 'skipped', 1);
      world.put(0, 'k', 1);
      world.runFor(20_000);
    },
  },
  {
    name: 'does not let records end',
    checker: 'no-expired',
    withinMs: 30_000,
    nodes: 3,
    spoiled: [1],
    spoil: (make, options) =>
      new TappedEngine(make(), options, {
        inbound: rewriteRecords(({ ttlMs: _ttlMs, ...record }) => record),
      }),
    story({ world }) {
      world.put(0, 'k', 1, { ttlMs: 3_000 });
      world.runFor(30_000);
    },
  },
  {
    name: 'queues what it hears for ever',
    checker: 'bounded',
    withinMs: 120_000,
    nodes: 3,
    spoiled: [1],
    spoil: (make) => new HoardingEngine(make()),
    story({ world }) {
      world.runFor(120_000);
    },
  },
  {
    name: 'holds memory for the lives of departed peers',
    checker: 'bounded',
    withinMs: 60_000,
    nodes: 4,
    spoiled: [1],
    spoil: (make) => new UnforgettingEngine(make()),
    story({ world }) {
      for (let i = 0; i < 12; i++) {
        world.kill(2);
        world.runFor(500);
        world.start(2, [0, 1]);
        world.runFor(3_000);
      }
    },
  },
  {
    name: 'forgets over a restart which events it delivered',
    checker: 'events-once',
    withinMs: 20_000,
    nodes: 3,
    spoiled: [1],
    spoil: (make) => make({ events: {} }),
    story({ world }) {
      world.emitEvent(0, 'news', 1, { windowMs: 600_000 });
      world.runFor(2_000);
      world.kill(1);
      world.runFor(1_000);
      world.start(1, [0, 2]);
      world.runFor(10_000);
    },
  },
  {
    name: 'delivers events as they come',
    checker: 'events-once',
    withinMs: 5_000,
    nodes: 3,
    spoiled: [1],
    spoil: (make) => new HastyEngine(make()),
    story({ world }) {
      for (let i = 0; i < 4; i++) world.emitEvent(0, 'news', i, { windowMs: 60_000 });
      world.runFor(3_000);
    },
  },
  {
    name: 'always wants to be woken',
    checker: 'bounded',
    withinMs: 3_000,
    nodes: 2,
    spoiled: [1],
    spoil: (make) => new RestlessEngine(make()),
    story({ world }) {
      world.runFor(3_000);
    },
  },
];

/** An engine that no accusation of itself gets to. */
function deafToAccusations(engine: GossipEngine, options: EngineOptions): GossipEngine {
  return new TappedEngine(engine, options, {
    inbound: rewriteRecords((record) => {
      const isAboutMe = isAccuseKey(record.key) && decodeAccusation(record.value)?.target === options.id;
      return isAboutMe ? undefined : record;
    }),
  });
}

/** Calls the first maker first, and the second from then on. */
function inTurn<T>(first: () => T, then: () => T): () => T {
  let next = first;
  return () => {
    const made = next();
    next = then;
    return made;
  };
}

function isAlone(engine: GossipEngine, nowMs: number): boolean {
  return engine.members(nowMs).every(({ id, state }) => id === engine.id || state === 'down');
}

/** Node 1 writes, dies, comes back and writes again. */
function restartAndWrite({ world }: Run): void {
  for (let i = 0; i < 5; i++) world.put(1, 'k', `first life ${i}`);
  world.runFor(2_000);
  world.kill(1);
  world.runFor(5_000);
  world.start(1, [0, 2]);
  for (let i = 0; i < 5; i++) world.put(1, 'k', `second life ${i}`);
  world.runFor(2_000);
}

/** Node 1 stands still again and again, no longer than what excuses nothing, and not in step with probes: somebody will suspect it. */
function stumble({ world }: Run): void {
  const stallMs = falseDownPromise(world.options)?.stallMsMax ?? 0;
  for (let i = 0; i < 40; i++) {
    world.stall(1, stallMs);
    world.runFor(2_770 + (i % 3) * 2_930);
  }
}

/** Changes the records of blocks, whose spans stay as they are. */
function rewriteRecords(
  change: (record: RecordBody) => RecordBody | undefined,
): (message: Message) => Message {
  return (message) => {
    if (message.type !== 'blocks') return message;
    const blocks = message.blocks.map((block) => ({
      ...block,
      items: block.items.flatMap((item) => {
        const record = decodeRecord(item.body);
        const changed = record === undefined ? undefined : change(record);
        return changed === undefined ? [] : [{ ...item, body: encodeRecord(changed) }];
      }),
    }));
    return { ...message, blocks };
  };
}
