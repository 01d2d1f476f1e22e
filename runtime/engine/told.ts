import type { NodeId } from '../core/ids.ts';
import type { Version } from '../core/version.ts';
import type { Line } from '../wire/message.ts';

/** So often a peer is told the same at once: datagrams get lost. */
const FREE_TRIES = 4;
const FIRST_WAIT_MS = 500;
const WAIT_MS_MAX = 300_000;
const ENTRIES_MAX = 4_096;

interface Telling {
  /** The line that the peer named when it was told. */
  known: Version;
  tries: number;
  nextMs: number;
}

/**
 * What peers were told in answer to their lines. One whose line stays where it is may be one that can't take more (its quota is smaller):
 * it is told at growing intervals.
 */
export class Told {
  /** By peer, then owner; the peer that was first told something goes first. */
  readonly #peers = new Map<NodeId, Map<NodeId, Telling>>();
  #size = 0;

  /** Entries kept. */
  get size(): number {
    return this.#size;
  }

  /** Whether the peer may be told of this owner now; if so, that is noted. */
  take(peer: NodeId, line: Line, nowMs: number): boolean {
    const telling = this.#peers.get(peer)?.get(line.owner);
    if (telling === undefined) {
      this.#add(peer, line);
      return true;
    }
    if (telling.known !== line.known) {
      telling.known = line.known;
      telling.tries = 0;
      return true;
    }
    if (nowMs < telling.nextMs) return false;
    telling.tries++;
    const waitMs = FIRST_WAIT_MS * 4 ** (telling.tries - FREE_TRIES);
    telling.nextMs = telling.tries < FREE_TRIES ? nowMs : nowMs + Math.min(waitMs, WAIT_MS_MAX);
    return true;
  }

  #add(peer: NodeId, { owner, known }: Line): void {
    while (this.#size >= ENTRIES_MAX) this.#dropOldest();
    let owners = this.#peers.get(peer);
    if (owners === undefined) {
      owners = new Map();
      this.#peers.set(peer, owners);
    }
    owners.set(owner, { known, tries: 0, nextMs: 0 });
    this.#size++;
  }

  #dropOldest(): void {
    const [oldest] = this.#peers;
    this.#peers.delete(oldest[0]);
    this.#size -= oldest[1].size;
  }
}
