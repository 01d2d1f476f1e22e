/**
 * How well this node is itself (Lifeguard's local health multiplier): 0 is well; each point stretches its time-outs by their
 * length again. Failures that may be its own fault raise it, successful probes lower it (B-19, B-20).
 */
export class LocalHealth {
  #max: number;
  #score = 0;

  /** @param max the score stays below it; 1 switches the mechanism off. */
  constructor(max: number) {
    this.#max = max;
  }

  get score(): number {
    return this.#score;
  }

  /** Factor on time-outs. */
  get multiplier(): number {
    return this.#score + 1;
  }

  /** At its ceiling a node does not accuse others. */
  get unwell(): boolean {
    return this.#max > 1 && this.#score >= this.#max - 1;
  }

  /** Another ceiling, at least 1. */
  limit(max: number): void {
    this.#max = max;
    this.change(0);
  }

  change(delta: number): void {
    this.#score = Math.min(Math.max(0, this.#score + delta), Math.max(0, this.#max - 1));
  }
}
