import type { Endpoint } from '../core/endpoint.ts';
import { DEFAULT_PORT } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import type { EngineEvent, Output } from '../core/outputs.ts';
import { TokenBucket } from '../core/token-bucket.ts';
import { BOOT_MAX } from '../core/version.ts';
import type { GossipEngine } from '../engine/contract.ts';
import type { HostClock } from './host-clock.ts';
import type { HostDisk } from './host-disk.ts';
import type { Delivery, HostIndex, Network } from './network.ts';
import { toTickAtLeast, type VirtualClock } from './virtual-clock.ts';

/** `off`: never started, killed or left. `stalled`: the process lives, its event loop stands still. */
export type HostState = 'off' | 'running' | 'stalled';

/** The interface that each simulated host has. */
export const HOST_LINK = 'eth0';

export interface HostOptions {
  readonly index: HostIndex;
  readonly id: NodeId;
  readonly endpoint: Endpoint;
  readonly clock: VirtualClock;
  readonly hostClock: HostClock;
  readonly disk: HostDisk;
  readonly network: Network;
  /** The host with this address, if there is one. */
  readonly hostAt: (address: string) => HostIndex | undefined;
  readonly addressOf: (host: HostIndex) => string;
  readonly onEvent: (host: SimHost, event: EngineEvent) => void;
  /** How often it writes what others said to its disk; undefined: never. */
  readonly tableWriteIntervalMs: number | undefined;
  /** A touch came to a port that nobody listens on, of a host that is up: its sender is told. */
  readonly onRefused: (host: SimHost, delivery: Delivery) => void;
}

/** A timer never fires earlier than this after it was set, as on a board; it also keeps a busy engine from stopping time. */
const TIMER_MIN_MS = 1;
/** A timer this late is reported to the engine, as the driver does. */
const LAG_REPORT_MS = 50;
/** What Linux keeps for a socket by default, and what it books for a small and a full datagram (256 and 92 of them fit). */
const SOCKET_BUFFER_BYTES = 212_992;
const SMALL_DATAGRAM_BYTES = 512;
const SMALL_DATAGRAM_COST = 832;
const FULL_DATAGRAM_COST = 2_304;
/** Linux tells each address of so many closed ports (`icmp_ratelimit`); any datagram takes its share, whether its sender hears or not. */
const ICMP_LIMIT = { perSecond: 1, burst: 6 };

/**
 * One host with a node on it: the driver's part of the engine's contract on virtual time. Each mutation is followed by a full
 * drain; one timer is kept; a stalled process finds its socket's buffer full of what came meanwhile.
 */
export class SimHost {
  readonly index: HostIndex;
  readonly id: NodeId;
  readonly endpoint: Endpoint;
  /** What the host keeps of its voter. */
  readonly disk: HostDisk;
  readonly #options: HostOptions;
  readonly #inbox: Delivery[] = [];
  #inboxCost = 0;
  #inboxDropped = 0;
  #engine: GossipEngine | undefined;
  #state: HostState = 'off';
  #boot = 0;
  /** Processes that ran on it: not the same as boots, which a process can change. */
  #started = 0;
  readonly #afterStall: (() => void)[] = [];
  /** Of the kernel of a host whose process died: what it may still answer, by sender. */
  #refuses: Map<HostIndex, TokenBucket> | undefined;
  /** When the engine wants to be woken, in the simulation's time. */
  #wakeAtMs = Number.POSITIVE_INFINITY;
  /** The earliest wake-up in the clock's queue: an earlier deadline adds one, a later one lets it pass. */
  #queuedAtMs = Number.POSITIVE_INFINITY;
  /** Local time of the last mutation: an engine's time never goes back. */
  #lastLocalMs = 0;
  /** How far its clock has jumped ahead without the engine knowing. */
  #jumpMs = 0;
  #timeouts = 0;
  #transmitsOfDrainMax = 0;

  constructor(options: HostOptions) {
    this.index = options.index;
    this.id = options.id;
    this.endpoint = options.endpoint;
    this.disk = options.disk;
    this.#options = options;
  }

  get state(): HostState {
    return this.#state;
  }

  /** The boot counter on this host's disk: it survives what the process doesn't. */
  get boot(): number {
    return this.#boot;
  }

  /** The engine, while the process lives. */
  get engine(): GossipEngine | undefined {
    return this.#engine;
  }

  /** Datagrams lost because the socket's buffer was full during a stall. */
  get inboxDropped(): number {
    return this.#inboxDropped;
  }

  /** How often the timer fired since the last call. */
  takeTimeouts(): number {
    const timeouts = this.#timeouts;
    this.#timeouts = 0;
    return timeouts;
  }

  /** The most datagrams that one mutation sent since the last call. */
  takeTransmitsOfDrainMax(): number {
    const max = this.#transmitsOfDrainMax;
    this.#transmitsOfDrainMax = 0;
    return max;
  }

