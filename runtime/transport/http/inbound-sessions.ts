import { SESSION_PORT_MIN } from '../../core/endpoint.ts';
import {
  NEW_SESSIONS,
  QUEUES_BYTES_MAX,
  SESSION_IDLE_MS,
  SESSION_LOST_MS,
  SESSIONS_MAX,
  SESSIONS_PER_SOURCE,
  STRANGERS_MAX,
} from './limits.ts';
import { DatagramQueue, QueuePool } from './queue.ts';
import { busiest, SourceLimiter, sourceOf } from './source-limiter.ts';

/** A session that somebody opened to this node [P-19.4]. */
export interface InboundSession {
  readonly id: string;
  /** Where its first request came from; a proxy's where there is one. */
  readonly address: string;
  /** Whom the bounds of that address hold for. */
  readonly source: string;
  /** Stands for it as a port. */
  readonly port: number;
  readonly queue: DatagramQueue;
  /** The link by which its requests come in. */
  readonly link: string;
  /** Answers the request that waits; undefined: none does. */
  answer: (() => void) | undefined;
  /** When its last request came or ended, and how many are open. */
  usedMs: number;
  requests: number;
  /** Whether its last request ended without its answer: the connection broke. */
  isLost: boolean;
  /** Whether a member has shown that it is there: what is sealed to it alone arrives by this session. */
  isKnown: boolean;
}

/** Why a session isn't begun. */
export type SessionRefusal = 'source-full' | 'full';

/** The sessions that peers opened: bounded in all, for each source, and for those that nobody here knows. Bounds of a source count IPv6 by networks. */
export class InboundSessions {
  readonly #byId = new Map<string, InboundSession>();
  readonly #byPort = new Map<number, InboundSession>();
  readonly #pool = new QueuePool(QUEUES_BYTES_MAX);
  readonly #begun = new SourceLimiter(NEW_SESSIONS);
  readonly #isMember: (session: InboundSession) => boolean;
  #nextPort = SESSION_PORT_MIN;

  /** @param isMember whether a member is at a session by now; it is asked where there is no more room. */
  constructor(isMember: (session: InboundSession) => boolean = ({ isKnown }) => isKnown) {
    this.#isMember = isMember;
  }

  get size(): number {
    return this.#byId.size;
  }

  at(port: number): InboundSession | undefined {
    return this.#byPort.get(port);
  }

  /**
   * The session of this name, begun where there is none, which a source may do so often. Where there is no room a stranger's is given up: of a
   * full source one of its own, else one of the source that has most of them.
   */
  take(
    id: string,
    { address, link, nowMs }: { readonly address: string; readonly link: string; readonly nowMs: number },
  ): InboundSession | SessionRefusal {
    const known = this.#byId.get(id);
    if (known !== undefined) {
      known.usedMs = nowMs;
      known.isLost = false;
      return known;
    }
    const source = sourceOf(address);
    if (!this.#begun.take(source, nowMs)) return 'source-full';
    const all = [...this.#byId.values()];
    const ofSource = all.filter((session) => session.source === source);
    if (ofSource.length >= SESSIONS_PER_SOURCE && !this.#endOneOf(ofSource)) return 'source-full';
    const strangers = this.all().filter(({ isKnown }) => !isKnown);
    const isFull = strangers.length >= STRANGERS_MAX || this.#byId.size >= SESSIONS_MAX;
    if (isFull && !this.#endOneOf(this.all())) return 'full';
    const session: InboundSession = {
      id,
      address,
      source,
      port: this.#nextPort++,
      queue: new DatagramQueue(this.#pool),
      link,
      answer: undefined,
      usedMs: nowMs,
      requests: 0,
      isLost: false,
      isKnown: false,
    };
    this.#byId.set(id, session);
    this.#byPort.set(session.port, session);
    return session;
  }

  /** Those that nobody asks for any more; they are ended with that. */
  sweep(nowMs: number): InboundSession[] {
    const over = [...this.#byId.values()].filter(
      ({ usedMs, requests, isLost }) =>
        requests === 0 && nowMs - usedMs > (isLost ? SESSION_LOST_MS : SESSION_IDLE_MS),
    );
    for (const session of over) this.end(session);
    return over;
  }

  end(session: InboundSession): void {
    session.queue.clear();
    session.answer?.();
    this.#byId.delete(session.id);
    this.#byPort.delete(session.port);
  }

  all(): InboundSession[] {
    return [...this.#byId.values()];
  }

  /** @returns whether there was a stranger's among them. Who has moved on to another session is a stranger at the one before. */
  #endOneOf(sessions: readonly InboundSession[]): boolean {
    for (const session of sessions) session.isKnown &&= this.#isMember(session);
    const victim = busiest(sessions.filter(({ isKnown }) => !isKnown));
    if (victim !== undefined) this.end(victim);
    return victim !== undefined;
  }
}
