import type { HealthItem } from '#runtime/driver/contract.ts';

/** A condition as its finder words it. */
export type Condition = Omit<HealthItem, 'sinceMs'>;

/** Remembers since when each of a changing set of conditions holds. */
export class Conditions {
  readonly #since = new Map<string, { readonly condition: Condition; readonly atMs: number }>();
  readonly #nowMs: () => number;

  /** @param nowMs monotonic milliseconds */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** It holds, in these words. `id` tells it from others of the same code. @returns whether it is new. */
  raise(id: string, condition: Condition): boolean {
    const known = this.#since.get(id);
    this.#since.set(id, { condition, atMs: known?.atMs ?? this.#nowMs() });
    return known === undefined;
  }

  clear(id: string): void {
    this.#since.delete(id);
  }

  /** Exactly these hold; each is known by its code. */
  replace(conditions: readonly Condition[]): void {
    const codes = new Set(conditions.map(({ code }) => code));
    for (const id of this.#since.keys()) if (!codes.has(id)) this.#since.delete(id);
    for (const condition of conditions) this.raise(condition.code, condition);
  }

  items(): HealthItem[] {
    const nowMs = this.#nowMs();
    return Array.from(this.#since.values(), ({ condition, atMs }) => ({
      ...condition,
      sinceMs: nowMs - atMs,
    }));
  }
}
