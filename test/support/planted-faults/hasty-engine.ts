import type { Output } from '#runtime/core/outputs.ts';
import { EngineWrapper } from './engine-wrapper.ts';

/** Delivers events two by two, the later one first. */
export class HastyEngine extends EngineWrapper {
  #held: Output | undefined;
  #next: Output | undefined;

  override pollOutput(): Output {
    if (this.#next !== undefined) {
      const next = this.#next;
      this.#next = undefined;
      return next;
    }
    const output = this.inner.pollOutput();
    if (output.type !== 'event' || output.event.type !== 'user-event') return output;
    if (this.#held === undefined) {
      this.#held = output;
      return this.pollOutput();
    }
    this.#next = this.#held;
    this.#held = undefined;
    return output;
  }
}
