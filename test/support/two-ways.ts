import { type Endpoint, SESSION_PORT_MIN } from '#runtime/core/endpoint.ts';
import type { EngineEvent, Output } from '#runtime/core/outputs.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import type { MemberView } from '#runtime/core/views.ts';
import { Engine } from '#runtime/engine/engine.ts';
import { type EngineSettings, settingsOf } from '#runtime/engine/settings.ts';
import { CLUSTER, keyring, provider } from './wire.ts';

const LATENCY_MS = 1;
const PORT = 18_262;
/** A session is over when nothing was sent by its caller for so long. */
const SESSION_IDLE_MS = 60_000;

type Transmit = Extract<Output, { type: 'transmit' }>;
type Transport = Endpoint['transport'];

/** Whether a datagram passes. */
export type Passes = (from: string, to: string, transport: Transport) => boolean;

export interface TwoWayNode {
  readonly name: string;
  readonly engine: Engine;
  readonly address: string;
  readonly events: EngineEvent[];
  /** By which it can be sent to at its address. */
  readonly takes: readonly Transport[];
  alive: boolean;
}

interface Flight {
  readonly atMs: number;
  readonly run: () => void;
}

/**
 * Engines between which datagrams go by UDP, and by sessions of HTTP that are opened towards listeners and end when their callers say nothing
 * any more: virtual time, a latency of 1 ms, and nothing passes that `passes` doesn't let through.
 */
export class TwoWays {
  readonly nodes: TwoWayNode[] = [];
  /** Datagrams that were sent, as `from to transport`. */
  readonly sent: string[] = [];
  /** Those that went where nobody is, likewise. */
  readonly astray: string[] = [];
  passes: Passes = () => true;
  nowMs = 0;
  #flights: Flight[] = [];
  #deadlines = new Map<TwoWayNode, number>();
  /** When somebody last called somebody, as `from to`. */
  readonly #calledMs = new Map<string, number>();

  readonly #settings: EngineSettings;

  readonly #seed: number;

  /** @param about `seed`: what differs between runs. */
  constructor({ settings = {}, seed = 0 }: { settings?: Partial<EngineSettings>; seed?: number } = {}) {
    this.#settings = { ...settingsOf('lan'), ...settings };
    this.#seed = seed;
  }

