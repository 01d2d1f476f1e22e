import type { Endpoint } from '#runtime/core/endpoint.ts';
import type { Output } from '#runtime/core/outputs.ts';
import type { GossipEngine } from '#runtime/engine/contract.ts';
import { EngineWrapper } from './engine-wrapper.ts';

/** An engine that loses its memory within one life, once `condition` holds for it: it goes on as a fresh one under the same boot. */
export class ForgetfulEngine extends EngineWrapper {
  readonly #make: () => GossipEngine;
  readonly #condition: (engine: ForgetfulEngine, nowMs: number) => boolean;
  #forgot = false;
  /** Deletions of others' records that it told of. */
  deletions = 0;

  /** @param make called twice: for the engine, and for the one in its place. */
  constructor(make: () => GossipEngine, condition: (engine: ForgetfulEngine, nowMs: number) => boolean) {
    super(make());
    this.#make = make;
    this.#condition = condition;
  }

  override handleTimeout(nowMs: number): void {
    this.inner.handleTimeout(nowMs);
    if (this.#forgot || !this.#condition(this, nowMs)) return;
    this.#forgot = true;
    const peers = this.inner.members(nowMs).flatMap(({ path }): Endpoint[] => (path === null ? [] : [path]));
    this.inner = this.#make();
    this.inner.start(nowMs);
    this.inner.join(nowMs, peers);
  }

  override pollOutput(): Output {
    const output = this.inner.pollOutput();
    if (output.type === 'event' && output.event.type === 'record' && output.event.change === 'delete')
      this.deletions++;
    return output;
  }
}

/** An engine that doesn't believe that it has been in a higher boot. */
export class StubbornEngine extends EngineWrapper {
  override adoptBoot(): void {}
}