  /** What this host's boot-time clock shows in whole milliseconds, as on a board; never less than before. */
  localNow(): number {
    const shownMs = Math.floor(this.#options.hostClock.local(this.#options.clock.nowMs));
    this.#lastLocalMs = Math.max(this.#lastLocalMs, shownMs);
    return this.#lastLocalMs;
  }

  /** Starts a process under the next boot. @throws Error where one runs. */
  start(makeEngine: (boot: number) => GossipEngine, seeds: readonly Endpoint[]): void {
    if (this.#state !== 'off') throw new Error(`host ${this.index} runs already`);
    this.#boot++;
    this.#started++;
    this.#jumpMs = 0;
    this.#engine = makeEngine(this.#boot);
    this.#state = 'running';
    if (this.disk.table.size > 0) this.#engine.keep.takeBack(this.localNow(), this.disk.table.values());
    this.#writeTables();
    this.mutate((engine, nowMs) => engine.start(nowMs));
    if (seeds.length > 0) this.mutate((engine, nowMs) => engine.join(nowMs, seeds));
  }

  /** What a process that ends by itself does last. */
  writeTable(): void {
    if (this.#options.tableWriteIntervalMs !== undefined && this.#engine !== undefined)
      this.disk.writeTable(this.#engine.keep, this.id);
  }

  #writeTables(): void {
    const { clock, tableWriteIntervalMs } = this.#options;
    if (tableWriteIntervalMs === undefined) return;
    const started = this.#started;
    clock.every(tableWriteIntervalMs, () => {
      if (this.#started !== started || this.#state === 'off') return false;
      if (this.#state === 'running') this.writeTable();
      return true;
    });
  }

  /**
   * The process is gone at once, with whatever it had not sent.
   * @param options.hostStaysUp whether the host's kernel answers in its place that nobody listens.
   */
  stop(options: { readonly hostStaysUp?: boolean } = {}): void {
    this.#refuses = options.hostStaysUp === true ? new Map() : undefined;
    this.#engine = undefined;
    this.#state = 'off';
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    this.#afterStall.length = 0;
    this.#clearInbox();
  }

  /** Stops the event loop; datagrams pile up in the socket. */
  stall(): void {
    if (this.#state === 'running') this.#state = 'stalled';
  }

  /**
   * Lets the event loop go on, as the driver does it: the engine hears how late its timer is, then gets what waits in the
   * socket, and only then the time-out, so that it doesn't miss answers that are there.
   */
  resume(): void {
    if (this.#state !== 'stalled') return;
    this.#state = 'running';
    const lagMs = Math.floor(this.#options.clock.nowMs - this.#wakeAtMs);
    if (lagMs >= LAG_REPORT_MS) this.mutate((engine, nowMs) => engine.observeHost(nowMs, { lagMs }));
    const waiting = this.#inbox.splice(0);
    this.#clearInbox();
    for (const delivery of waiting) this.receive(delivery);
    for (const tell of this.#afterStall.splice(0)) tell();
    if (lagMs >= 0 && this.#engine !== undefined) this.#wake();
  }

  /** The boot-time clock jumps ahead by `ms` >= 0; timers, which go by another clock, fire when they would have. */
  stepClock(ms: number): void {
    this.#options.hostClock.step(ms);
    if (this.#state !== 'off') this.#jumpMs += ms;
  }

  /** Does one thing to the engine and drains it. @returns what `mutation` returned. @throws Error where no engine runs. */
  mutate<T>(mutation: (engine: GossipEngine, nowMs: number) => T): T {
    if (this.#engine === undefined) throw new Error(`host ${this.index} is off`);
    this.#reportJump(this.#engine);
    const result = mutation(this.#engine, this.localNow());
    this.#drain();
    return result;
  }

  /** As the driver does it: the engine hears of a jump before anything else happens to it. */
  #reportJump(engine: GossipEngine): void {
    if (this.#jumpMs === 0) return;
    const lagMs = this.#jumpMs;
    this.#jumpMs = 0;
    engine.observeHost(this.localNow(), { lagMs });
    this.#drain();
  }

  /** Lets the process hear that somebody knows of this boot: it goes on under a higher one. */
  raiseBoot(seenBoot: number): void {
    if (this.#state === 'running') this.#handleEvent({ type: 'boot-behind', seenBoot });
  }

  receive(delivery: Delivery): void {
    if (this.#state === 'stalled') this.#keep(delivery);
    if (this.#state === 'off' && !delivery.multicast) this.#refuse(delivery);
    if (this.#state !== 'running') return;
    const path = {
      transport: 'udp',
      link: HOST_LINK,
      multicast: delivery.multicast,
      address: this.#options.addressOf(delivery.from),
      port: DEFAULT_PORT,
    } as const;
    this.mutate((engine, nowMs) => engine.handleDatagram(nowMs, path, delivery.bytes));
  }

  /** Only a connected socket hears of a closed port, and engines use one for touches alone. */
  #refuse(delivery: Delivery): void {
    if (this.#refuses === undefined) return;
    const budget = this.#refuses.get(delivery.from) ?? new TokenBucket(ICMP_LIMIT);
    this.#refuses.set(delivery.from, budget);
    if (budget.tryTake(this.#options.clock.nowMs) && delivery.touch === true)
      this.#options.onRefused(this, delivery);
  }

  #keep(delivery: Delivery): void {
    const cost = delivery.bytes.length <= SMALL_DATAGRAM_BYTES ? SMALL_DATAGRAM_COST : FULL_DATAGRAM_COST;
    if (this.#inboxCost + cost > SOCKET_BUFFER_BYTES) {
      this.#inboxDropped++;
      return;
    }
    this.#inboxCost += cost;
    this.#inbox.push(delivery);
  }

  #clearInbox(): void {
    this.#inbox.length = 0;
    this.#inboxCost = 0;
  }

  #drain(): void {
    let transmits = 0;
    // An event may end the process (`left`), so the engine is looked up again for each output.
    while (this.#engine !== undefined) {
      const output: Output = this.#engine.pollOutput();
      if (output.type === 'timeout') {
        this.#setTimer(output.atMs);
        break;
      }
      if (output.type === 'event') {
        this.#handleEvent(output.event);
        continue;
      }
      if (output.type === 'keep-keys') {
        this.#keepKeys(output.ticket);
        continue;
      }
      if (output.type === 'keep-leases') {
        this.#keepLeases(output.ticket, output.kept);
        continue;
      }
      if (output.type === 'keep-events') {
        this.#keepEvents(output);
        continue;
      }
      transmits++;
      this.#transmit(output);
    }
    if (transmits > this.#transmitsOfDrainMax) this.#transmitsOfDrainMax = transmits;
  }

  #transmit(output: Extract<Output, { type: 'transmit' | 'touch' }>): void {
    const { network, hostAt } = this.#options;
    if (output.type === 'touch')
      network.unicast(this.index, hostAt(output.endpoint.address), output.bytes, { touch: true });
    else if (output.to.kind === 'multicast') network.multicast(this.index, output.bytes);
    else network.unicast(this.index, hostAt(output.to.endpoint.address), output.bytes);
  }

  /** In a step of its own: the engine is in the middle of a drain. */
  #keepKeys(ticket: number): void {
    const boot = this.#boot;
    this.#options.clock.after(0, () => {
      if (this.#state === 'running' && this.#boot === boot)
        this.mutate((engine, nowMs) => engine.keysKept(nowMs, ticket));
    });
  }

  /** The disk goes on while the process stands still; that hears of it when it goes on itself. */
  #keepLeases(ticket: number, kept: Uint8Array): void {
    const started = this.#started;
    const lives = () => this.#started === started && this.#state !== 'off';
    this.disk.write(kept, lives, (outcome) => {
      const tell = () => this.mutate((engine, nowMs) => engine.leases.kept(nowMs, ticket, outcome));
      if (this.#state === 'stalled') this.#afterStall.push(tell);
      else tell();
    });
  }

  #keepEvents(keep: Extract<Output, { type: 'keep-events' }>): void {
    const started = this.#started;
    const lives = () => this.#started === started && this.#state !== 'off';
    this.disk.writeEvents(keep, lives, (outcome) => {
      const tell = () => this.mutate((engine, nowMs) => engine.events.kept(nowMs, keep.ticket, outcome));
      if (this.#state === 'stalled') this.#afterStall.push(tell);
      else tell();
    });
  }

  #handleEvent(event: EngineEvent): void {
    if (event.type === 'boot-behind' && event.seenBoot < BOOT_MAX) {
      // In a step of its own: the engine is in the middle of a drain. The disk has the new boot before the engine does.
      this.#boot = Math.max(this.#boot, event.seenBoot + 1);
      const boot = this.#boot;
      this.#options.clock.after(0, () => {
        if (this.#state === 'running' && this.#boot === boot)
          this.mutate((engine, nowMs) => engine.adoptBoot(nowMs, boot));
      });
    }
    this.#options.onEvent(this, event);
  }

  #setTimer(atLocalMs: number): void {
    const { clock, hostClock } = this.#options;
    this.#wakeAtMs = toTickAtLeast(Math.max(hostClock.world(atLocalMs), clock.nowMs + TIMER_MIN_MS));
    if (this.#wakeAtMs < this.#queuedAtMs) this.#queueWake();
  }

  #queueWake(): void {
    const atMs = this.#wakeAtMs;
    this.#queuedAtMs = atMs;
    this.#options.clock.at(atMs, () => {
      if (this.#queuedAtMs === atMs) this.#queuedAtMs = Number.POSITIVE_INFINITY;
      if (this.#state !== 'running') return;
      if (this.#wakeAtMs <= this.#options.clock.nowMs) this.#wake();
      else if (this.#wakeAtMs < this.#queuedAtMs) this.#queueWake();
    });
  }

  #wake(): void {
    this.#timeouts++;
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    this.mutate((engine, nowMs) => engine.handleTimeout(nowMs));
  }
}
