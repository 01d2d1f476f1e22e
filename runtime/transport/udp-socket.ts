import { createSocket, type Socket } from 'node:dgram';
import { formatAddress, parseAddress } from '../core/address.ts';

/** The receive buffer to ask for: the platform's default keeps only some hundred datagrams while the loop is busy. */
export const RECV_BUFFER_BYTES_WANTED = 4 * 1024 * 1024;

/** Sends waiting in the process because the kernel takes no more; beyond it datagrams are dropped and counted. */
export const SEND_QUEUE_BYTES_MAX = 1024 * 1024;

export interface UdpSocketOptions {
  readonly family: 4 | 6;
  /** What to bind: a literal address, with `%link` where it is link-local or a group. */
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  readonly link: string;
  /** Whether several processes share the address and port, as members of a multicast group do. */
  readonly sharing: 'exclusive' | 'shared';
}

export interface UdpSocketHandlers {
  /** `address` is canonical and has no zone. */
  message(bytes: Uint8Array, address: string, port: number): void;
  /** The platform's error code; address and port where it concerns one destination. */
  error(code: string, address?: string, port?: number): void;
}

/** One bound UDP socket that sends to literal addresses only. */
export class UdpSocket {
  readonly family: 4 | 6;
  readonly link: string;
  /** The address it is bound to, canonical and without zone. */
  readonly address: string;
  readonly port: number;
  /** Bytes of receive buffer that the kernel granted. */
  readonly recvBufferBytes: number;
  readonly #socket: Socket;
  readonly #handlers: UdpSocketHandlers;
  #closing: Promise<void> | undefined;

  private constructor(socket: Socket, options: UdpSocketOptions, handlers: UdpSocketHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.family = options.family;
    this.link = options.link;
    this.address = canonical(options.address);
    this.port = socket.address().port;
    this.recvBufferBytes = grantedRecvBuffer(socket);
    socket.on('message', (buffer, source) => {
      if (this.#closing !== undefined) return;
      // A Buffer's slice is a view, a Uint8Array's a copy: receivers are promised the latter.
      const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
      handlers.message(bytes, withoutZone(source.address), source.port);
    });
    socket.on('error', (error) => this.#report(error));
  }

  /** @throws the platform's error (`code`: EADDRINUSE, EADDRNOTAVAIL, EACCES, ...); nothing stays open then. */
  static async open(options: UdpSocketOptions, handlers: UdpSocketHandlers): Promise<UdpSocket> {
    const socket = createSocket({
      type: options.family === 4 ? 'udp4' : 'udp6',
      reuseAddr: options.sharing === 'shared',
      ipv6Only: options.family === 6,
      recvBufferSize: RECV_BUFFER_BYTES_WANTED,
      // Without a synchronous lookup a send even to a literal address is deferred, and takes whatever the buffer holds by then.
      lookup: (host, _options, callback) => callback(null, host, options.family),
    });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind({ address: options.address, port: options.port, exclusive: true }, () => {
          socket.removeListener('error', reject);
          resolve();
        });
      });
      return new UdpSocket(socket, options, handlers);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /** Sends, or reports the error later by the handler. `bytes` must not change afterwards. */
  send(bytes: Uint8Array, address: string, port: number): void {
    if (this.#closing !== undefined) return;
    if (this.#socket.getSendQueueSize() > SEND_QUEUE_BYTES_MAX) {
      process.nextTick(() => this.#fail('QUEUE_FULL', address, port));
      return;
    }
    try {
      this.#socket.send(bytes, 0, bytes.length, port, address, this.#sent);
    } catch (error) {
      // Arguments that the platform refuses outright, such as port 0.
      process.nextTick(() => this.#fail(codeOf(error), address, port));
    }
  }

  /** Prepares for sending to groups: hop limit 1, own datagrams come back, out by this socket's own link. @throws the platform's error. */
  prepareMulticast(): void {
    this.#socket.setMulticastTTL(1);
    this.#socket.setMulticastLoopback(true);
    this.#socket.setMulticastInterface(this.family === 4 ? this.address : `::%${this.link}`);
  }

  /**
   * Joins a group on the interface (IPv4: its address; IPv6: `::%link`). Already a member is well.
   * @throws the platform's error.
   */
  join(group: string, interfaceAddress: string): void {
    try {
      this.#socket.addMembership(group, interfaceAddress);
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE') throw error;
    }
  }

  /** Leaves a group; an interface that is gone took its membership along. */
  leave(group: string, interfaceAddress: string): void {
    try {
      this.#socket.dropMembership(group, interfaceAddress);
    } catch {
      // Not a member any more: what was wanted.
    }
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => this.#socket.close(() => resolve()));
    return this.#closing;
  }

  readonly #sent = (error: Error | null): void => {
    if (error !== null) this.#report(error);
  };

  #report(error: Error & { address?: string; port?: number }): void {
    this.#fail(codeOf(error), error.address, error.port);
  }

  #fail(code: string, address?: string, port?: number): void {
    if (this.#closing !== undefined) return;
    this.#handlers.error(code, address === undefined ? undefined : withoutZone(address), port);
  }
}

/** The platform's code of an error; `UNKNOWN` where it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : 'UNKNOWN';
}

function grantedRecvBuffer(socket: Socket): number {
  const size = socket.getRecvBufferSize();
  // Linux doubles the size for its own bookkeeping and reports the double (socket(7)).
  return process.platform === 'linux' ? size / 2 : size;
}

function withoutZone(address: string): string {
  const percent = address.indexOf('%');
  return percent < 0 ? address : address.slice(0, percent);
}

function canonical(address: string): string {
  const bytes = parseAddress(address);
  return bytes === undefined ? address : formatAddress(bytes);
}
