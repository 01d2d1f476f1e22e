import { EVENT_BYTES_MAX, EVENT_SLOTS } from '../../core/limits.ts';

interface Slot {
  bytes: number;
  /** When its event's window ends. */
  endMs: number;
}

/** Where a new event goes, and which slots are emptied for it; or when there will be room. */
export type Place =
  | { readonly slot: number; readonly emptied: readonly number[] }
  | { readonly waitMs: number; readonly full: 'slots' | 'bytes' };

/**
 * The slots of a node's own events [P-18.3]. None is used again before its event's window has ended: whoever comes in time gets all of
 * them, and a sender that is faster is refused.
 */
export class EventRing {
  readonly #slots = new Map<number, Slot>();

  /** Events within their windows. */
  live(nowMs: number): number {
    let count = 0;
    for (const { endMs } of this.#slots.values()) if (endMs > nowMs) count++;
    return count;
  }

  /** Finds room for a record of so many bytes; changes nothing. */
  place(bytes: number, nowMs: number): Place {
    const over = [...this.#slots].filter(([, { endMs }]) => endMs <= nowMs).sort(byEnd);
    const live = [...this.#slots].filter(([, { endMs }]) => endMs > nowMs).sort(byEnd);
    const wait = (full: 'slots' | 'bytes') => ({ waitMs: (live[0]?.[1].endMs ?? nowMs) - nowMs, full });
    if (live.length >= EVENT_SLOTS) return wait('slots');
    if (sum(live) + bytes > EVENT_BYTES_MAX) return wait('bytes');
    const slot = this.#slots.size < EVENT_SLOTS ? this.#free() : over.shift()![0];
    const emptied: number[] = [];
    while (sum(live) + sum(over) + bytes > EVENT_BYTES_MAX) emptied.push(over.shift()![0]);
    return { slot, emptied };
  }

  note(slot: number, about: { readonly bytes: number; readonly endMs: number }): void {
    this.#slots.set(slot, { ...about });
  }

  /** The slot's event is withdrawn. */
  empty(slot: number): void {
    this.#slots.delete(slot);
  }

  #free(): number {
    let slot = 0;
    while (this.#slots.has(slot)) slot++;
    return slot;
  }
}

function byEnd(a: readonly [number, Slot], b: readonly [number, Slot]): number {
  return a[1].endMs - b[1].endMs;
}

function sum(slots: readonly (readonly [number, Slot])[]): number {
  return slots.reduce((total, [, { bytes }]) => total + bytes, 0);
}
