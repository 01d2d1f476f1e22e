import type { BUILT_IN_QUERIES } from '../core/query-views.ts';
import type { MemberView } from '../core/views.ts';
import { PROTOCOL_VERSION } from '../wire/header.ts';
import type { Responder } from './node-queries.ts';

/** Members named in one answer to `reach`; more are only counted. */
const NAMED_MAX = 8;

/** The answers that need no application. */
export function builtInQueries(node: {
  readonly uptimeMs: number;
  /** What runs the node, such as `gridvine 1.2.0`; undefined: it didn't say. */
  readonly software: string | undefined;
  readonly boot: number;
  members(): MemberView[];
}): ReadonlyMap<(typeof BUILT_IN_QUERIES)[number], Responder> {
  return new Map<(typeof BUILT_IN_QUERIES)[number], Responder>([
    ['ping', () => true],
    ['uptime', () => ({ uptimeMs: Math.round(node.uptimeMs), boot: node.boot })],
    ['version', () => ({ software: node.software ?? null, protocol: PROTOCOL_VERSION })],
    ['reach', () => reachOf(node.members())],
  ]);
}

/** Whom a node sees, and whom it doesn't. */
function reachOf(members: readonly MemberView[]) {
  const alive = members.filter(({ state }) => state === 'alive' || state === 'joining');
  const lost = members.filter(({ state }) => state === 'suspect' || state === 'down');
  const named = lost.slice(0, NAMED_MAX).map(({ name, state }) => [name, state]);
  return { alive: alive.length, notReached: lost.length, named };
}
