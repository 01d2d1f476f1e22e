import { compareDocuments, type FleetDocument } from './document.ts';

/** What a board didn't take. */
export interface Refusal {
  readonly document: FleetDocument;
  readonly why: string;
}

interface Kept extends Refusal {
  readonly againMs: number;
}

const REFUSALS_MAX = 16;

/** Documents that a board doesn't take, each until it is worth another try; the highest are remembered. */
export class Refusals {
  #kept: readonly Kept[] = [];

  /** The highest of them: what the board is to run and doesn't. */
  get highest(): Refusal | undefined {
    return this.#kept[0];
  }

  /** @param againMs when it is to be tried again, by the clock. */
  add(document: FleetDocument, why: string, againMs: number): void {
    const others = this.#kept.filter((one) => compareDocuments(one.document, document) !== 0);
    this.#kept = [...others, { document, why, againMs }]
      .sort((a, b) => compareDocuments(b.document, a.document))
      .slice(0, REFUSALS_MAX);
  }

  holds(document: FleetDocument, nowMs: number): boolean {
    return this.#kept.some((one) => compareDocuments(one.document, document) === 0 && nowMs < one.againMs);
  }

  /** This one is taken: neither it nor those below matter any more. */
  clearUpTo(document: FleetDocument): void {
    this.#kept = this.#kept.filter((one) => compareDocuments(one.document, document) > 0);
  }
}
