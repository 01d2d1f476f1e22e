import { type Endpoint, endpointKey, isDialable } from '../../core/endpoint.ts';
import type { Destination, Path, TrafficClass } from '../../core/outputs.ts';
import type { InterfaceTable } from '../interface-table.ts';
import { type LinkBudgets, UNLIMITED } from '../link-budgets.ts';
import { TrafficMeter } from '../traffic-meter.ts';
import type { Transport, TransportFailure, TransportHandlers, TransportTraffic } from '../transport.ts';
import { Call } from './call.ts';
import type { CallGuard } from './callable.ts';
import { type InboundSession, InboundSessions } from './inbound-sessions.ts';
import { CALLS_MAX, QUEUES_BYTES_MAX } from './limits.ts';
import type { HttpTls, ListenAddress, Listener } from './listener.ts';
import type { Poster } from './poster.ts';
import { type ProxyEnvironment, withoutCredentials } from './proxies.ts';
import { DatagramQueue, QueuePool } from './queue.ts';
import { formatTarget, type Targets } from './targets.ts';

/** How often sessions that are over are looked for. */
const SWEEP_MS = 1_000;
/** TCP's header is longer than UDP's by so much, and a datagram stands behind its length. */
const EXTRA_BYTES = 14;

export interface HttpTransportOptions {
  readonly listen: readonly ListenAddress[];
  readonly tls?: HttpTls;
  readonly targets: Targets;
  readonly proxies: ProxyEnvironment;
  readonly guard: CallGuard;
  /** PEM; absent: the system's roots. */
  readonly ca?: string;
  readonly interfaces: () => InterfaceTable;
  /** The link that is taken where none is known. */
  readonly defaultLink: string;
  readonly budgets?: LinkBudgets;
  readonly nowMs: () => number;
  /** Draws the name of a session: 32 hex digits. */
  readonly drawSession: () => string;
}

/**
 * Datagrams over HTTP [P-19]: this node calls listeners, and others call its own. A session that somebody opened here is a place with a port
 * above all ports; what is sent there waits for that session's next request. The parts that need HTTP are loaded when they are first used.
 */
