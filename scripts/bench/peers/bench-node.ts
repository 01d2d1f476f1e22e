import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Counters } from '#runtime/core/counters.ts';
import type { Endpoint } from '#runtime/core/endpoint.ts';
import type { NodeId } from '#runtime/core/ids.ts';
import type { EngineEvent } from '#runtime/core/outputs.ts';
import type { AppValue } from '#runtime/core/value.ts';
import type { Version } from '#runtime/core/version.ts';
import type { RecordView } from '#runtime/core/views.ts';
import { identityFromSeed } from '#runtime/crypto/identity.ts';
import { groupKeyOf, Keyring } from '#runtime/crypto/keyring.ts';
import { BootClock } from '#runtime/driver/clock.ts';
import { createDefaultProvider } from '#runtime/driver/default-provider.ts';
import { Driver } from '#runtime/driver/driver.ts';
import { EventQueue } from '#runtime/driver/event-queue.ts';
import { HealthBoard } from '#runtime/driver/health-board.ts';
import { noLog } from '#runtime/driver/log.ts';
import { nodeScheduler } from '#runtime/driver/scheduler.ts';
import { SystemRandom } from '#runtime/driver/system-random.ts';
import { UdpNetwork } from '#runtime/driver/udp-network.ts';
import type { GossipEngine } from '#runtime/engine/contract.ts';
import { Engine } from '#runtime/engine/engine.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import { readInterfaces } from '#runtime/transport/interface-table.ts';
import type { Transport, TransportTraffic } from '#runtime/transport/transport.ts';
import { DEFAULT_MULTICAST } from '#runtime/transport/udp-multicast.ts';
import type { TrustOptions } from '#runtime/trust/trust.ts';
import type { Block } from '#runtime/wire/message.ts';

/** What all nodes of a benchmark are members of. */
export const CLUSTER = 'bench';
const PSK = new Uint8Array(32).fill(7);
const LINK = { name: 'lo', multicast: 'off' } as const;

const provider = await createDefaultProvider();
const keyring = new Keyring(groupKeyOf(provider, PSK, CLUSTER));

/** Loopback doesn't change under a benchmark, and hundreds of nodes need not each ask for it every two seconds. */
let interfaces: ReturnType<typeof readInterfaces> | undefined;
function knownInterfaces() {
  interfaces ??= readInterfaces();
  return interfaces;
}

/** Younger than the least leap that a clock reports, so that sharing it hides none. */
const UPTIME_FRESH_MS = 50;
let uptime: { readonly ms: number | undefined; readonly readAtMs: number } | undefined;

/** Each node's clock asks twice a second whether the machine slept: hundreds in one process would read a file all the time. */
function sharedUptimeMs(): number | undefined {
  const nowMs = performance.now();
  if (uptime === undefined || nowMs - uptime.readAtMs >= UPTIME_FRESH_MS)
    uptime = { ms: readUptimeMs(), readAtMs: nowMs };
  return uptime.ms;
}

function readUptimeMs(): number | undefined {
  try {
    const seconds = Number(readFileSync('/proc/uptime', 'latin1').split(' ', 1)[0]);
    return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  } catch {
    return undefined;
  }
}

export interface BenchNodeOptions {
  /** Sees each datagram that leaves. */
  readonly onSend?: (bytes: Uint8Array) => void;
  /** Its id and certificate; default: a pre-shared key, and an id of its own. */
  readonly card?: { readonly id: NodeId; readonly trust: TrustOptions };
}

/** The daemon's engine, driver and sockets with LAN settings, by unicast on 127.0.0.1; without a directory for what outlives it. */
export class BenchNode {
  readonly id: NodeId;
  /** Only grow. */
  readonly counters: Counters;
  /** What the kernel granted for its receive queue. */
  readonly recvBufferBytes: number;
  readonly #engine: GossipEngine;
  readonly #clock: BootClock;
  readonly #driver: Driver;
  readonly #network: UdpNetwork;
  readonly #events: EventQueue;
  #phase: 'running' | 'silent' | 'closed' = 'running';

  private constructor(
    engine: GossipEngine,
    recvBufferBytes: number,
    parts: {
      readonly driver: Driver;
      readonly network: UdpNetwork;
      readonly events: EventQueue;
      readonly clock: BootClock;
    },
  ) {
    this.#engine = engine;
    this.#clock = parts.clock;
    this.id = engine.id;
    this.counters = engine.counters;
    this.recvBufferBytes = recvBufferBytes;
    this.#driver = parts.driver;
    this.#network = parts.network;
    this.#events = parts.events;
  }

