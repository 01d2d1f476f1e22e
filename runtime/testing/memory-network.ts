import { type Endpoint, endpointKey } from '../core/endpoint.ts';
import type { Destination, TrafficClass } from '../core/outputs.ts';
import { type LinkBudgets, UNLIMITED } from '../transport/link-budgets.ts';
import { TrafficMeter } from '../transport/traffic-meter.ts';
import type { Transport, TransportHandlers, TransportTraffic } from '../transport/transport.ts';

/** A network in memory: a transport for each endpoint, one link with multicast. */
export class MemoryNetwork {
  readonly #transports = new Map<string, MemoryTransport>();
  readonly link: string;

  constructor(link = 'mem0') {
    this.link = link;
  }

  /** A transport that will listen on this endpoint once opened. */
  transport(address: string, port: number, budgets: LinkBudgets = UNLIMITED): MemoryTransport {
    return new MemoryTransport(this, { transport: 'udp', address, port }, budgets);
  }

  attach(endpoint: Endpoint, transport: MemoryTransport): void {
    this.#transports.set(endpointKey(endpoint), transport);
  }

  detach(endpoint: Endpoint): void {
    this.#transports.delete(endpointKey(endpoint));
  }

  find(endpoint: Endpoint): MemoryTransport | undefined {
    return this.#transports.get(endpointKey(endpoint));
  }

  all(): MemoryTransport[] {
    return [...this.#transports.values()];
  }
}

/** Delivers in a later microtask, copying the bytes as a kernel would. */
export class MemoryTransport implements Transport {
  readonly name = 'memory';
  readonly #network: MemoryNetwork;
  readonly #own: Endpoint;
  readonly #budgets: LinkBudgets;
  readonly #meter = new TrafficMeter();
  #handlers: TransportHandlers | undefined;

  constructor(network: MemoryNetwork, own: Endpoint, budgets: LinkBudgets) {
    this.#network = network;
    this.#own = own;
    this.#budgets = budgets;
  }

  get endpoints(): readonly Endpoint[] {
    return this.#handlers === undefined ? [] : [this.#own];
  }

  async open(handlers: TransportHandlers): Promise<void> {
    this.#handlers = handlers;
    this.#network.attach(this.#own, this);
  }

  accepts(to: Destination): boolean {
    return to.kind === 'multicast' || to.endpoint.transport === 'udp';
  }

  send(to: Destination, bytes: Uint8Array, trafficClass: TrafficClass): void {
    if (!this.#mayLeave(bytes, trafficClass)) return;
    const copy = new Uint8Array(bytes);
    queueMicrotask(() => {
      if (this.#handlers === undefined) return;
      if (to.kind === 'multicast') {
        for (const peer of this.#network.all()) peer.deliver(this.#own, copy, 'group');
        return;
      }
      this.#network.find(to.endpoint)?.deliver(this.#own, copy, 'one');
    });
  }

  touch(endpoint: Endpoint, bytes: Uint8Array): void {
    if (!this.#mayLeave(bytes, 'liveness')) return;
    const copy = new Uint8Array(bytes);
    queueMicrotask(() => {
      const peer = this.#network.find(endpoint);
      if (peer === undefined) this.#handlers?.unreachable(endpoint);
      else peer.deliver(this.#own, copy, 'one');
    });
  }

  deliver(from: Endpoint, bytes: Uint8Array, to: 'one' | 'group'): void {
    const { link } = this.#network;
    this.#meter.received(link, bytes.length);
    const { address, port } = from;
    const path = { transport: 'udp', link, multicast: to === 'group', address, port } as const;
    this.#handlers?.datagram(path, new Uint8Array(bytes));
  }

  #mayLeave({ length }: Uint8Array, trafficClass: TrafficClass): boolean {
    const { link } = this.#network;
    const may = this.#budgets.take({ link, family: 4, payloadBytes: length, trafficClass });
    if (may) this.#meter.sent(link, length);
    else this.#meter.refused(link, trafficClass);
    return may;
  }

  traffic(): TransportTraffic[] {
    return this.#meter.snapshot();
  }

  async close(): Promise<void> {
    this.#handlers = undefined;
    this.#network.detach(this.#own);
  }
}
