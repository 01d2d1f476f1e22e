import type { Endpoint } from '#runtime/core/endpoint.ts';
import type { NodeId } from '#runtime/core/ids.ts';
import type { LoopDelay } from './load.ts';
import { CRASH_KINDS, type CrashKind } from './round.ts';

/** Something that becomes true of all living nodes of a process. */
export type Condition =
  /** Each sees every other member of the cluster, which has `total`. */
  | { readonly type: 'joined'; readonly total: number }
  | { readonly type: 'updated'; readonly number: number }
  /** Each says that this member is down; `expect-down` came before. */
  | { readonly type: 'down'; readonly id: NodeId };

/** What the bench tells a process with nodes. Nodes are numbered through the cluster. */
export type Order =
  | { readonly type: 'start'; readonly first: number; readonly count: number }
  | {
      readonly type: 'join';
      readonly seeds: readonly Endpoint[];
      readonly total: number;
      readonly overMs: number;
    }
  | { readonly type: 'put'; readonly node: number; readonly number: number; readonly bytes: number }
  /** The member crashes now: verdicts on it are right from here on. */
  | { readonly type: 'expect-down'; readonly id: NodeId }
  | { readonly type: 'crash'; readonly node: number; readonly how: CrashKind }
  | { readonly type: 'await'; readonly condition: Condition; readonly limitMs: number }
  /** Whether to watch how late the event loop runs: that takes some milliseconds a second itself. */
  | { readonly type: 'watch-loop'; readonly on: boolean }
  | { readonly type: 'sample' };

/** What a process answers. Times are those of the machine's monotonic clock, which all its processes share. */
export interface Answers {
  readonly start: { readonly nodes: readonly Started[]; readonly recvBufferBytes: number };
  readonly join: null;
  readonly put: { readonly atMs: number };
  readonly 'expect-down': null;
  readonly crash: { readonly atMs: number };
  /** When the last node came to it; null: not within the limit. */
  readonly await: { readonly atMs: number | null };
  readonly 'watch-loop': null;
  readonly sample: Sample;
}

export interface Started {
  readonly number: number;
  readonly id: NodeId;
  readonly endpoints: readonly Endpoint[];
}

/** What a process and its nodes have used since its start; delays since they are watched. */
export interface Sample {
  readonly atMs: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly loopActiveMs: number;
  readonly loopIdleMs: number;
  /** null: it isn't watched. */
  readonly loopDelayMs: LoopDelay | null;
  readonly datagrams: number;
  readonly datagramBytes: number;
  readonly dropped: number;
  readonly falseDowns: number;
  readonly suspicions: number;
  /** Events that came too fast to be counted: with any, the figures are worth nothing. */
  readonly eventsLost: number;
}

export interface Request {
  readonly id: number;
  readonly order: Order;
}

export type Reply =
  | { readonly id: number; readonly answer: Answers[Order['type']] }
  | { readonly id: number; readonly error: string };

type Check = (value: unknown) => boolean;

const isCount: Check = (value) => Number.isInteger(value) && (value as number) >= 0;
const isText: Check = (value) => typeof value === 'string';
const isArray: Check = (value) => Array.isArray(value);

const ORDER_FIELDS: Readonly<Record<Order['type'], Readonly<Record<string, Check>>>> = {
  start: { first: isCount, count: isCount },
  join: { seeds: isArray, total: isCount, overMs: isCount },
  put: { node: isCount, number: isCount, bytes: isCount },
  'expect-down': { id: isText },
  crash: { node: isCount, how: (value) => CRASH_KINDS.some((kind) => kind === value) },
  await: { condition: (value) => hasFields(CONDITION_FIELDS, value), limitMs: isCount },
  'watch-loop': { on: (value) => typeof value === 'boolean' },
  sample: {},
};

const CONDITION_FIELDS: Readonly<Record<Condition['type'], Readonly<Record<string, Check>>>> = {
  joined: { total: isCount },
  updated: { number: isCount },
  down: { id: isText },
};

/** @throws Error for anything that is no request: the two ends are of different versions. */
export function parseRequest(message: unknown): Request {
  const { id, order } = (message ?? {}) as Partial<Request>;
  if (!isCount(id) || !hasFields(ORDER_FIELDS, order))
    throw new Error(`expected a request with an order; got ${JSON.stringify(message)?.slice(0, 200)}`);
  return message as Request;
}

/** @throws Error for anything that is no reply. */
export function parseReply(message: unknown): Reply {
  const reply = (message ?? {}) as { id?: unknown; answer?: unknown; error?: unknown };
  if (!isCount(reply.id) || (reply.answer === undefined && !isText(reply.error)))
    throw new Error(`expected a reply; got ${JSON.stringify(message)?.slice(0, 200)}`);
  return message as Reply;
}

function hasFields(table: Readonly<Record<string, Readonly<Record<string, Check>>>>, value: unknown) {
  const fields = (value ?? {}) as Record<string, unknown>;
  if (typeof fields.type !== 'string' || !Object.hasOwn(table, fields.type)) return false;
  return Object.entries(table[fields.type]).every(([name, check]) => check(fields[name]));
}

/** Milliseconds of the clock that all processes of the machine share. */
export function sharedNowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
