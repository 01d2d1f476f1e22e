import type { Socket } from 'node:net';
import { CONNECTIONS_MAX, CONNECTIONS_PER_SOURCE, STRANGE_KEEP_ALIVE_MS } from './limits.ts';
import { busiest, sourceOf } from './source-limiter.ts';

/** One connection that somebody opened to a listener. */
export interface Connection {
  readonly source: string;
  /** When it was opened, or its last answer was given. */
  usedMs: number;
  /** Requests that came whole and are being answered. */
  answering: number;
  /** Whether its last request was one of a session at which a member is known to be. */
  isKnown: boolean;
}

/** What a connection is told by. */
type Peer = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localPort'>;

/**
 * The connections of one listener [P-19.7]: bounded in all and for each source. Where there are too many, one gives way that no member is known
 * to use and that isn't being answered: of the source that has most, the one that was unused longest.
 */
export class Connections {
  readonly #open = new Map<string, Connection & { readonly socket: Socket }>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Takes one up. @returns whether there was room; `displaced` where another one was closed for it. */
  admit(socket: Socket): 'room' | 'displaced' | 'full' {
    const source = sourceOf(socket.remoteAddress ?? '');
    const all = [...this.#open.values()];
    const ofSource = all.filter((connection) => connection.source === source);
    let crowd: typeof all | undefined;
    if (ofSource.length >= CONNECTIONS_PER_SOURCE) crowd = ofSource;
    else if (all.length >= CONNECTIONS_MAX) crowd = all;
    if (crowd !== undefined && !this.#closeOne(crowd)) return 'full';
    const key = keyOf(socket);
    this.#open.set(key, { socket, source, usedMs: this.#nowMs(), answering: 0, isKnown: false });
    socket.on('close', () => {
      if (this.#open.get(key)?.socket === socket) this.#open.delete(key);
    });
    return crowd === undefined ? 'room' : 'displaced';
  }

  /** That of a request, whose socket may be one of TLS above it. */
  of(peer: Peer): Connection | undefined {
    return this.#open.get(keyOf(peer));
  }

  /** Closes those that no member is known to use and that were unused for a while. */
  sweep(): void {
    const nowMs = this.#nowMs();
    for (const connection of this.#open.values())
      if (mayGo(connection) && nowMs - connection.usedMs > STRANGE_KEEP_ALIVE_MS) this.#close(connection);
  }

  closeAll(): void {
    for (const connection of this.#open.values()) this.#close(connection);
  }

  #closeOne(crowd: readonly (Connection & { readonly socket: Socket })[]): boolean {
    const victim = busiest(crowd.filter(mayGo));
    if (victim !== undefined) this.#close(victim);
    return victim !== undefined;
  }

  #close({ socket }: { readonly socket: Socket }): void {
    this.#open.delete(keyOf(socket));
    socket.destroy();
  }
}

function mayGo({ answering, isKnown }: Connection): boolean {
  return answering === 0 && !isKnown;
}

function keyOf({ remoteAddress, remotePort, localPort }: Peer): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}
