import type { NodeId } from '../core/ids.ts';
import { AGE_MS_MAX } from '../core/limits.ts';
import { bootOf, type Version } from '../core/version.ts';

/** When an owner's uptime was 0, on this node's clock: not before `lowMs`, not after `highMs`. */
interface Origin {
  readonly boot: number;
  readonly lowMs: number;
  readonly highMs: number;
  readonly notedMs: number;
}

/** When a record was set at the earliest and at the latest, on this node's clock. */
export interface SetWindow {
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** Two boards' clocks run apart by less than this share: crystals by a tenth of it. */
const DRIFT = 0.0005;
/** Ages aren't looked at again for less. */
const STEP_MS = 1_000;
const OWNERS_MAX = 4_096;

/**
 * What owners' clocks show, as they said themselves: whatever holders between claim, a record is at least as old as its owner's uptime
 * has grown since it was set [P-5.18]. What says more about the bounds narrows them; with time they widen by what clocks drift.
 */
export class OwnerClocks {
  readonly #origins = new Map<NodeId, Origin>();

  /** Owners whose clocks are known. */
  get size(): number {
    return this.#origins.size;
  }

  /**
   * An owner said what its uptime is.
   * @param said `askedMs`: when it was asked, where it was; it can't have said so before.
   * @returns whether ages of what it put in this boot are to be looked at again.
   */
  note(
    owner: NodeId,
    said: { readonly boot: number; readonly uptimeMs: number; readonly askedMs?: number },
    nowMs: number,
  ): boolean {
    if (said.uptimeMs > AGE_MS_MAX) return false;
    const sample: Origin = {
      boot: said.boot,
      lowMs: (said.askedMs ?? Number.NEGATIVE_INFINITY) - said.uptimeMs,
      highMs: nowMs - said.uptimeMs,
      notedMs: nowMs,
    };
    const before = this.#origins.get(owner);
    if (before !== undefined && before.boot > said.boot) return false;
    if (before === undefined && this.#origins.size >= OWNERS_MAX) return false;
    const after = before?.boot === said.boot ? narrowed(before, sample) : sample;
    this.#origins.set(owner, after);
    if (before?.boot !== said.boot) return true;
    return (
      after.highMs <= before.highMs - STEP_MS ||
      (after.lowMs > before.lowMs && !Number.isFinite(before.lowMs))
    );
  }

  /** The latest moment at which the owner's uptime can have been 0, in this boot; undefined: not known. */
  originMs(owner: NodeId, boot: number, nowMs: number): number | undefined {
    const origin = this.#origins.get(owner);
    return origin?.boot === boot ? widened(origin, nowMs).highMs : undefined;
  }

  /** When a record of this version, set at this uptime, can have been set; undefined: its owner's clock isn't known. */
  windowOf(
    owner: NodeId,
    record: { readonly version: Version; readonly uptimeMs?: number | undefined },
    nowMs: number,
  ): SetWindow | undefined {
    const origin = this.#origins.get(owner);
    if (origin === undefined || record.uptimeMs === undefined) return undefined;
    if (origin.boot !== bootOf(record.version)) return undefined;
    const { lowMs, highMs } = widened(origin, nowMs);
    const latestMs = highMs + record.uptimeMs;
    // Since it was set, its owner's clock and this one may have gone apart.
    const driftMs = DRIFT * Math.max(0, nowMs - latestMs);
    // An uptime of 0 stands for all that was before it.
    const earliestMs = record.uptimeMs === 0 ? Number.NEGATIVE_INFINITY : lowMs + record.uptimeMs - driftMs;
    return { earliestMs, latestMs };
  }
}

/** Both were true. Where they contradict each other one of the clocks stood still meanwhile: only the newer one holds. */
function narrowed(before: Origin, sample: Origin): Origin {
  const { lowMs, highMs } = widened(before, sample.notedMs);
  const low = Math.max(lowMs, sample.lowMs);
  const high = Math.min(highMs, sample.highMs);
  if (low <= high) return { ...sample, lowMs: low, highMs: high };
  return sample.lowMs > highMs ? sample : { ...sample, lowMs: sample.highMs - (highMs - lowMs) };
}

function widened(origin: Origin, nowMs: number): { lowMs: number; highMs: number } {
  const driftMs = DRIFT * Math.max(0, nowMs - origin.notedMs);
  return { lowMs: origin.lowMs - driftMs, highMs: origin.highMs + driftMs };
}