  /**
   * @param ways `udp`: it has a socket; `listens`: it listens for HTTP. It calls by HTTP in any case. `dead`: further addresses that it names
   * for UDP, and that lead nowhere.
   */
  add(
    name: string,
    ways: { readonly udp?: boolean; readonly listens?: boolean; readonly dead?: readonly string[] },
  ): TwoWayNode {
    const { udp = true, listens = false, dead = [] } = ways;
    const address = `10.0.${this.nodes.length >> 7}.${(this.nodes.length & 127) + 1}`;
    const transports: Transport[] = [...(udp ? ['udp' as const] : []), ...(listens ? ['http' as const] : [])];
    const id = (this.nodes.length + 1).toString(16).padStart(32, '0');
    const engine = new Engine({
      id,
      name,
      cluster: CLUSTER,
      boot: 1,
      keyring,
      provider,
      random: new SeededRandom(1_000 * this.#seed + this.nodes.length + 1),
      settings: this.#settings,
      endpoints: [
        ...transports.map((transport) => ({ transport, address, port: PORT })),
        ...dead.map((other) => ({ transport: 'udp' as const, address: other, port: PORT })),
      ],
      dials: udp ? ['udp', 'http'] : ['http'],
      links: [{ name: 'lo', multicast: 'off' }],
    });
    const node: TwoWayNode = { name, engine, address, events: [], takes: transports, alive: true };
    this.nodes.push(node);
    this.do(node, () => engine.start(this.nowMs));
    return node;
  }

  join(node: TwoWayNode, seed: TwoWayNode, transport: Transport): void {
    const endpoint = { transport, address: seed.address, port: PORT };
    this.do(node, () => node.engine.join(this.nowMs, [endpoint]));
  }

  /** The session that `from` opened to `to` is over, as `to`'s listener sees it. */
  endSession(from: TwoWayNode, to: TwoWayNode): void {
    this.#calledMs.delete(`${from.name} ${to.name}`);
    const port = SESSION_PORT_MIN + this.nodes.indexOf(from);
    this.do(to, () =>
      to.engine.handleUnreachable(this.nowMs, { transport: 'http', address: from.address, port }),
    );
  }

  do(node: TwoWayNode, change: () => void): void {
    change();
    for (;;) {
      const output = node.engine.pollOutput();
      if (output.type === 'timeout') {
        this.#deadlines.set(node, output.atMs);
        return;
      }
      if (output.type === 'transmit') this.#transmit(node, output);
      else if (output.type === 'event') node.events.push(output.event);
      else if (output.type === 'keep-events')
        this.#flights.push({
          atMs: this.nowMs,
          run: () => this.do(node, () => node.engine.events.kept(this.nowMs, output.ticket, 'kept')),
        });
      else if (output.type === 'keep-leases')
        this.#flights.push({
          atMs: this.nowMs,
          run: () => this.do(node, () => node.engine.leases.kept(this.nowMs, output.ticket, 'kept')),
        });
    }
  }

  run(forMs: number): void {
    const endMs = this.nowMs + forMs;
    for (;;) {
      const [node, timerMs] = [...this.#deadlines].reduce(
        (least, one) => (one[0].alive && one[1] < least[1] ? one : least),
        [undefined as TwoWayNode | undefined, Number.POSITIVE_INFINITY] as const,
      );
      const [flight] = this.#flights.sort((a, b) => a.atMs - b.atMs);
      const nextMs = Math.min(timerMs, flight?.atMs ?? Number.POSITIVE_INFINITY);
      if (nextMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, nextMs);
      if (flight !== undefined && flight.atMs <= timerMs) {
        this.#flights.shift();
        flight.run();
      } else if (node !== undefined) this.do(node, () => node.engine.handleTimeout(this.nowMs));
    }
    this.nowMs = endMs;
  }

  view(of: TwoWayNode, member: TwoWayNode): MemberView | undefined {
    return of.engine.members(this.nowMs).find(({ id }) => id === member.engine.id);
  }

  /** Runs until it holds, in steps of 100 ms. @throws Error after so long. */
  until(holds: () => boolean, { withinMs, what }: { withinMs: number; what: string }): void {
    for (let ms = 0; ms <= withinMs; ms += 100) {
      if (holds()) return;
      this.run(100);
    }
    const seen = this.nodes.map((node) => [
      node.name,
      ...node.engine
        .members(this.nowMs)
        .map(({ name, state, path, flags }) => ({ name, state, path, flags })),
    ]);
    throw new Error(`${what}: not within ${withinMs} ms: ${JSON.stringify(seen, null, 1)}`);
  }

  #transmit(from: TwoWayNode, { to, bytes }: Transmit): void {
    if (to.kind !== 'unicast') return;
    const { transport, address, port } = to.endpoint;
    const isSession = port >= SESSION_PORT_MIN;
    const target = isSession
      ? this.nodes[port - SESSION_PORT_MIN]
      : this.nodes.find((node) => node.address === address);
    if (target === undefined) {
      this.astray.push(`${from.name} ${address} ${transport}`);
      return;
    }
    this.sent.push(`${from.name} ${target.name} ${transport}`);
    const listens = target.takes.includes(transport);
    if ((!isSession && !listens) || !this.passes(from.name, target.name, transport)) return;
    if (isSession) {
      const calledMs = this.#calledMs.get(`${target.name} ${from.name}`) ?? Number.NEGATIVE_INFINITY;
      if (this.nowMs - calledMs > SESSION_IDLE_MS) {
        this.#flights.push({ atMs: this.nowMs, run: () => this.endSession(target, from) });
        return;
      }
    } else if (transport === 'http') this.#calledMs.set(`${from.name} ${target.name}`, this.nowMs);
    // Who answers down a session speaks from where it was called.
    const isCall = transport === 'http' && !isSession;
    const path = {
      transport,
      link: 'lo',
      multicast: false,
      address: from.address,
      port: isCall ? SESSION_PORT_MIN + this.nodes.indexOf(from) : PORT,
    } as const;
    const copy = Uint8Array.from(bytes);
    this.#flights.push({
      atMs: this.nowMs + LATENCY_MS,
      run: () => {
        if (target.alive) this.do(target, () => target.engine.handleDatagram(this.nowMs, path, copy));
      },
    });
  }
}
