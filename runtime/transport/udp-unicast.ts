import { parseAddress } from '../core/address.ts';
import { type Endpoint, formatAuthority } from '../core/endpoint.ts';
import { GridvineError } from '../core/errors.ts';
import { SESSIONS_MAX } from '../core/limits.ts';
import type { Destination, TrafficClass } from '../core/outputs.ts';
import { type InterfaceTable, isLinkLocal } from './interface-table.ts';
import { type LinkBudgets, UNLIMITED } from './link-budgets.ts';
import type { BoundSocket } from './socket-drops.ts';
import { SourceMemory } from './source-memory.ts';
import { Toucher } from './toucher.ts';
import { TrafficMeter } from './traffic-meter.ts';
import type { Transport, TransportHandlers, TransportTraffic } from './transport.ts';
import { codeOf, UdpSocket } from './udp-socket.ts';

/** One address to listen on. */
export interface Bind {
  /** Literal IPv4 or IPv6 address of the link, without zone. */
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  readonly link: string;
}

export interface UdpUnicastOptions {
  readonly bind: readonly Bind[];
  /** The host's interfaces as they are now. */
  readonly interfaces: () => InterfaceTable;
  /** Default: none has a limit. */
  readonly budgets?: LinkBudgets;
}

/**
 * UDP to single peers: one socket for each bound address. A datagram leaves by the socket that heard its destination last,
 * else by the one whose link has the destination's subnet, else by the first that isn't bound to loopback.
 * Node's unconnected sockets are not told of ICMP refusals on Linux: a touch goes out by a connected one.
 */
export class UdpUnicast implements Transport {
  readonly name = 'udp';
  readonly #options: UdpUnicastOptions;
  readonly #meter = new TrafficMeter();
  readonly #memory = new SourceMemory<UdpSocket>(SESSIONS_MAX);
  readonly #sockets = new Map<string, UdpSocket>();
  readonly #toucher = new Toucher();
  readonly #budgets: LinkBudgets;
  #handlers: TransportHandlers | undefined;

  constructor(options: UdpUnicastOptions) {
    this.#options = options;
    this.#budgets = options.budgets ?? UNLIMITED;
  }

