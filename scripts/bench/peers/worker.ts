/** A process with a share of the nodes. It takes orders from the bench over the IPC channel, and ends when that does. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { BenchNode } from './bench-node.ts';
import { Crowd, UPDATE_KEY } from './crowd.ts';
import {
  type Answers,
  type Condition,
  type Order,
  parseRequest,
  type Sample,
  sharedNowMs,
} from './messages.ts';

/** Finer would itself take time of the processor that is measured. */
const LOOP_DELAY_RESOLUTION_MS = 10;

type Handlers = {
  readonly [T in Order['type']]: (order: Extract<Order, { type: T }>) => Answers[T] | Promise<Answers[T]>;
};

interface Waiter {
  readonly condition: Condition;
  readonly settle: (atMs: number | null) => void;
}

const nodes = new Map<number, BenchNode>();
const crowd = new Crowd();
const waiters = new Set<Waiter>();
const loopDelay = monitorEventLoopDelay({ resolution: LOOP_DELAY_RESOLUTION_MS });
let watchesLoop = false;

const handlers: Handlers = {
  async start({ first, count }) {
    const started = await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const number = first + i;
        // The engine's own announcement brings events before anybody waits for some.
        const node = await BenchNode.start(`node-${number}`, (event) => {
          crowd.note(number, event, sharedNowMs());
          checkWaiters();
        });
        crowd.add(number, node.id);
        nodes.set(number, node);
        return { number, id: node.id, endpoints: node.endpoints, recvBufferBytes: node.recvBufferBytes };
      }),
    );
    return {
      nodes: started,
      recvBufferBytes: Math.min(...started.map((node) => node.recvBufferBytes)),
    };
  },
  join({ seeds, total, overMs }) {
    for (const [number, node] of nodes) {
      if (node.endpoints.some(({ port }) => seeds.some((seed) => seed.port === port))) continue;
      const delayMs = (overMs * number) / total;
      if (delayMs === 0) node.join(seeds);
      else setTimeout(() => node.join(seeds), delayMs);
    }
    return null;
  },
  put({ node, number, bytes }) {
    const atMs = sharedNowMs();
    nodeOf(node).putUrgent(UPDATE_KEY, `${number}:`.padEnd(bytes, 'x'));
    return { atMs };
  },
  'expect-down'({ id }) {
    crowd.expectDown(id);
    return null;
  },
  crash({ node, how }) {
    const victim = nodeOf(node);
    const atMs = sharedNowMs();
    if (how === 'closed') void victim.close();
    else victim.silence();
    crowd.remove(node);
    checkWaiters();
    return { atMs };
  },
  await({ condition, limitMs }) {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        condition,
        settle(atMs) {
          waiters.delete(waiter);
          clearTimeout(limit);
          resolve({ atMs });
        },
      };
      const limit = setTimeout(() => waiter.settle(null), limitMs);
      waiters.add(waiter);
      checkWaiters();
    });
  },
  'watch-loop'({ on }) {
    watchesLoop = on;
    loopDelay.reset();
    if (on) loopDelay.enable();
    else loopDelay.disable();
    return null;
  },
  sample: () => sample(),
};

function nodeOf(number: number): BenchNode {
  const node = nodes.get(number);
  if (node === undefined) throw new Error(`node ${number} isn't in this process`);
  return node;
}

function checkWaiters(): void {
  for (const { condition, settle } of waiters) {
    const atMs = crowd.met(condition);
    if (atMs !== undefined) settle(atMs);
  }
}

function sample(): Sample {
  const { user, system } = process.cpuUsage();
  const { active, idle } = performance.eventLoopUtilization();
  const traffic = [...nodes.values()].flatMap((node) => node.traffic());
  // The monitor measures from one of its timers to the next.
  const delay = (ns: number) => Math.max(0, ns / 1e6 - LOOP_DELAY_RESOLUTION_MS) || 0;
  const loopDelayMs = {
    p50: delay(loopDelay.percentile(50)),
    p99: delay(loopDelay.percentile(99)),
    max: delay(loopDelay.max),
  };
  return {
    atMs: sharedNowMs(),
    cpuMs: (user + system) / 1_000,
    rssBytes: process.memoryUsage.rss(),
    loopActiveMs: active,
    loopIdleMs: idle,
    loopDelayMs: watchesLoop ? loopDelayMs : null,
    datagrams: traffic.reduce((sum, link) => sum + link.txDatagrams, 0),
    datagramBytes: traffic.reduce((sum, link) => sum + link.txBytes, 0),
    dropped: traffic.reduce((sum, link) => sum + link.rxDropped, 0),
    falseDowns: crowd.falseDowns,
    suspicions: crowd.suspicions,
    eventsLost: [...nodes.values()].reduce((sum, node) => sum + node.eventsLost, 0),
  };
}

async function carryOut(message: unknown): Promise<void> {
  const { id, order } = parseRequest(message);
  try {
    const handle = handlers[order.type] as (order: Order) => Promise<Answers[Order['type']]>;
    process.send?.({ id, answer: await handle(order) });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

process.on('message', carryOut);
process.on('disconnect', () => process.exit(0));