export class HttpTransport implements Transport {
  readonly name = 'http';
  readonly #options: HttpTransportOptions;
  readonly #meter = new TrafficMeter();
  readonly #budgets: LinkBudgets;
  readonly #sessions = new InboundSessions((session) => this.#isMember(session));
  readonly #calls = new Map<string, Call>();
  readonly #pool = new QueuePool(QUEUES_BYTES_MAX);
  readonly #waiting = new Set<InboundSession>();
  #listeners: { readonly listener: Listener; readonly address: string }[] = [];
  /** For listeners that a person named, and for those that members named: those don't get a proxy's password spent on them. */
  readonly #posters: { named?: Promise<Poster>; said?: Promise<Poster> } = {};
  #handlers: TransportHandlers | undefined;
  #cancelSweep: (() => void) | undefined;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.#budgets = options.budgets ?? UNLIMITED;
  }

  /** Where its listeners are, as they are bound: `0.0.0.0` may be among the addresses. */
  get endpoints(): readonly Endpoint[] {
    return this.#listeners.map(({ listener, address }) => ({
      transport: 'http',
      address,
      port: listener.port,
    }));
  }

  /** Sessions that others opened here, and listeners that this node calls. */
  get sessionCounts(): { readonly inbound: number; readonly outbound: number } {
    return { inbound: this.#sessions.size, outbound: this.#calls.size };
  }

  async open(handlers: TransportHandlers): Promise<void> {
    this.#handlers = handlers;
    const { listen, tls } = this.#options;
    if (listen.length === 0) return;
    const [{ Listener }, { RequestHandler }] = await Promise.all([
      import('./listener.ts'),
      import('./request-handler.ts'),
    ]);
    const onFault = (code: string) => this.#fault({ code, what: 'http' });
    const handler = new RequestHandler({
      sessions: this.#sessions,
      nowMs: this.#options.nowMs,
      linkOf: (address) => this.#linkOf(address),
      isMember: (session) => this.#isMember(session),
      onDatagram: (session, bytes) => this.#received(session, session.link, bytes),
      onFault,
    });
    try {
      for (const at of listen) {
        const listener = await Listener.open(at, { handler, tls, nowMs: this.#options.nowMs, onFault });
        this.#listeners.push({ listener, address: at.address });
      }
    } catch (error) {
      await this.close();
      throw error;
    }
    const sweep = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#cancelSweep = () => clearInterval(sweep);
  }

  accepts(to: Destination): boolean {
    return to.kind === 'unicast' && to.endpoint.transport === 'http';
  }

  send(to: Destination, bytes: Uint8Array, trafficClass: TrafficClass): void {
    if (to.kind !== 'unicast' || this.#handlers === undefined) return;
    if (isDialable(to.endpoint)) this.#sendByCall(to.endpoint, bytes, trafficClass);
    else this.#sendToSession(to.endpoint, bytes, trafficClass);
  }

  /** Over TCP it is known whether anybody listens: nothing is asked. */
  touch(): void {}

  traffic(): TransportTraffic[] {
    return this.#meter.snapshot();
  }

  async close(): Promise<void> {
    this.#handlers = undefined;
    this.#cancelSweep?.();
    for (const call of this.#calls.values()) call.close();
    this.#calls.clear();
    for (const session of this.#sessions.all()) this.#sessions.end(session);
    const listeners = this.#listeners.splice(0);
    await Promise.all(listeners.map(({ listener }) => listener.close()));
    for (const poster of Object.values(this.#posters)) (await poster.catch(() => undefined))?.close();
  }

  #isMember({ address, port }: InboundSession): boolean {
    return this.#handlers?.isMember?.({ transport: 'http', address, port }) ?? false;
  }

  #sendToSession(endpoint: Endpoint, bytes: Uint8Array, trafficClass: TrafficClass): void {
    const session = this.#sessions.at(endpoint.port);
    if (session === undefined) {
      process.nextTick(() => this.#handlers?.unreachable(endpoint));
      return;
    }
    if (!this.#mayLeave(session.link, endpoint, bytes, trafficClass)) return;
    this.#noteLost(session.queue.push(bytes, trafficClass), endpoint);
    if (session.queue.isEmpty || this.#waiting.has(session)) return;
    this.#waiting.add(session);
    // What the engine says within one mutation goes in one answer.
    queueMicrotask(() => {
      this.#waiting.delete(session);
      if (!session.queue.isEmpty) session.answer?.();
    });
  }

  #sendByCall(endpoint: Endpoint, bytes: Uint8Array, trafficClass: TrafficClass): void {
    const isNamed = this.#options.targets.isNamed(endpoint);
    if (!this.#options.guard.mayCall(endpoint, isNamed)) {
      // No condition of this node's: without its endpoint it goes on no list.
      this.#later({ code: 'HTTP_TARGET', what: 'http' });
      return;
    }
    const call = this.#callTo(endpoint, isNamed ? 'named' : 'said');
    if (call === undefined) {
      this.#later({ code: 'HTTP_BUSY', endpoint, what: 'http' });
      return;
    }
    if (call.isQuiet) {
      // Why was told when it failed; neither a budget nor the count of what was sent knows of what stays here.
      this.#later({ code: 'HTTP_QUIET', what: 'http' });
      return;
    }
    const link = this.#linkTo(endpoint.address);
    if (this.#mayLeave(link, endpoint, bytes, trafficClass))
      this.#noteLost(call.send(bytes, trafficClass), endpoint);
  }

  #callTo(endpoint: Endpoint, kind: 'named' | 'said'): Call | undefined {
    const key = endpointKey(endpoint);
    const known = this.#calls.get(key);
    if (known !== undefined) return known;
    const { targets, nowMs, drawSession, guard } = this.#options;
    const isFull = this.#calls.size >= CALLS_MAX;
    const spare = isFull ? this.#spare() : undefined;
    // Where there is no room anyway nothing of what may be taken up is used.
    if ((isFull && spare === undefined) || (kind === 'said' && !guard.takeNew(nowMs()))) return undefined;
    if (spare !== undefined) this.#giveUp(spare);
    const target = targets.of(endpoint);
    const call = new Call({
      endpoint,
      target,
      session: drawSession(),
      poster: () => this.#getPoster(kind),
      queue: new DatagramQueue(this.#pool),
      nowMs,
      onDatagram: (bytes, localAddress) => this.#received(endpoint, this.#linkOf(localAddress), bytes),
      onFault: (code) => {
        this.#fault({ code, endpoint, what: 'http', where: formatTarget(target) });
        if (code === 'ECONNREFUSED') this.#handlers?.unreachable(endpoint);
      },
    });
    this.#calls.set(key, call);
    return call;
  }

  /** Of those that don't get through, else of those that aren't in use, the one that was used longest ago. */
  #spare(): string | undefined {
    const all = [...this.#calls].sort(([, a], [, b]) => a.sentMs - b.sentMs);
    const spare = all.find(([, call]) => call.isFailing) ?? all.find(([, call]) => call.isIdle);
    return spare?.[0];
  }

  #giveUp(key: string): void {
    this.#calls.get(key)?.close();
    this.#calls.delete(key);
  }

  #getPoster(kind: 'named' | 'said'): Promise<Poster> {
    const { ca } = this.#options;
    const proxies = kind === 'named' ? this.#options.proxies : withoutCredentials(this.#options.proxies);
    const poster =
      this.#posters[kind] ??
      import('./poster.ts').then(({ Poster }) => new Poster({ proxies, ...(ca !== undefined && { ca }) }));
    this.#posters[kind] = poster;
    return poster;
  }

  #received({ address, port }: { address: string; port: number }, link: string, bytes: Uint8Array): void {
    this.#meter.received(link, bytes.length);
    const path: Path = { transport: 'http', link, multicast: false, address, port };
    this.#handlers?.datagram(path, bytes);
  }

  #mayLeave(
    link: string,
    { address }: Endpoint,
    { length }: Uint8Array,
    trafficClass: TrafficClass,
  ): boolean {
    const family = address.includes(':') ? 6 : 4;
    const may = this.#budgets.take({ link, family, payloadBytes: length + EXTRA_BYTES, trafficClass });
    if (may) this.#meter.sent(link, length);
    else this.#meter.refused(link, trafficClass);
    return may;
  }

  #linkTo(address: string): string {
    return this.#options.interfaces().linkOf(address) ?? this.#options.defaultLink;
  }

  #linkOf(localAddress: string): string {
    return this.#linkTo(localAddress.replace(/^::ffff:/, ''));
  }

  #sweep(): void {
    for (const { address, port } of this.#sessions.sweep(this.#options.nowMs()))
      this.#handlers?.unreachable({ transport: 'http', address, port });
  }

  /** Too much waits there: the oldest of what matters least is given up. */
  #noteLost(datagrams: number, endpoint: Endpoint): void {
    for (let i = 0; i < datagrams; i++) this.#later({ code: 'QUEUE_FULL', endpoint, what: 'http' });
  }

  #fault(failure: TransportFailure): void {
    this.#handlers?.failure(failure);
  }

  #later(failure: TransportFailure): void {
    process.nextTick(() => this.#fault(failure));
  }
}
