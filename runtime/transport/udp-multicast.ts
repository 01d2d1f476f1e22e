import { DEFAULT_PORT, type Endpoint } from '../core/endpoint.ts';
import type { Destination, TrafficClass } from '../core/outputs.ts';
import type { InterfaceTable } from './interface-table.ts';
import { type LinkBudgets, UNLIMITED } from './link-budgets.ts';
import type { BoundSocket } from './socket-drops.ts';
import { TrafficMeter } from './traffic-meter.ts';
import type { Transport, TransportHandlers, TransportTraffic } from './transport.ts';
import { codeOf, UdpSocket } from './udp-socket.ts';
import type { UdpUnicast } from './udp-unicast.ts';

/** The group that a cluster's nodes listen to. All nodes of a segment use the same; tests use their own. */
export interface MulticastGroup {
  readonly group4: string;
  readonly group6: string;
  readonly port: number;
}

/** [P-9] */
export const DEFAULT_MULTICAST: MulticastGroup = {
  group4: '239.255.71.86',
  group6: 'ff02::4756',
  port: DEFAULT_PORT,
};

export interface UdpMulticastOptions {
  readonly group: MulticastGroup;
  /** Names of the links to join on; nothing that comes in by others is let through. */
  readonly links: readonly string[];
  readonly interfaces: () => InterfaceTable;
  /** Groups are sent to from its sockets, so that others answer there. */
  readonly unicast: UdpUnicast;
  /** The same as of `unicast`. Default: no link has a limit. */
  readonly budgets?: LinkBudgets;
}

/** Why one link has no multicast at present. */
export interface MulticastProblem {
  readonly link: string;
  /** The platform's code, or `NO_SOCKET`: no unicast socket is bound on the link. */
  readonly code: string;
}

/**
 * UDP to the group on single links, hop limit 1. A socket bound to the group's address hears only the group, so it shares the
 * port with other daemons and with unicast sockets. IPv4: one socket, joined on each link by its address; Linux hands it the group's
 * datagrams of *all* links on which anybody on the host joined, so the link is told from the source address, and others are dropped.
 * IPv6: one socket for each link, bound with its zone, which isolates. Where a link has both families IPv4 is sent to, both are heard.
 * Own datagrams come back and are passed on like others'.
 */
