import { isLasting } from '../core/endpoint.ts';
import type { GossipEngine } from '../engine/contract.ts';
import type { KnownPeers } from '../storage/known-peers.ts';
import type { Clock } from './clock.ts';
import type { Scheduler } from './scheduler.ts';

const POLL_MS = 60_000;

export interface PeerWatchParts {
  readonly engine: Pick<GossipEngine, 'id' | 'members'>;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly peers: KnownPeers;
}

/** Keeps where others are reached for a later life: places that would mean something to it. */
export class PeerWatch {
  readonly #parts: PeerWatchParts;
  #cancel: () => void = () => undefined;

  constructor(parts: PeerWatchParts) {
    this.#parts = parts;
    this.#poll();
  }

  /** Looks now. */
  update(): void {
    const { engine, clock, peers } = this.#parts;
    const places = engine
      .members(clock.nowMs())
      .filter((member) => member.id !== engine.id && member.state === 'alive')
      .map((member) => [member.path, ...member.endpoints].find(isLasting));
    peers.update(places.filter((endpoint) => endpoint !== undefined));
  }

  stop(): void {
    this.#cancel();
  }

  #poll(): void {
    this.#cancel = this.#parts.scheduler.after(POLL_MS, () => {
      this.update();
      this.#poll();
    });
  }
}
