import type { NodeId } from '../core/ids.ts';
import type { GroupKey } from '../crypto/keyring.ts';

/** Where a datagram came from, or goes to. */
export interface Place {
  readonly transport: 'udp' | 'http';
  readonly address: string;
  readonly port: number;
}

/** An answer that echoed a random number of ours. */
export interface Echo {
  /** When the number was drawn: the session lived after that. */
  readonly drawnMs: number;
  /** When the answer came: it lived before that. */
  readonly nowMs: number;
  /** Where the number was sent: who echoes it can receive there. Absent: others could read it too. */
  readonly place: Place | undefined;
}

/** A session has proven itself from so many places at once, at most: one for each interface of a node, and the one that it moves to. */
const PLACES_MAX = 4;

/** One life of a sender on one transport: what its salt was bound to by the first datagram opened [P-3.7]. */
export class Session {
  readonly id: NodeId;
  readonly boot: number;
  /** The key that its salt seals with; the opener sets it. */
  groupKey: GroupKey | undefined;
  /** The other salt of this id under the same key; the session table sets it. */
  rival: Session | undefined;
  /** On which transport it was first heard; the opener sets it. */
  transport: Place['transport'] | undefined;
  /** When its sender was last asked whether it lives beside its rival. */
  askedMs = Number.NEGATIVE_INFINITY;
  /** When it was last seen to live beside its rival. */
  sightedMs = Number.NEGATIVE_INFINITY;
  /** Datagrams opened and accepted. */
  openedCount = 0;
  /** The counter of the last of them, and whether it was higher than all before. */
  counter = 0;
  advanced = true;
  /** Lower counters may be of before the session was proven, however fresh they look to a receiver that has just started [P-3.14]. */
  floor = 0;
  /** When the last of them came. */
  lastMs: number;
  /** When the first echo came, when the number of the latest was drawn, and when that one came. */
  firstEchoMs = Number.POSITIVE_INFINITY;
  lastDrawnMs = Number.NEGATIVE_INFINITY;
  lastEchoMs = Number.NEGATIVE_INFINITY;
  /** The latest first. */
  #places: readonly Place[] = NO_PLACES;

  constructor(id: NodeId, boot: number, nowMs: number) {
    this.id = id;
    this.boot = boot;
    this.lastMs = nowMs;
  }

  /** Whether an answer in this session echoed a random number of ours [P-3.8]. */
  get proven(): boolean {
    return this.lastEchoMs !== Number.NEGATIVE_INFINITY;
  }

  /** Where it proved itself last. */
  get place(): Place | undefined {
    return this.#places[0];
  }

  /** Whether it has shown that it receives what is sent there [P-3.13]. */
  isProvenAt(place: Place): boolean {
    for (const known of this.#places) if (isSamePlace(known, place)) return true;
    return false;
  }

  noteEcho({ drawnMs, nowMs, place }: Echo): void {
    if (!this.proven) {
      this.firstEchoMs = nowMs;
      this.floor = this.counter;
    }
    this.lastDrawnMs = Math.max(this.lastDrawnMs, drawnMs);
    this.lastEchoMs = nowMs;
    if (place === undefined) return;
    if (this.#places.length > 0 && isSamePlace(this.#places[0], place)) return;
    const { transport, address, port } = place;
    const others = this.#places.filter((known) => !isSamePlace(known, place));
    this.#places = [{ transport, address, port }, ...others.slice(0, PLACES_MAX - 1)];
  }
}

const NO_PLACES: readonly Place[] = [];

function isSamePlace(a: Place, b: Place): boolean {
  return a.port === b.port && a.address === b.address && a.transport === b.transport;
}
