import type { AppValue } from '#runtime/core/value.ts';
import { isTree } from '../config/config-path.ts';
import { isVersion } from './document.ts';

/** Each board's own record: how it stands to the fleet's settings. Below no prefix that a policy keeps for operators. */
export const REPORT_KEY = 'fleet-status';

const WHY_CHARS_MAX = 240;
const CODES_MAX = 8;
const CODE_CHARS_MAX = 48;

/** What a board says of itself. Versions are `COUNTER/SETTER`. */
export interface BoardReport {
  readonly running: string | null;
  /** Whether it takes settings of the fleet at all. */
  readonly accepts: boolean;
  /** What it doesn't take, and why. */
  readonly refused: { readonly version: string; readonly why: string } | null;
  /** Health items, by code, that came up since it runs what it runs. */
  readonly unwell: readonly string[];
}

export function reportToValue({ running, accepts, refused, unwell }: BoardReport): AppValue {
  return {
    ...(running === null ? {} : { running }),
    ...(accepts ? {} : { accepts }),
    ...(refused === null
      ? {}
      : { refused: { version: refused.version, why: refused.why.slice(0, WHY_CHARS_MAX).toWellFormed() } }),
    ...(unwell.length === 0 ? {} : { unwell: unwell.slice(0, CODES_MAX) }),
  };
}

/** @returns undefined where the value is no report. */
export function readReport(value: unknown): BoardReport | undefined {
  if (!isTree(value) || value instanceof Uint8Array) return undefined;
  const { running = null, accepts = true, refused = null, unwell = [] } = value;
  if ((running !== null && !isVersion(running)) || typeof accepts !== 'boolean') return undefined;
  if (!Array.isArray(unwell) || unwell.length > CODES_MAX || !unwell.every(isCode)) return undefined;
  if (refused === null) return { running, accepts, refused, unwell };
  if (!isTree(refused) || !isVersion(refused.version) || typeof refused.why !== 'string') return undefined;
  const { version, why } = refused;
  return { running, accepts, refused: { version, why: why.slice(0, WHY_CHARS_MAX) }, unwell };
}

function isCode(raw: unknown): raw is string {
  return typeof raw === 'string' && raw.length <= CODE_CHARS_MAX;
}
