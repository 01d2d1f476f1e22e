import type { Endpoint } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import type { Version } from '../core/version.ts';
import type { Session } from '../wire/session.ts';

/** What this node lacks of one owner, and who said that it has it. */
export interface Want {
  readonly owner: NodeId;
  /** The line that the peer named: the want ends when this is reached. */
  readonly upTo: Version;
  readonly peer: NodeId;
  readonly endpoint: Endpoint;
  readonly session: Session;
  tries: number;
  /** Turns at which it couldn't be asked for. */
  waits: number;
}

const WANTS_MAX = 1_024;
/** So long a proof takes, or it doesn't come. */
const WAITS_MAX = 10;

/** Open wants: asked again a few times, because a question and its answer both get lost half the time at 30 % loss. */
export class Wants {
  readonly #open = new Map<NodeId, Want>();

  get size(): number {
    return this.#open.size;
  }

  /** Notes a want unless one of as much is open. */
  add(want: Omit<Want, 'tries' | 'waits'>): void {
    const present = this.#open.get(want.owner);
    if (present !== undefined && present.upTo >= want.upTo) return;
    if (present === undefined && this.#open.size >= WANTS_MAX) return;
    this.#open.set(want.owner, { ...want, tries: 0, waits: 0 });
  }

  /**
   * Takes the wants whose turn it is; what was reached or asked for `triesMax` times is dropped. Who was never shown to be where it is
   * to be asked isn't asked again: the first question was an answer, and may have been all that it was entitled to.
   * @returns what to ask for, and what waits for a proof.
   */
  turn(knownOf: (owner: NodeId) => Version, triesMax: number): { turn: Want[]; waiting: Want[] } {
    const turn: Want[] = [];
    const waiting: Want[] = [];
    for (const want of this.#open.values()) {
      if (knownOf(want.owner) >= want.upTo || want.tries >= triesMax) this.#open.delete(want.owner);
      else if (!want.session.isProvenAt(want.endpoint)) {
        want.waits++;
        if (want.waits >= WAITS_MAX) this.#open.delete(want.owner);
        waiting.push(want);
      } else {
        want.tries++;
        turn.push(want);
      }
    }
    return { turn, waiting };
  }
}
