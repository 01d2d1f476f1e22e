/**
 * Remembers by which socket each peer was last heard, so that answers leave by the same one: a NAT or a stateful
 * firewall between lets nothing else through, and a link-local address doesn't say its link. Bounded: the peer heard
 * longest ago is forgotten first.
 */
export class SourceMemory<Socket> {
  readonly #capacity: number;
  readonly #sockets = new Map<string, Socket>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#sockets.size;
  }

  heard(address: string, port: number, socket: Socket): void {
    const key = `${address} ${port}`;
    if (this.#sockets.delete(key) || this.#sockets.size < this.#capacity) {
      this.#sockets.set(key, socket);
      return;
    }
    const oldest = this.#sockets.keys().next();
    if (!oldest.done) this.#sockets.delete(oldest.value);
    this.#sockets.set(key, socket);
  }

  socketFor(address: string, port: number): Socket | undefined {
    return this.#sockets.get(`${address} ${port}`);
  }

  /** Forgets a socket that was closed. */
  forget(socket: Socket): void {
    for (const [key, known] of this.#sockets) if (known === socket) this.#sockets.delete(key);
  }
}
