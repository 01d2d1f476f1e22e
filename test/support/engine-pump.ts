import { withChanges } from '#runtime/coordination/events/event-state.ts';
import type { Endpoint } from '#runtime/core/endpoint.ts';
import type { NodeId } from '#runtime/core/ids.ts';
import type { KeptOwner } from '#runtime/core/kept-table.ts';
import type { EngineEvent, Output, Path } from '#runtime/core/outputs.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import type { RecordView } from '#runtime/core/views.ts';
import type { KeySet } from '#runtime/crypto/key-set.ts';
import type { Keyring } from '#runtime/crypto/keyring.ts';
import type { EngineOptions, GossipEngine, Link } from '#runtime/engine/contract.ts';
import { Engine } from '#runtime/engine/engine.ts';
import { type EngineSettings, settingsOf } from '#runtime/engine/settings.ts';
import { CLUSTER, keyring, provider } from './wire.ts';

type Transmit = Extract<Output, { type: 'transmit' }>;

/** A datagram that an engine sent, as it left. */
export interface Sent {
  readonly atMs: number;
  readonly from: PumpNode;
  readonly to: Transmit['to'];
  readonly bytes: Uint8Array;
}

interface Flight {
  readonly atMs: number;
  readonly order: number;
  readonly to: PumpNode;
  readonly path: Path;
  readonly bytes: Uint8Array;
  /** Who is told where nobody listens. */
  readonly toucher?: PumpNode;
}

/** What a medium does for a node. */
interface Job {
  readonly atMs: number;
  readonly node: PumpNode;
  /** Whether it waits until the medium works. */
  readonly waits: boolean;
  readonly tell: (engine: GossipEngine, nowMs: number) => void;
}

export interface NodeChoices {
  readonly boot?: number;
  readonly name?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly settings?: Partial<EngineSettings>;
  readonly id?: NodeId;
  /** What a cluster of certificates adds. */
  readonly trust?: Pick<EngineOptions, 'guard' | 'proofs' | 'trust'>;
  readonly keyring?: Keyring;
  readonly keys?: KeySet;
  readonly leases?: EngineOptions['leases'];
  /** Something around its engine, such as another version. */
  readonly wrap?: (engine: GossipEngine) => GossipEngine;
  readonly events?: EngineOptions['events'];
  /** What an earlier life held of others. */
  readonly table?: readonly KeptOwner[];
}

export interface PumpOptions {
  readonly seed?: number;
  readonly latencyMs?: number;
  readonly settings?: Partial<EngineSettings>;
  readonly multicast?: Link['multicast'];
}

const LINK = 'eth0';
const PORT = 18262;
/** How long a medium takes to keep something. */
const KEEP_MS = 3;
const STEPS_MAX = 2_000_000;

/** One engine on the pump, with all that came out of it. */
export class PumpNode {
  readonly id: NodeId;
  /** Where it is; a test may move it. */
  endpoint: Endpoint;
  readonly engine: GossipEngine;
  readonly events: EngineEvent[] = [];
  readonly sent: Sent[] = [];
  wakeAtMs = Number.POSITIVE_INFINITY;
  running = true;
  /** Whether its host answers touches once it doesn't run. */
  refuses = false;
  readonly touched: Endpoint[] = [];
  /** What it had kept of its keys, the last last. */
  readonly keptKeys: Uint8Array[] = [];
  /** What it had kept of its vote on leases; undefined: nothing. */
  keptLeases: Uint8Array | undefined;
  /** How far it had kept to have got with events; undefined: nothing. */
  keptEvents: Uint8Array | undefined;
  /** How often it was written. */
  eventWrites = 0;
  /** Whether its medium takes anything. */
  diskWorks = true;
  /** Whether its medium doesn't say what became of events. */
  diskHangs = false;

  constructor(id: NodeId, endpoint: Endpoint, engine: GossipEngine) {
    this.id = id;
    this.endpoint = endpoint;
    this.engine = engine;
  }

