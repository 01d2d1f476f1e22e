import { HEALTH_ITEMS_PER_SOURCE_MAX } from './limits.ts';

/** How bad a condition is: `info` needs nobody, `warning` wants a look, `failure` means data is missing. */
export type HealthSeverity = 'info' | 'warning' | 'failure';

/** Stable codes of the conditions that sources report. Documented in the README of this folder. */
export const HEALTH_CODES = [
  'source-silent',
  'source-exited',
  'source-garbage',
  'source-flooding',
  'source-too-many-keys',
  'source-failed',
  'port-unavailable',
  'frames-damaged',
  'device-changed',
  'device-silent',
  'device-refuses',
  'map-mismatch',
  'bus-shared',
  'sensor-absent',
  'sensor-unreadable',
  'sensor-implausible',
  'sensor-stuck',
  'board-under-voltage',
  'board-throttled',
] as const;

export type HealthCode = (typeof HEALTH_CODES)[number];

/** A lasting condition. It is identified by `code` and `subject` together, and clears itself. */
export interface HealthItem {
  readonly code: HealthCode;
  /** What it is about: the source's name, or the name and a key (`plant`, `system: system/temperature`). */
  readonly subject: string;
  readonly severity: HealthSeverity;
  /** A few words for a list. */
  readonly title: string;
  /** One or two sentences: what was seen, and what to do next. */
  readonly text: string;
}

/** A condition began or changed its wording (`raise`), or ended (`clear`). */
export type HealthChange =
  | { readonly kind: 'raise'; readonly item: HealthItem }
  | { readonly kind: 'clear'; readonly code: HealthCode; readonly subject: string };

/**
 * The conditions that hold now. It passes each change on once: raising the same item twice, or clearing what was not
 * raised, is silent. It holds at most `HEALTH_ITEMS_PER_SOURCE_MAX` items.
 */
export class HealthLedger {
  readonly #items = new Map<string, HealthItem>();
  #listener: ((change: HealthChange) => void) | undefined;

  /** Sends changes to `listener` from now on; undefined silences it, and forgets every item. */
  connect(listener: ((change: HealthChange) => void) | undefined): void {
    this.#listener = listener;
    if (listener === undefined) this.#items.clear();
  }

  raise(item: HealthItem): void {
    // A late answer after the source was stopped must not linger until its next start.
    if (this.#listener === undefined) return;
    const id = identity(item);
    const known = this.#items.get(id);
    if (known === undefined && this.#items.size >= HEALTH_ITEMS_PER_SOURCE_MAX) return;
    if (known !== undefined && sameItem(known, item)) return;
    this.#items.set(id, item);
    this.#listener?.({ kind: 'raise', item });
  }

  clear(condition: { readonly code: HealthCode; readonly subject: string }): void {
    if (!this.#items.delete(identity(condition))) return;
    this.#listener?.({ kind: 'clear', code: condition.code, subject: condition.subject });
  }

  /** Applies a change that came from elsewhere, such as a wrapped source. */
  apply(change: HealthChange): void {
    if (change.kind === 'raise') this.raise(change.item);
    else this.clear(change);
  }

  items(): readonly HealthItem[] {
    return [...this.#items.values()];
  }
}

function identity(condition: { readonly code: HealthCode; readonly subject: string }): string {
  return `${condition.code} ${condition.subject}`;
}

function sameItem(a: HealthItem, b: HealthItem): boolean {
  return a.severity === b.severity && a.title === b.title && a.text === b.text;
}