  get endpoints(): readonly Endpoint[] {
    return Array.from(this.#sockets.values(), ({ address, port }) => ({ transport: 'udp', address, port }));
  }

  /** The smallest receive buffer that a socket was granted, in bytes; 0 without sockets. */
  get recvBufferBytes(): number {
    const granted = Array.from(this.#sockets.values(), (socket) => socket.recvBufferBytes);
    return granted.length === 0 ? 0 : Math.min(...granted);
  }

  async open(handlers: TransportHandlers): Promise<void> {
    this.#handlers = handlers;
    try {
      for (const bind of this.#options.bind) await this.#add(bind);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /**
   * Listens on exactly these addresses from now on: sockets of others are closed, present ones stay.
   * @returns what could not be bound; the rest is.
   */
  async rebind(binds: readonly Bind[]): Promise<GridvineError[]> {
    const wanted = new Set(binds.map(keyOf));
    for (const [key, socket] of this.#sockets) {
      if (wanted.has(key)) continue;
      this.#sockets.delete(key);
      this.#memory.forget(socket);
      await socket.close();
    }
    const problems: GridvineError[] = [];
    for (const bind of binds) {
      if (this.#handlers === undefined || this.#sockets.has(keyOf(bind))) continue;
      try {
        await this.#add(bind);
      } catch (error) {
        if (!(error instanceof GridvineError)) throw error;
        problems.push(error);
      }
    }
    return problems;
  }

  accepts(to: Destination): boolean {
    return to.kind === 'unicast' && to.endpoint.transport === 'udp';
  }

  send(to: Destination, bytes: Uint8Array, trafficClass: TrafficClass): void {
    if (to.kind !== 'unicast') return;
    const { address, port } = to.endpoint;
    const socket = this.#choose(address, port);
    if (socket === undefined) {
      process.nextTick(() => this.#handlers?.failure({ code: 'NO_SOCKET', endpoint: to.endpoint }));
      return;
    }
    if (this.#mayLeave(socket, bytes, trafficClass)) socket.send(bytes, scoped(address, socket), port);
  }

  /** Leaves by the same link as a datagram to this endpoint would. */
  touch(endpoint: Endpoint, bytes: Uint8Array): void {
    const { address, port } = endpoint;
    const socket = this.#choose(address, port);
    if (socket === undefined) {
      process.nextTick(() => this.#handlers?.failure({ code: 'NO_SOCKET', endpoint, what: 'touch' }));
      return;
    }
    if (!this.#mayLeave(socket, bytes, 'liveness')) return;
    const { family, link } = socket;
    this.#toucher.touch(
      { family, from: scoped(socket.address, socket), address: scoped(address, socket), port, bytes },
      (outcome) => {
        if (outcome === 'refused') this.#handlers?.unreachable(endpoint);
        else this.#handlers?.failure({ code: outcome.failed, link, endpoint, what: 'touch' });
      },
    );
  }

  /** What its sockets are bound to. */
  get bound(): readonly BoundSocket[] {
    return Array.from(this.#sockets.values(), ({ link, address, port }) => ({ link, address, port }));
  }

  /** Datagrams to a link's sockets were dropped by the kernel. */
  noteDropped(link: string, datagrams: number): void {
    this.#meter.dropped(link, datagrams);
  }

  /** The socket by which groups are sent to on a link: its address is what others answer to. */
  socketOn(link: string, family: 4 | 6): UdpSocket | undefined {
    for (const socket of this.#sockets.values())
      if (socket.link === link && socket.family === family) return socket;
    return undefined;
  }

  /** A datagram of this peer came by a group on a link, so answers go out there. */
  heardOn(link: string, family: 4 | 6, address: string, port: number): void {
    const socket = this.socketOn(link, family);
    if (socket !== undefined && this.#sockets.size > 1) this.#memory.heard(address, port, socket);
  }

  traffic(): TransportTraffic[] {
    return this.#meter.snapshot();
  }

  async close(): Promise<void> {
    this.#handlers = undefined;
    const sockets = [...this.#sockets.values()];
    this.#sockets.clear();
    await Promise.all([this.#toucher.close(), ...sockets.map((socket) => socket.close())]);
  }

  async #add(bind: Bind): Promise<void> {
    const bytes = parseAddress(bind.address);
    if (bytes === undefined)
      throw new GridvineError(
        'E_ADDRESS',
        `bind: expected a literal IPv4 or IPv6 address; got ${bind.address}`,
      );
    const options = {
      family: bytes.length === 4 ? 4 : 6,
      address: isLinkLocal(bytes) ? `${bind.address}%${bind.link}` : bind.address,
      port: bind.port,
      link: bind.link,
      sharing: 'exclusive',
    } as const;
    let socket: UdpSocket;
    try {
      socket = await UdpSocket.open(options, {
        message: (datagram, address, port) => this.#receive(socket, datagram, address, port),
        error: (code, address, port) => this.#failed(socket, code, address, port),
      });
    } catch (error) {
      throw bindError(bind, error, this.#options.interfaces());
    }
    if (this.#handlers === undefined) {
      await socket.close();
      return;
    }
    this.#sockets.set(keyOf(bind), socket);
  }

  /** Counts it either way. */
  #mayLeave({ link, family }: UdpSocket, { length }: Uint8Array, trafficClass: TrafficClass): boolean {
    const may = this.#budgets.take({ link, family, payloadBytes: length, trafficClass });
    if (may) this.#meter.sent(link, length);
    else this.#meter.refused(link, trafficClass);
    return may;
  }

  #receive(socket: UdpSocket, bytes: Uint8Array, address: string, port: number): void {
    this.#meter.received(socket.link, bytes.length);
    if (this.#sockets.size > 1) this.#memory.heard(address, port, socket);
    this.#handlers?.datagram({ transport: 'udp', link: socket.link, multicast: false, address, port }, bytes);
  }

  #failed(socket: UdpSocket, code: string, address?: string, port?: number): void {
    const endpoint =
      address === undefined || port === undefined ? undefined : { transport: 'udp' as const, address, port };
    if (code === 'ECONNREFUSED' && endpoint !== undefined) this.#handlers?.unreachable(endpoint);
    else
      this.#handlers?.failure({ code, link: socket.link, ...(endpoint === undefined ? {} : { endpoint }) });
  }

  #choose(address: string, port: number): UdpSocket | undefined {
    const family = address.includes(':') ? 6 : 4;
    if (this.#sockets.size === 1) {
      const [only] = this.#sockets.values();
      return only.family === family ? only : undefined;
    }
    const heard = this.#memory.socketFor(address, port);
    if (heard !== undefined) return heard;
    const link = this.#options.interfaces().linkOf(address);
    if (link !== undefined) {
      const near = this.socketOn(link, family);
      if (near !== undefined) return near;
    }
    let fallback: UdpSocket | undefined;
    for (const socket of this.#sockets.values()) {
      if (socket.family !== family) continue;
      if (!isLoopback(socket.address)) return socket;
      fallback ??= socket;
    }
    return fallback;
  }
}

function keyOf(bind: Bind): string {
  return `${bind.link} ${formatAuthority(bind)}`;
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** A link-local destination needs the zone of the link that it goes out by. */
function scoped(address: string, socket: UdpSocket): string {
  if (socket.family === 4) return address;
  const bytes = parseAddress(address);
  return bytes !== undefined && isLinkLocal(bytes) ? `${address}%${socket.link}` : address;
}

function bindError(bind: Bind, cause: unknown, interfaces: InterfaceTable): GridvineError {
  const where = formatAuthority(bind);
  const code = codeOf(cause);
  if (code === 'EADDRINUSE')
    return new GridvineError(
      'E_ADDRESS_IN_USE',
      `${where}: another program already listens on this UDP port; stop it, or bind another port (several daemons on one machine need one each)`,
      { cause },
    );
  if (code === 'EADDRNOTAVAIL' || code === 'EINVAL') {
    const own = interfaces.entries.map((entry) => `${entry.address} (${entry.link})`).join(', ');
    return new GridvineError(
      'E_ADDRESS',
      `${where} on ${bind.link}: expected an address of this machine; it has ${own === '' ? 'none' : own}`,
      { cause },
    );
  }
  if (code === 'EACCES')
    return new GridvineError(
      'E_ADDRESS',
      `${where}: not allowed to bind this port; choose one above 1023, or grant the right`,
      {
        cause,
      },
    );
  return new GridvineError('E_SOCKET', `${where}: can't open a UDP socket (${code})`, { cause });
}
