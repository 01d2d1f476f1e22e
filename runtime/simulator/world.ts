import { DEFAULT_PORT } from '../core/endpoint.ts';
import type { EmitOptions } from '../core/event-views.ts';
import { NODE_ID_BYTES, type NodeId, toHex } from '../core/ids.ts';
import type { LeaseOptions } from '../core/lease-views.ts';
import type { EngineEvent } from '../core/outputs.ts';
import { type RandomSource, SeededRandom } from '../core/random.ts';
import type { Roster } from '../core/roster.ts';
import type { AppValue } from '../core/value.ts';
import type { Version } from '../core/version.ts';
import type { PutOptions } from '../core/views.ts';
import { groupKeyOf, KEY_BYTES, Keyring } from '../crypto/keyring.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { shareSealKeys } from '../crypto/shared-seal-keys.ts';
import type { EngineOptions, GossipEngine } from '../engine/contract.ts';
import { READERS } from '../engine/readers.ts';
import { CertifiedHosts } from './certified-hosts.ts';
import { canMeet, cutOffHosts } from './cut-off.ts';
import { HOST_LINK, SimHost } from './host.ts';
import { HostClock } from './host-clock.ts';
import { HostDisk } from './host-disk.ts';
import { oneWayLinks } from './impairments.ts';
import { MemberMatrix } from './member-matrix.ts';
import { type Delivery, type HostIndex, type LinkQuality, Network } from './network.ts';
import type { Impairment, Observation, Observer } from './observation.ts';
import type { WorldOptions } from './options.ts';
import { RecordMatrix } from './record-matrix.ts';
import { shareHashes } from './shared-hashes.ts';
import { shareReaders } from './shared-readers.ts';
import { Trace, traceObservation } from './trace.ts';
import { VirtualClock } from './virtual-clock.ts';

/** What the simulator can't make itself: the engine under test, and its primitives. */
export interface WorldParts {
  readonly createEngine: (options: EngineOptions) => GossipEngine;
  readonly provider: CryptoProvider;
}

/** Streams of randomness: each part has its own, so that one more draw in one of them doesn't change the others. */
const NETWORK_STREAM = 1;
const SCENARIO_STREAM = 2;
const ASYMMETRY_STREAM = 3;
const FLEET_STREAM = 4;
const HOST_STREAMS = 16;
/** Lives of one host that have a stream of their own. */
const BOOTS_PER_HOST = 4096;

/** The stream that its disk has instead. */
const DISK_LIFE = BOOTS_PER_HOST - 2;

const CLUSTER = 'simulation';
/** Boards aren't switched on together: their clocks differ by up to this. */
const CLOCK_OFFSET_MS_MAX = 10 * 86_400_000;

/**
 * A cluster on virtual time: hosts with one engine each on one simulated network, and all that can be done to them. Everything
 * that is done or happens goes to the observers, and into the trace.
 */
export class World {
  readonly options: WorldOptions;
  readonly clock = new VirtualClock();
  readonly trace = new Trace();
  /** For the choices of a scenario. */
  readonly random: RandomSource;
  readonly network: Network;
  readonly hosts: readonly SimHost[];
  readonly members: MemberMatrix;
  readonly records: RecordMatrix;
  /** Who signs for the hosts; undefined: they have a pre-shared key. */
  readonly fleet: CertifiedHosts | undefined;
  readonly #parts: WorldParts;
  readonly #keyring: Keyring;
  readonly #readers = shareReaders(READERS);
  readonly #indexes = new Map<NodeId, HostIndex>();
  readonly #addresses = new Map<string, HostIndex>();
  readonly #observers: Observer[] = [];
  readonly #impairments: Record<Impairment, Set<HostIndex>> = { stalled: new Set(), 'cut-off': new Set() };
  /** When links were last cut, worsened or healed. */
  #rewiredAtMs = Number.NEGATIVE_INFINITY;
  readonly #stalledSinceMs = new Map<HostIndex, number>();
  readonly #rosters = new Map<HostIndex, Roster>();
  /** Leases that nodes were told to ask for. */
  readonly leaseNames = new Set<string>();
  /** Whether somebody sent an event. */
  hasEvents = false;