  /**
   * Opens a socket and starts to gossip.
   * @throws GridvineError `E_SOCKET` and others of `UdpNetwork.open`; nothing stays open then.
   */
  static async start(
    name: string,
    onEvent: (event: EngineEvent) => void,
    { onSend, card }: BenchNodeOptions = {},
  ): Promise<BenchNode> {
    const clock = new BootClock({ uptimeMs: sharedUptimeMs });
    const health = new HealthBoard();
    const common = { clock, health, scheduler: nodeScheduler, log: noLog };
    let recvBufferBytes = 0;
    const network = new UdpNetwork({
      ...common,
      log: (_level, event, details) => {
        if (event === 'sockets-open') recvBufferBytes = Number(details?.recvBufferBytes);
      },
      bind: [{ address: '127.0.0.1', port: 0, link: LINK.name }],
      advertise: [],
      links: [LINK],
      multicast: DEFAULT_MULTICAST,
      readInterfaces: knownInterfaces,
    });
    const events = new EventQueue({
      soon: nodeScheduler.soon,
      onListenerError: (error) => {
        throw error;
      },
    });
    events.subscribe(onEvent);
    const transports = onSend === undefined ? network.transports : tapped(network.transports, onSend);
    const driver = new Driver({
      ...common,
      transports,
      events,
      persistBoot: async () => undefined,
      persistKeys: async () => undefined,
      persistLeases: async () => undefined,
      persistEvents: async () => undefined,
    });
    await network.open(driver.handlers);
    const engine = new Engine({
      ...engineOptions(name, card),
      ...network.view,
    });
    driver.start(engine);
    network.watch(({ endpoints, links }) =>
      driver.mutate((_engine, nowMs) => engine.setEndpoints(nowMs, endpoints, links)),
    );
    const node = new BenchNode(engine, recvBufferBytes, { driver, network, events, clock });
    network.watchDrops((socketDrops) => {
      if (node.#phase === 'running')
        driver.mutate((_engine, nowMs) => engine.observeHost(nowMs, { socketDrops }));
    });
    return node;
  }

  get endpoints(): readonly Endpoint[] {
    return this.#network.view.endpoints;
  }

  get eventsLost(): number {
    return this.#events.lost;
  }

  traffic(): TransportTraffic[] {
    return this.#network.transports.flatMap((transport) => transport.traffic());
  }

  join(seeds: readonly Endpoint[]): void {
    this.#driver.mutate((engine, nowMs) => engine.join(nowMs, seeds));
  }

  put(key: string, value: AppValue): Version {
    return this.#driver.mutate((engine, nowMs) => engine.put(nowMs, key, value));
  }

  /** What others say, as after a restart. */
  restore(blocks: readonly Block[]): void {
    this.#driver.mutate((engine, nowMs) => engine.restore(nowMs, blocks));
  }

  /** One record, as a reader gets it. */
  get(owner: NodeId, key: string): RecordView | undefined {
    return this.#engine.records(this.#clock.nowMs(), { owner, key })[0];
  }

  list(): RecordView[] {
    return this.#engine.records(this.#clock.nowMs());
  }

  get recordCount(): number {
    return this.#engine.recordCount;
  }

  putUrgent(key: string, value: string): void {
    this.#driver.mutate((engine, nowMs) => engine.put(nowMs, key, value, { priority: 'urgent' }));
  }

  /** As after a power cut: it neither says nor hears anything, but its port stays taken, so that its host doesn't speak for it. */
  silence(): void {
    if (this.#phase !== 'running') return;
    this.#phase = 'silent';
    this.#driver.stop();
  }

  /** Closes its sockets at once, without a goodbye. Idempotent. */
  async close(): Promise<void> {
    this.silence();
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    await this.#network.close();
  }
}

/** What is the same for all engines of a benchmark, whether they have sockets or not. */
export function engineOptions(name: string, card?: BenchNodeOptions['card']) {
  const admission = card === undefined ? { keyring } : { trust: card.trust };
  const id = card?.id ?? identityFromSeed(provider, randomBytes(32)).id;
  return {
    ...{ id, name, cluster: CLUSTER, boot: 1, ...admission, provider },
    ...{ random: new SystemRandom(), settings: settingsOf('lan') },
  };
}

function tapped(transports: readonly Transport[], onSend: (bytes: Uint8Array) => void): Transport[] {
  return transports.map((transport) => ({
    name: transport.name,
    endpoints: transport.endpoints,
    open: (handlers) => transport.open(handlers),
    accepts: (to) => transport.accepts(to),
    send(to, bytes, trafficClass) {
      onSend(bytes);
      transport.send(to, bytes, trafficClass);
    },
    touch: (endpoint, bytes) => transport.touch(endpoint, bytes),
    traffic: () => transport.traffic(),
    close: () => transport.close(),
  }));
}
