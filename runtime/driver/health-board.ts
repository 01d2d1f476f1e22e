import type { HealthItem } from './contract.ts';

/** A condition as its finder words it; the board adds since when. */
export type HealthNotice = Omit<HealthItem, 'sinceMs' | 'code'>;

interface Entry {
  notice: HealthNotice;
  readonly sinceMs: number;
  untilMs: number;
}

/** The conditions that hold now, one for each code. */
export class HealthBoard {
  readonly #entries = new Map<string, Entry>();

  /**
   * A condition holds from `nowMs` on; raising it again keeps its beginning and takes the new wording.
   * @param lastsMs for what only single events tell: it clears itself this long after the last one. Absent: until `clear`.
   */
  raise(nowMs: number, code: string, notice: HealthNotice, lastsMs = Number.POSITIVE_INFINITY): void {
    const untilMs = nowMs + lastsMs;
    const entry = this.#entries.get(code);
    if (entry === undefined || entry.untilMs <= nowMs) {
      this.#entries.set(code, { notice, sinceMs: nowMs, untilMs });
      return;
    }
    entry.notice = notice;
    entry.untilMs = untilMs;
  }

  clear(code: string): void {
    this.#entries.delete(code);
  }

  items(nowMs: number): HealthItem[] {
    const items: HealthItem[] = [];
    for (const [code, { notice, sinceMs, untilMs }] of this.#entries) {
      if (untilMs <= nowMs) this.#entries.delete(code);
      else items.push({ code, ...notice, sinceMs: nowMs - sinceMs });
    }
    return items;
  }
}