  constructor(options: WorldOptions, parts: WorldParts) {
    this.options = options;
    const provider = shareHashes(shareSealKeys(parts.provider));
    this.#parts = { ...parts, provider };
    const psk = new SeededRandom(options.seed).bytes(KEY_BYTES);
    this.#keyring = new Keyring(groupKeyOf(provider, psk, CLUSTER));
    this.random = new SeededRandom(options.seed, SCENARIO_STREAM);
    const random = new SeededRandom(options.seed, FLEET_STREAM);
    this.fleet =
      options.certificates === true
        ? new CertifiedHosts({ provider, cluster: CLUSTER, random, hosts: options.nodes })
        : undefined;
    this.network = new Network({
      clock: this.clock,
      random: new SeededRandom(options.seed, NETWORK_STREAM),
      quality: options.quality,
      bytesPerSecondMax: options.bytesPerSecondMax,
      deliver: (delivery) => this.#deliver(delivery),
    });
    this.hosts = Array.from({ length: options.nodes }, (_, index) => this.#makeHost(index));
    for (const link of oneWayLinks(options, new SeededRandom(options.seed, ASYMMETRY_STREAM)))
      this.network.cutForGood(link);
    const matrix = { hosts: options.nodes, indexOf: (node: NodeId) => this.indexOf(node) };
    this.members = new MemberMatrix(matrix);
    this.records = new RecordMatrix(matrix);
    this.observe(this.members.observe);
    this.observe(this.records.observe);
  }

  get nowMs(): number {
    return this.clock.nowMs;
  }

  /** @throws Error where no host has this id: an engine that makes up members is broken. */
  indexOf(node: NodeId): HostIndex {
    const index = this.#indexes.get(node);
    if (index === undefined) throw new Error(`no host has the node id ${node}`);
    return index;
  }

  /** Hosts whose process lives, stalled or not. */
  living(): SimHost[] {
    return this.hosts.filter((host) => host.state !== 'off');
  }

  /** Whether a host runs and is neither stalled nor cut off. */
  isWell(host: HostIndex): boolean {
    const impaired = Object.values(this.#impairments).some((hosts) => hosts.has(host));
    return this.hosts[host].state === 'running' && !impaired;
  }

  /** Whether two nodes could exchange datagrams, directly or through others, all the time since then; where links changed: no. */
  couldMeet(a: NodeId, b: NodeId, sinceMs: number): boolean {
    if (this.#rewiredAtMs >= sinceMs) return false;
    const living = this.living().map((host) => host.index);
    return canMeet(this.network, living, this.indexOf(a), this.indexOf(b));
  }

  observe(observer: Observer): void {
    this.#observers.push(observer);
  }

  start(host: HostIndex, seeds: readonly HostIndex[] = []): void {
    const target = this.hosts[host];
    const endpoints = seeds.filter((seed) => seed !== host).map((seed) => this.hosts[seed].endpoint);
    // Observers hear of the start first: the engine's first events belong to the new life.
    this.#emit({
      type: 'started',
      atMs: this.nowMs,
      node: target.id,
      boot: target.boot + 1,
    });
    target.start((boot) => this.#makeEngine(target, boot), endpoints);
    this.#refreshCutOff();
  }

  /** Starts these hosts at once, in a cluster that has been together: each knows what all the others say of themselves. */
  startTogether(hosts: readonly HostIndex[], seeds: readonly HostIndex[] = []): void {
    for (const host of hosts) this.start(host, seeds);
    const blocks = hosts.flatMap((host) => {
      const { id } = this.hosts[host];
      return this.hosts[host].mutate((engine, nowMs) => engine.blockOf(nowMs, id)) ?? [];
    });
    for (const host of hosts) this.hosts[host].mutate((engine, nowMs) => engine.restore(nowMs, blocks));
  }

  /** A power cut, or with `hostStaysUp` a killed process whose kernel goes on. */
  kill(host: HostIndex, options: { readonly hostStaysUp?: boolean } = {}): void {
    this.#stop(host, 'killed', options);
  }

  /** Says goodbye; the process ends when its engine says `left`. */
  leave(host: HostIndex): void {
    this.hosts[host].mutate((engine, nowMs) => engine.leave(nowMs));
  }

  /** Stops the host's event loop for so long. No effect on a host that is off or stalled. */
  stall(host: HostIndex, durationMs: number): void {
    const target = this.hosts[host];
    if (target.state !== 'running') return;
    const sinceMs = this.nowMs;
    target.stall();
    this.#stalledSinceMs.set(host, sinceMs);
    this.#impair(host, 'stalled');
    this.clock.after(durationMs, () => {
      if (this.#stalledSinceMs.get(host) !== sinceMs) return;
      this.#stalledSinceMs.delete(host);
      this.#restore(host, 'stalled');
      target.resume();
    });
  }

  /** Cuts the network into these groups; hosts in none of them form one more. */
  partition(groups: readonly (readonly HostIndex[])[]): void {
    this.#rewiredAtMs = this.nowMs;
    this.network.partition(groups);
    this.#refreshCutOff();
  }

  /** Makes some links worse, both ways or only from the first host to the second: a loss share of 1 cuts them. */
  degrade(
    links: readonly (readonly [HostIndex, HostIndex])[],
    change: Partial<LinkQuality>,
    direction: 'both' | 'forth' = 'both',
  ): void {
    this.#rewiredAtMs = this.nowMs;
    for (const [a, b] of links) {
      this.network.setRule({ from: a, to: b }, change);
      if (direction === 'both') this.network.setRule({ from: b, to: a }, change);
    }
    this.#refreshCutOff();
  }

  /** The host's boot-time clock jumps ahead by `ms`; its process hears of it with whatever happens next. */
  stepClock(host: HostIndex, ms: number): void {
    this.hosts[host].stepClock(ms);
  }

  /** Ends partitions and rules. */
  heal(): void {
    this.#rewiredAtMs = this.nowMs;
    this.network.heal();
    this.network.clearRules();
    this.#refreshCutOff();
  }

  /** @throws GridvineError as `GossipEngine.put`. */
  put(host: HostIndex, key: string, value: AppValue, options?: PutOptions): Version {
    const version = this.hosts[host].mutate((engine, nowMs) => engine.put(nowMs, key, value, options));
    const { ttlMs, ageMs = 0 } = options ?? {};
    const expiresAtMs = ttlMs === undefined ? null : this.nowMs - ageMs + ttlMs;
    this.#emitWrote(host, { key, version, value, deleted: false, expiresAtMs });
    return version;
  }

  /** @throws GridvineError `E_NOT_FOUND`. */
  delete(host: HostIndex, key: string): Version {
    const version = this.hosts[host].mutate((engine, nowMs) => engine.delete(nowMs, key));
    this.#emitWrote(host, { key, version, value: null, deleted: true, expiresAtMs: null });
    return version;
  }

  /** Puts a roster into a host's configuration: its process takes it up at once, where it runs. */
  giveRoster(host: HostIndex, roster: Roster): void {
    this.#rosters.set(host, roster);
    const target = this.hosts[host];
    if (target.state === 'running') target.mutate((engine, nowMs) => engine.leases.setRoster(nowMs, roster));
  }

  /** @throws GridvineError as `LeaseFace.acquire`. */
  acquireLease(host: HostIndex, name: string, options: LeaseOptions): void {
    this.leaseNames.add(name);
    this.hosts[host].mutate((engine, nowMs) => engine.leases.acquire(nowMs, name, options));
  }

  /** @returns its number. @throws GridvineError as `EventFace.emit`. */
  emitEvent(host: HostIndex, name: string, payload: AppValue, options: EmitOptions): number {
    this.hasEvents = true;
    return this.hosts[host].mutate((engine, nowMs) => engine.events.emit(nowMs, name, payload, options));
  }

  runFor(durationMs: number): void {
    this.clock.runUntil(this.nowMs + durationMs);
  }

  /**
   * Runs until `condition` holds, and not longer than `withinMs`.
   * @returns how long that took; undefined where it didn't come to hold.
   */
  runUntil(condition: () => boolean, withinMs: number): number | undefined {
    const startMs = this.nowMs;
    if (!this.clock.runUntilCondition(startMs + withinMs, condition)) return undefined;
    return this.nowMs - startMs;
  }

  /** Shows something to all observers; scenarios use it for `settled`. */
  emit(observation: Observation): void {
    this.#emit(observation);
  }

  #makeHost(index: HostIndex): SimHost {
    const random = this.#hostRandom(index, 0);
    const offsetMs = random.next() * CLOCK_OFFSET_MS_MAX;
    const drift = this.options.clockDriftShare ?? 0;
    const drawnRate = drift === 0 ? 1 : 1 - drift + 2 * drift * random.next();
    const rate = this.options.clockRates?.[index] ?? drawnRate;
    const hostClock = new HostClock({ offsetMs, rate });
    const segments = this.options.segments ?? 1;
    this.network.addHost({ segment: index % segments });
    const address = addressOf(index);
    const id =
      this.fleet?.id(index) ?? toHex(this.#hostRandom(index, BOOTS_PER_HOST - 1).bytes(NODE_ID_BYTES));
    this.#indexes.set(id, index);
    this.#addresses.set(address, index);
    return new SimHost({
      index,
      id,
      endpoint: { transport: 'udp', address, port: DEFAULT_PORT },
      clock: this.clock,
      hostClock,
      disk: new HostDisk(this.clock, this.#hostRandom(index, DISK_LIFE)),
      network: this.network,
      hostAt: (at) => this.#addresses.get(at),
      addressOf: (host) => this.hosts[host].endpoint.address,
      onEvent: (host, event) => this.#handleEvent(host, event),
      tableWriteIntervalMs: this.options.tableWriteIntervalMs,
      onRefused: (host, delivery) => this.#tellRefused(host, delivery),
    });
  }

  #makeEngine(host: SimHost, boot: number): GossipEngine {
    const multicast = this.options.medium === 'multicast' ? 'full' : 'off';
    const roster = this.#rosters.get(host.index);
    return this.#parts.createEngine({
      id: host.id,
      name: `node-${host.index}`,
      cluster: CLUSTER,
      boot,
      ...(this.fleet === undefined ? { keyring: this.#keyring } : { trust: this.fleet.trust(host.index) }),
      provider: this.#parts.provider,
      random: this.#hostRandom(host.index, boot),
      settings: this.options.settings,
      ...(roster === undefined ? {} : { leases: { roster, kept: host.disk.leases } }),
      ...(host.disk.events === undefined ? {} : { events: { kept: host.disk.events } }),
      endpoints: [host.endpoint],
      links: [{ name: HOST_LINK, multicast }],
      readers: this.#readers,
    });
  }

  #hostRandom(host: HostIndex, life: number): RandomSource {
    const stream = HOST_STREAMS + host * BOOTS_PER_HOST + (life % BOOTS_PER_HOST);
    return new SeededRandom(this.options.seed, stream);
  }

  #deliver(delivery: Delivery): void {
    this.trace.number(this.nowMs);
    this.trace.number(delivery.from);
    this.trace.number(delivery.to);
    this.trace.bytes(delivery.bytes);
    this.trace.end();
    this.hosts[delivery.to].receive(delivery);
  }

  #handleEvent(host: SimHost, event: EngineEvent): void {
    this.#emit({ type: 'event', atMs: this.nowMs, node: host.id, event });
    if (event.type !== 'left') return;
    const { boot } = host;
    // After the drain: what the engine still wants to send goes out before the process ends.
    this.clock.after(0, () => {
      if (host.boot === boot) this.#stop(host.index, 'left');
    });
  }

