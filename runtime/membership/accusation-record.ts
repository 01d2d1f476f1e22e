import { fromHex, NODE_ID_BYTES, type NodeId, toHex } from '../core/ids.ts';
import { ACCUSE_SLOTS } from '../core/limits.ts';
import type { AppValue } from '../core/value.ts';
import { BOOT_MAX } from '../core/version.ts';
import { INCARNATION_MAX } from './node-facts.ts';

/** "I can't reach X": the content of an accuser's record `accuse/<slot>` [P-5.10]. */
export interface AccusationRecord {
  readonly target: NodeId;
  readonly boot: number;
  readonly incarnation: number;
  readonly stage: 'suspect' | 'down';
  readonly evidence: Evidence;
}

/** What the accuser saw. */
export interface Evidence {
  /** How long it waited for an answer, in milliseconds. */
  readonly waitedMs: number;
  /** Helpers asked, and how many of them said that they heard nothing either. */
  readonly helpers: number;
  readonly nacks: number;
  /** Its own health score at that time. */
  readonly localHealth: number;
  /** How often the target's host said that nobody listens there; absent: not once. */
  readonly refusals?: number;
}

const PREFIX = 'accuse/';
const STAGES = ['suspect', 'down'] as const;

export function accuseKey(slot: number): string {
  return `${PREFIX}${slot}`;
}

export function isAccuseKey(key: string): boolean {
  if (!key.startsWith(PREFIX)) return false;
  const slot = Number(key.slice(PREFIX.length));
  return Number.isInteger(slot) && slot >= 0 && slot < ACCUSE_SLOTS && accuseKey(slot) === key;
}

export function encodeAccusation(record: AccusationRecord): AppValue {
  const { waitedMs, helpers, nacks, localHealth, refusals = 0 } = record.evidence;
  const evidence = [Math.round(waitedMs), helpers, nacks, localHealth];
  return [
    fromHex(record.target),
    record.boot,
    record.incarnation,
    STAGES.indexOf(record.stage),
    refusals === 0 ? evidence : [...evidence, refusals],
  ];
}

/** @returns undefined where the value isn't an accusation. */
export function decodeAccusation(value: AppValue): AccusationRecord | undefined {
  if (!Array.isArray(value) || value.length < 5) return undefined;
  const [target, boot, incarnation, stage, evidence] = value as AppValue[];
  if (!(target instanceof Uint8Array) || target.length !== NODE_ID_BYTES) return undefined;
  if (
    !isCount(boot, BOOT_MAX) ||
    !isCount(incarnation, INCARNATION_MAX) ||
    !isCount(stage) ||
    stage >= STAGES.length ||
    !Array.isArray(evidence)
  )
    return undefined;
  const [waitedMs, helpers, nacks, localHealth, refusals] = (evidence as AppValue[]).map((number) =>
    isCount(number) ? number : 0,
  );
  return {
    target: toHex(target),
    boot,
    incarnation,
    stage: STAGES[stage],
    evidence: {
      waitedMs: waitedMs ?? 0,
      helpers: helpers ?? 0,
      nacks: nacks ?? 0,
      localHealth: localHealth ?? 0,
      ...(refusals === undefined || refusals === 0 ? {} : { refusals }),
    },
  };
}

function isCount(value: AppValue | undefined, max = Number.MAX_SAFE_INTEGER): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;
}