  /** Where its datagrams seem to come from. */
  get path(): Path {
    const { address, port } = this.endpoint;
    return { transport: 'udp', link: LINK, multicast: false, address, port };
  }

  /** The events of one type. */
  eventsOf<T extends EngineEvent['type']>(type: T): Extract<EngineEvent, { type: T }>[] {
    return this.events.filter((event) => event.type === type) as Extract<EngineEvent, { type: T }>[];
  }
}

/**
 * A few engines on one link in virtual time, by the engine's public face only: each mutation is followed by a full drain. Datagrams to
 * addresses without an engine land in `mail`. A test sets `drop` to cut links and to lose datagrams.
 */
export class EnginePump {
  nowMs = 10_000;
  readonly nodes: PumpNode[] = [];
  /** Datagrams to addresses where no engine is. */
  readonly mail: Sent[] = [];
  /** Whether a datagram is lost on its way. */
  drop: (from: PumpNode, to: PumpNode, bytes: Uint8Array) => boolean = () => false;
  readonly #options: PumpOptions;
  readonly #random: SeededRandom;
  #jobs: Job[] = [];
  #flights: Flight[] = [];
  #order = 0;
  #made = 0;

  constructor(options: PumpOptions = {}) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed ?? 1, 99);
  }

  /** Makes and starts an engine at 10.0.0.<n>. */
  add(choices: NodeChoices = {}): PumpNode {
    const index = ++this.#made;
    const id = choices.id ?? index.toString(16).padStart(2, '0').repeat(16);
    const endpoint: Endpoint = { transport: 'udp', address: `10.0.0.${index}`, port: PORT };
    const engine = new Engine({
      id,
      name: choices.name ?? `n${index}`,
      cluster: CLUSTER,
      boot: choices.boot ?? 1,
      keyring: choices.keyring ?? keyring,
      ...(choices.keys === undefined ? {} : { keys: choices.keys }),
      provider,
      random: new SeededRandom(this.#options.seed ?? 1, index),
      settings: settingsOf('lan', { ...this.#options.settings, ...choices.settings }),
      endpoints: [endpoint],
      links: [{ name: LINK, multicast: this.#options.multicast ?? 'off' }],
      ...(choices.tags === undefined ? {} : { tags: choices.tags }),
      ...(choices.leases === undefined ? {} : { leases: choices.leases }),
      ...(choices.events === undefined ? {} : { events: choices.events }),
      ...choices.trust,
    });
    const node = new PumpNode(id, endpoint, choices.wrap?.(engine) ?? engine);
    this.nodes.push(node);
    if (choices.table !== undefined) engine.keep.takeBack(this.nowMs, choices.table);
    this.mutate(node, (each, nowMs) => each.start(nowMs));
    return node;
  }

  /** Makes engines that know one another and have proven their sessions: so many alike, or one for each of the choices. */
  cluster(count: number | readonly NodeChoices[], choices: NodeChoices = {}): PumpNode[] {
    const each = typeof count === 'number' ? Array.from({ length: count }, () => choices) : count;
    const nodes = each.map((one) => this.add(one));
    for (const node of nodes.slice(1)) this.join(node, nodes[0]);
    this.until(() => nodes.every((node) => this.sees(node, nodes, 'alive')), 30_000, 'all see all');
    this.run(2_000);
    return nodes;
  }

  /** A random number of the test's own, from the pump's seed. */
  random(): number {
    return this.#random.next();
  }

  join(node: PumpNode, seed: PumpNode): void {
    this.mutate(node, (engine, nowMs) => engine.join(nowMs, [seed.endpoint]));
  }

  /** Stops a node without a word. With `hostStaysUp` its kernel says that nobody listens any more. */
  kill(node: PumpNode, options: { readonly hostStaysUp?: boolean } = {}): void {
    node.running = false;
    node.refuses = options.hostStaysUp === true;
  }

  sees(node: PumpNode, others: readonly PumpNode[], state: string): boolean {
    return others.every((other) => other === node || this.stateOf(node, other.id) === state);
  }

  stateOf(node: PumpNode, id: NodeId): string | undefined {
    return node.engine.members(this.nowMs).find((member) => member.id === id)?.state;
  }

  incarnationOf(node: PumpNode, id: NodeId): number | undefined {
    return node.engine.members(this.nowMs).find((member) => member.id === id)?.incarnation;
  }

  read(node: PumpNode, owner: NodeId, key: string): RecordView | undefined {
    return node.engine.records(this.nowMs, { owner, key })[0];
  }

  /** Does one thing to an engine and drains it. */
  mutate<T>(node: PumpNode, mutation: (engine: GossipEngine, nowMs: number) => T): T {
    try {
      return mutation(node.engine, this.nowMs);
    } finally {
      this.#drain(node);
    }
  }

  /** Hands a datagram to a node at once. @returns what the node sent in the same mutation. */
  deliver(to: PumpNode, bytes: Uint8Array, path: Path): Sent[] {
    const before = to.sent.length;
    this.mutate(to, (engine, nowMs) => engine.handleDatagram(nowMs, path, bytes));
    return to.sent.slice(before);
  }

  /** Lets this much time go by. */
  run(ms: number): void {
    const endMs = this.nowMs + ms;
    for (let steps = 0; this.#step(endMs); steps++) {
      if (steps > STEPS_MAX) throw new Error(`no rest within ${ms} ms: an engine wakes itself for ever`);
    }
    this.nowMs = endMs;
  }

  /** Goes on until the condition holds. @throws Error after `limitMs`, with `what` in its message. */
  until(condition: () => boolean, limitMs: number, what: string): void {
    const endMs = this.nowMs + limitMs;
    while (!condition()) {
      if (this.nowMs >= endMs) throw new Error(`${what}: not within ${limitMs} ms`);
      this.run(Math.min(10, endMs - this.nowMs));
    }
  }

  /** Does the next thing that is due by `endMs`. @returns false where there is none. */
  #step(endMs: number): boolean {
    const isPossible = ({ node, waits }: Job) => node.diskWorks || !waits;
    const job = this.#jobs.findIndex((each) => each.atMs <= this.nowMs && isPossible(each));
    if (job >= 0) {
      const [{ node, tell }] = this.#jobs.splice(job, 1);
      if (node.running) this.mutate(node, tell);
      return true;
    }
    const flight = this.#flights[0];
    let waking: PumpNode | undefined;
    for (const node of this.nodes) {
      if (node.running && node.wakeAtMs < (waking?.wakeAtMs ?? Number.POSITIVE_INFINITY)) waking = node;
    }
    const flightMs = flight?.atMs ?? Number.POSITIVE_INFINITY;
    const wakeMs = waking?.wakeAtMs ?? Number.POSITIVE_INFINITY;
    const jobMs = Math.min(
      ...this.#jobs.filter(isPossible).map(({ atMs }) => atMs),
      Number.POSITIVE_INFINITY,
    );
    if (Math.min(flightMs, wakeMs, jobMs) > endMs) return false;
    if (jobMs < Math.min(flightMs, wakeMs)) {
      this.nowMs = jobMs;
      return true;
    }
    if (flightMs <= wakeMs) {
      this.#flights.shift();
      this.nowMs = Math.max(this.nowMs, flightMs);
      if (flight.to.running) this.deliver(flight.to, flight.bytes, flight.path);
      else if (flight.to.refuses && flight.toucher !== undefined)
        this.mutate(flight.toucher, (engine, nowMs) => engine.handleUnreachable(nowMs, flight.to.endpoint));
    } else if (waking !== undefined) {
      this.nowMs = Math.max(this.nowMs, wakeMs);
      waking.wakeAtMs = Number.POSITIVE_INFINITY;
      this.mutate(waking, (engine, nowMs) => engine.handleTimeout(nowMs));
    }
    return true;
  }

  #drain(node: PumpNode): void {
    for (;;) {
      const output = node.engine.pollOutput();
      if (output.type === 'timeout') {
        node.wakeAtMs = output.atMs;
        return;
      }
      if (output.type === 'event') node.events.push(output.event);
      else if (output.type === 'keep-keys') this.#keepKeys(node, output);
      else if (output.type === 'keep-leases') this.#keepLeases(node, output);
      else if (output.type === 'keep-events') this.#keepEvents(node, output);
      else if (output.type === 'touch') this.#touch(node, output.endpoint, output.bytes);
      else this.#transmit(node, output);
    }
  }

  /** The medium: what is kept counts a little later, or never. */
  #keepKeys(node: PumpNode, { ticket, kept }: Extract<Output, { type: 'keep-keys' }>): void {
    node.keptKeys.push(kept.reveal().slice());
    this.#jobs.push({
      atMs: this.nowMs + KEEP_MS,
      node,
      waits: true,
      tell: (engine, nowMs) => engine.keysKept(nowMs, ticket),
    });
  }

  #keepLeases(node: PumpNode, { ticket, kept }: Extract<Output, { type: 'keep-leases' }>): void {
    this.#jobs.push({
      atMs: this.nowMs + KEEP_MS,
      node,
      waits: false,
      tell: (engine, nowMs) => {
        if (node.diskWorks) node.keptLeases = kept.slice();
        engine.leases.kept(nowMs, ticket, node.diskWorks ? 'kept' : 'failed');
      },
    });
  }

  #keepEvents(node: PumpNode, { ticket, kept, scope }: Extract<Output, { type: 'keep-events' }>): void {
    node.eventWrites++;
    if (node.diskHangs) return;
    this.#jobs.push({
      atMs: this.nowMs + KEEP_MS,
      node,
      waits: false,
      tell: (engine, nowMs) => {
        const { keptEvents, diskWorks } = node;
        if (diskWorks)
          node.keptEvents =
            scope === 'changes' && keptEvents !== undefined ? withChanges(keptEvents, kept) : kept.slice();
        engine.events.kept(nowMs, ticket, diskWorks ? 'kept' : 'failed');
      },
    });
  }

  #touch(from: PumpNode, endpoint: Endpoint, bytes: Uint8Array): void {
    from.touched.push(endpoint);
    const node = this.nodes.find(({ endpoint: { address } }) => address === endpoint.address);
    if (node === undefined) return;
    this.#fly({ atMs: this.nowMs, from, to: { kind: 'unicast', endpoint }, bytes }, node, { toucher: from });
  }

  #transmit(from: PumpNode, { to, bytes }: Transmit): void {
    const sent: Sent = { atMs: this.nowMs, from, to, bytes: new Uint8Array(bytes) };
    from.sent.push(sent);
    if (to.kind === 'multicast') {
      for (const node of this.nodes) if (node !== from) this.#fly(sent, node);
      return;
    }
    const { address, port } = to.endpoint;
    const node = this.nodes.find((each) => each.endpoint.address === address && each.endpoint.port === port);
    if (node === undefined) this.mail.push(sent);
    else this.#fly(sent, node);
  }

  #fly({ from, bytes, to }: Sent, node: PumpNode, options: { readonly toucher?: PumpNode } = {}): void {
    if (this.drop(from, node, bytes)) return;
    const path = { ...from.path, multicast: to.kind === 'multicast' };
    const atMs = this.nowMs + (this.#options.latencyMs ?? 1);
    const flight = { atMs, order: this.#order++, to: node, path, bytes, ...options };
    let place = this.#flights.length;
    while (place > 0 && this.#flights[place - 1].atMs > atMs) place--;
    this.#flights.splice(place, 0, flight);
  }
}