export class UdpMulticast implements Transport {
  readonly name = 'udp-multicast';
  readonly endpoints: readonly Endpoint[] = [];
  readonly #options: UdpMulticastOptions;
  readonly #meter = new TrafficMeter();
  readonly #joined4 = new Map<string, string>();
  readonly #sockets6 = new Map<string, { readonly socket: UdpSocket; readonly scope: number }>();
  #socket4: UdpSocket | undefined;
  #handlers: TransportHandlers | undefined;
  #problems: readonly MulticastProblem[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: UdpMulticastOptions) {
    this.#options = options;
  }

  /** Links on which the group is joined now. */
  get joined(): readonly string[] {
    return [...new Set([...this.#joined4.keys(), ...this.#sockets6.keys()])];
  }

  /** Links that have no multicast although they should, as of the last `rejoin`. */
  get problems(): readonly MulticastProblem[] {
    return this.#problems;
  }

  /** Never fails: a link that can't be joined is a problem of that link, and is tried again by `rejoin`. */
  async open(handlers: TransportHandlers): Promise<void> {
    this.#handlers = handlers;
    await this.rejoin();
  }

  /** Joins wherever it should and isn't a member: call when addresses have changed, and now and then. Harmless if nothing did. */
  rejoin(): Promise<void> {
    const next = this.#turn.then(() => this.#rejoinAll());
    this.#turn = next.catch(() => undefined);
    return next;
  }

  accepts(to: Destination): boolean {
    return to.kind === 'multicast';
  }

  send(to: Destination, bytes: Uint8Array, trafficClass: TrafficClass): void {
    if (to.kind !== 'multicast') return;
    const { group, unicast } = this.#options;
    const { link } = to;
    const socket4 = this.#joined4.has(link) ? unicast.socketOn(link, 4) : undefined;
    const socket = socket4 ?? (this.#sockets6.has(link) ? unicast.socketOn(link, 6) : undefined);
    if (socket === undefined) {
      process.nextTick(() => this.#handlers?.failure({ code: 'NO_SOCKET', link }));
      return;
    }
    const { budgets = UNLIMITED } = this.#options;
    if (!budgets.take({ link, family: socket.family, payloadBytes: bytes.length, trafficClass })) {
      this.#meter.refused(link, trafficClass);
      return;
    }
    this.#meter.sent(link, bytes.length);
    socket.send(bytes, socket.family === 4 ? group.group4 : `${group.group6}%${link}`, group.port);
  }

  /** A group has no single host that could refuse. */
  touch(): void {}

  /** What its sockets are bound to. One IPv4 socket hears all links: the first of them stands for it. */
  get bound(): readonly BoundSocket[] {
    const bound = Array.from(this.#sockets6, ([link, { socket }]) => ({ link, socket }));
    const [link4] = this.#joined4.keys();
    if (this.#socket4 !== undefined && link4 !== undefined)
      bound.push({ link: link4, socket: this.#socket4 });
    return bound.map(({ link, socket: { address, port } }) => ({ link, address, port }));
  }

  traffic(): TransportTraffic[] {
    return this.#meter.snapshot();
  }

  async close(): Promise<void> {
    this.#handlers = undefined;
    await this.#turn;
    const sockets = Array.from(this.#sockets6.values(), ({ socket }) => socket);
    if (this.#socket4 !== undefined) sockets.push(this.#socket4);
    this.#socket4 = undefined;
    this.#joined4.clear();
    this.#sockets6.clear();
    await Promise.all(sockets.map((socket) => socket.close()));
  }

  async #rejoinAll(): Promise<void> {
    const problems = new Map<string, string>();
    for (const link of this.#options.links) {
      if (this.#handlers === undefined) return;
      const codes = [
        await this.#attempt(() => this.#join4(link)),
        await this.#attempt(() => this.#join6(link)),
      ];
      const failure = codes.find((code) => code !== undefined && code !== 'NO_SOCKET');
      if (!this.#joined4.has(link) && !this.#sockets6.has(link)) problems.set(link, failure ?? 'NO_SOCKET');
    }
    this.#problems = Array.from(problems, ([link, code]) => ({ link, code }));
  }

  async #attempt(join: () => Promise<string | undefined>): Promise<string | undefined> {
    try {
      return await join();
    } catch (error) {
      return codeOf(error);
    }
  }

  async #join4(link: string): Promise<string | undefined> {
    const { group, unicast, interfaces } = this.#options;
    const before = this.#joined4.get(link);
    const sender = unicast.socketOn(link, 4);
    const present = sender !== undefined && interfaces().addressesOf(link, 4).length > 0;
    if (before !== undefined && (!present || before !== sender.address)) {
      this.#socket4?.leave(group.group4, before);
      this.#joined4.delete(link);
    }
    if (!present) return 'NO_SOCKET';
    sender.prepareMulticast();
    this.#socket4 ??= await this.#openGroup({ family: 4, address: group.group4, link: '' });
    this.#joined4.delete(link);
    this.#socket4.join(group.group4, sender.address);
    this.#joined4.set(link, sender.address);
    return undefined;
  }

  async #join6(link: string): Promise<string | undefined> {
    const { group, unicast, interfaces } = this.#options;
    const addresses = interfaces().addressesOf(link, 6);
    const sender = unicast.socketOn(link, 6);
    const present = sender !== undefined && addresses.length > 0;
    const scope = Math.max(0, ...addresses.map((entry) => entry.scope));
    const known = this.#sockets6.get(link);
    // A link that was deleted and made again has another scope: the old socket would stay deaf.
    if (known !== undefined && (!present || known.scope !== scope)) {
      this.#sockets6.delete(link);
      await known.socket.close();
    }
    if (!present) return 'NO_SOCKET';
    // Loopback has no IPv6 multicast route on Linux: a send would only say ENETUNREACH.
    if (addresses.every((entry) => entry.internal)) return 'ENETUNREACH';
    sender.prepareMulticast();
    let socket = this.#sockets6.get(link)?.socket;
    if (socket === undefined) {
      socket = await this.#openGroup({ family: 6, address: `${group.group6}%${link}`, link });
      this.#sockets6.set(link, { socket, scope });
    }
    socket.join(group.group6, `::%${link}`);
    return undefined;
  }

  #openGroup(spec: { family: 4 | 6; address: string; link: string }): Promise<UdpSocket> {
    return UdpSocket.open(
      { ...spec, port: this.#options.group.port, sharing: 'shared' },
      {
        message: (bytes, address, port) =>
          this.#receive(
            spec.family,
            spec.family === 6 ? spec.link : this.#linkOf(address),
            bytes,
            address,
            port,
          ),
        error: (code) => this.#handlers?.failure({ code, ...(spec.link === '' ? {} : { link: spec.link }) }),
      },
    );
  }

  #receive(family: 4 | 6, link: string | undefined, bytes: Uint8Array, address: string, port: number): void {
    if (link === undefined || (family === 4 && !this.#joined4.has(link))) {
      this.#handlers?.failure({ code: 'UNKNOWN_LINK', endpoint: { transport: 'udp', address, port } });
      return;
    }
    this.#meter.received(link, bytes.length);
    this.#options.unicast.heardOn(link, family, address, port);
    this.#handlers?.datagram({ transport: 'udp', link, multicast: true, address, port }, bytes);
  }

  /** A source outside all our subnets can only be told where there is but one link that it may have come by. */
  #linkOf(address: string): string | undefined {
    const link = this.#options.interfaces().linkOf(address);
    if (link !== undefined || this.#joined4.size !== 1) return link;
    const [only] = this.#joined4.keys();
    return only;
  }
}
