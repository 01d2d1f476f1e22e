import { randomBytes } from 'node:crypto';
import type { LeaseOptions } from '#runtime/core/lease-views.ts';
import type { RunningNode } from '#runtime/driver/contract.ts';
import type { NodeLease } from '#runtime/driver/node-lease.ts';
import { ApiError } from './api-error.ts';

/** What a client of the API asks for. */
export interface SessionOptions extends LeaseOptions {
  /** The lease is let go when the client hasn't renewed for so long; absent: the daemon keeps it until it is released. */
  readonly keepMs?: number;
}

/** What a client is told. */
export interface SessionState {
  readonly name: string;
  readonly fence: number;
  /** Whole, rounded down: to be counted from before the request was sent. */
  readonly leftMs: number;
  readonly token: string;
}

interface Session {
  readonly lease: NodeLease;
  readonly token: string;
  readonly keepMs: number | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** Clients wait no longer for one reply; who wants to wait longer asks again. */
const WAIT_MS_MAX = 8_000;
const TOKEN_BYTES = 16;

/** Leases that this daemon holds for clients of its API: one whose client is gone must not stay held for ever. */
export class LeaseSessions {
  readonly #node: Pick<RunningNode, 'lease' | 'releaseLease'>;
  readonly #sessions = new Map<string, Session>();

  constructor(node: Pick<RunningNode, 'lease' | 'releaseLease'>) {
    this.#node = node;
  }

  /** @throws GridvineError as `RunningNode.lease`. */
  async acquire(name: string, { keepMs, waitMs = 0, ...options }: SessionOptions): Promise<SessionState> {
    const bounded = Math.max(1_000, Math.min(waitMs, WAIT_MS_MAX));
    const lease = await this.#node.lease(name, { ...options, waitMs: bounded });
    const token = randomBytes(TOKEN_BYTES).toString('hex');
    const session: Session = { lease, token, keepMs, timer: undefined };
    this.#sessions.set(name, session);
    lease.signal.addEventListener('abort', () => {
      clearTimeout(session.timer);
      if (this.#sessions.get(name) === session) this.#sessions.delete(name);
    });
    this.#keep(session);
    return stateOf(session);
  }

  /** The client lives. @throws ApiError 409 where the lease is no longer its own. */
  renew(name: string, token: string): SessionState {
    const session = this.#sessions.get(name);
    if (session === undefined || session.token !== token || !session.lease.held)
      throw new ApiError(
        409,
        'E_LEASE_UNAVAILABLE',
        `lease ${name}: it was lost or released; acquire it again`,
      );
    this.#keep(session);
    return stateOf(session);
  }

  /** Whoever asked for it: this is for the operator of this machine. @throws GridvineError `E_NOT_FOUND`. */
  release(name: string): void {
    this.#node.releaseLease(name);
  }

  #keep(session: Session): void {
    if (session.keepMs === undefined) return;
    clearTimeout(session.timer);
    session.timer = setTimeout(() => session.lease.release(), session.keepMs).unref();
  }
}

function stateOf({ lease, token }: Session): SessionState {
  return { name: lease.name, fence: lease.fence, leftMs: Math.floor(lease.leftMs), token };
}
