import { createSocket, type Socket } from 'node:dgram';
import { codeOf } from './udp-socket.ts';

/** Sockets open at once; further touches fail with `TOUCH_BUSY`. */
export const TOUCH_SOCKETS_MAX = 32;
/** An answer that takes longer than this is none: an open port says nothing. */
const TOUCH_WAIT_MS = 1_000;

export interface Touch {
  readonly family: 4 | 6;
  /** The address that it leaves from, with its zone where it is link-local. */
  readonly from: string;
  /** Literal address, with its zone where it is link-local. */
  readonly address: string;
  readonly port: number;
  readonly bytes: Uint8Array;
}

/** What a touch came to: nothing at all where the port is open, the host is off, or its answer got lost. */
export type TouchOutcome = 'refused' | { readonly failed: string };

/**
 * Sends single datagrams from sockets of their own, each connected to its destination: Linux tells only those of an ICMP port
 * unreachable, as ECONNREFUSED. A socket lives until the answer or for a second, and there are only so many.
 */
export class Toucher {
  readonly #open = new Map<Socket, NodeJS.Timeout>();
  readonly #createSocket: typeof createSocket;
  #closed = false;

  /** @param parts.createSocket instead of Node's, for tests. */
  constructor(parts: { readonly createSocket?: typeof createSocket } = {}) {
    this.#createSocket = parts.createSocket ?? createSocket;
  }

  /** Touches under way. */
  get underWay(): number {
    return this.#open.size;
  }

  /** Sends one touch. `told` is called at most once, later than this call, and never after `close`. */
  touch(touch: Touch, told: (outcome: TouchOutcome) => void): void {
    if (this.#closed) return;
    // Some errors come from within the calls below.
    const settle = (outcome: TouchOutcome) =>
      process.nextTick(() => {
        if (!this.#closed) told(outcome);
      });
    if (this.#open.size >= TOUCH_SOCKETS_MAX) {
      settle({ failed: 'TOUCH_BUSY' });
      return;
    }
    try {
      this.#start(touch, settle);
    } catch (error) {
      settle({ failed: codeOf(error) });
    }
  }

  /** Gives up all touches under way. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const socket of this.#open.keys()) this.#end(socket);
  }

  #start(touch: Touch, settle: (outcome: TouchOutcome) => void): void {
    const { family, from, address, port, bytes } = touch;
    const socket = this.#createSocket({
      type: family === 4 ? 'udp4' : 'udp6',
      lookup: (host, _options, callback) => callback(null, host, family),
    });
    this.#open.set(socket, setTimeout(() => this.#end(socket), TOUCH_WAIT_MS).unref());
    const failed = (error: Error) => {
      if (!this.#end(socket)) return;
      const code = codeOf(error);
      settle(code === 'ECONNREFUSED' ? 'refused' : { failed: code });
    };
    const sent = (error: Error | null) => {
      if (error !== null) failed(error);
    };
    // A listener stays for as long as the socket: what comes while it closes must not be thrown.
    socket.on('error', failed);
    // Events of a socket that was closed meanwhile still come.
    socket.on('connect', () => this.#open.has(socket) && socket.send(bytes, sent));
    socket.on('listening', () => this.#open.has(socket) && socket.connect(port, address));
    socket.bind({ address: from, port: 0, exclusive: true });
  }

  /** @returns whether it was still open. */
  #end(socket: Socket): boolean {
    const timer = this.#open.get(socket);
    if (timer === undefined) return false;
    this.#open.delete(socket);
    clearTimeout(timer);
    socket.close();
    return true;
  }
}