  /** The kernel's answer takes the network's way back. */
  #tellRefused(host: SimHost, delivery: Delivery): void {
    const sender = this.hosts[delivery.from];
    const boot = sender.boot;
    this.network.answer(host.index, delivery.from, () => {
      if (sender.state === 'running' && sender.boot === boot)
        sender.mutate((engine, nowMs) => engine.handleUnreachable(nowMs, host.endpoint));
    });
  }

  #stop(host: HostIndex, how: 'killed' | 'left', options: { readonly hostStaysUp?: boolean } = {}): void {
    const target = this.hosts[host];
    if (target.state === 'off') return;
    if (how === 'left') target.writeTable();
    target.stop(options);
    this.#stalledSinceMs.delete(host);
    for (const hosts of Object.values(this.#impairments)) hosts.delete(host);
    this.#emit({ type: 'stopped', atMs: this.nowMs, node: target.id, how });
    this.#refreshCutOff();
  }

  #emitWrote(
    host: HostIndex,
    write: {
      readonly key: string;
      readonly version: Version;
      readonly value: AppValue;
      readonly deleted: boolean;
      readonly expiresAtMs: number | null;
    },
  ): void {
    this.#emit({ type: 'wrote', atMs: this.nowMs, node: this.hosts[host].id, ...write });
  }

  #refreshCutOff(): void {
    const living = this.living().map((host) => host.index);
    const cutOff = cutOffHosts(this.network, living);
    for (const host of living) {
      if (cutOff.has(host)) this.#impair(host, 'cut-off');
      else this.#restore(host, 'cut-off');
    }
  }

  #impair(host: HostIndex, cause: Impairment): void {
    if (this.#impairments[cause].has(host)) return;
    this.#impairments[cause].add(host);
    this.#emit({ type: 'impaired', atMs: this.nowMs, node: this.hosts[host].id, cause });
  }

  #restore(host: HostIndex, cause: Impairment): void {
    if (!this.#impairments[cause].delete(host)) return;
    this.#emit({ type: 'restored', atMs: this.nowMs, node: this.hosts[host].id, cause });
  }

  #emit(observation: Observation): void {
    traceObservation(this.trace, observation);
    for (const observer of this.#observers) observer(observation);
  }
}

/** 10.0.0.1 onwards. */
function addressOf(index: HostIndex): string {
  const number = index + 1;
  return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
}
