import { keyMatches } from '#bridge/pipeline/key-glob.ts';
import type { ClockPort } from '#bridge/ports/clock-port.ts';
import { nodeClock } from '#bridge/ports/node-clock.ts';
import type { RandomSource } from '#runtime/core/random.ts';
import type { HealthItem } from '#runtime/driver/contract.ts';
import type { BuildInfo } from '../build-info.ts';
import { BridgeHealth, noUplinkWording, unreachableWording } from './bridge-health.ts';
import type { BrokerDialer, BrokerLink } from './broker-link.ts';
import { brokersOf, type MqttConfig } from './config.ts';
import { BrokerConnection } from './connection.ts';
import {
  CLEARS_MAX,
  STOP_TIMEOUT_MS,
  UPLINK_NOBODY_MS,
  UPLINK_STAND_BACK_MS,
  UPLINK_YIELD_MS,
} from './limits.ts';
import { mqttDialer } from './mqtt-link.ts';
import { Outbox } from './outbox.ts';
import { Publisher } from './publisher.ts';
import type { RecordFeed } from './record-feed.ts';
import { RetainedState } from './retained-state.ts';
import type { MqttStatus } from './status.ts';
import { encodeLevel, Topics } from './topics.ts';
import { type LeaseSource, UplinkLease } from './uplink-lease.ts';

const CLIENT_ID_DIGITS = 12;

/**
 * One line of the log. The bridge writes one when it reaches a broker, and one when it loses it or can't reach any; where a lease
 * decides, one when it begins to feed the brokers, and one when another may.
 */
export type MqttLog = (entry: {
  readonly level: 'info' | 'warn';
  readonly event:
    | 'mqtt-connected'
    | 'mqtt-disconnected'
    | 'mqtt-unreachable'
    | 'mqtt-refused'
    | 'mqtt-active'
    | 'mqtt-standby';
  readonly server: string;
  readonly fence?: number;
  readonly reason?: string;
}) => void;

export interface MqttBridgeOptions {
  readonly feed: RecordFeed;
  /** Needed where `config.lease` names one. */
  readonly leases?: LeaseSource;
  /** At least one broker must be named in it. */
  readonly config: MqttConfig;
  readonly build: Pick<BuildInfo, 'version' | 'commit'>;
  readonly log?: MqttLog;
  /** Default: Node's own timers and clocks. */
  readonly clock?: ClockPort;
  /** Spreads the attempts of many bridges; default `Math.random`. */
  readonly random?: Pick<RandomSource, 'next'>;
  /** Default: the `mqtt` library. */
  readonly dialer?: BrokerDialer;
}

/**
 * Publishes a node's table to an MQTT broker: every record and every member's state as a retained message with QoS 1, all
 * of it again on every connection, then each change. It never throws and never blocks the node; while no broker answers it
 * holds nothing but the deletions to be made up for. It subscribes to nothing. Under a lease it connects only while it holds that, and
 * is ready to go on where another stopped.
 */
export class MqttBridge {
  readonly #feed: RecordFeed;
  readonly #config: MqttConfig;
  readonly #build: MqttBridgeOptions['build'];
  readonly #log: MqttLog;
  readonly #clock: ClockPort;
  readonly #clientId: string;
  readonly #topics: Topics;
  readonly #ownLevel: string;
  readonly #outbox = new Outbox({ clearsMax: CLEARS_MAX });
  readonly #retained: RetainedState;
  readonly #connection: BrokerConnection;
  readonly #health = new BridgeHealth();
  /** undefined: none is needed. */
  readonly #uplink: UplinkLease | undefined;
  /** While it waits for the lease: since when, and why it can't ask. */
  #standby: { readonly sinceMs: number; readonly reason?: string } | undefined;
  #cancelYield: () => void = () => {};
  #publisher: Publisher | undefined;
  #unsubscribe: (() => void) | undefined;
  #endGoodbye: (clean: boolean) => void = () => {};
  #published = 0;
  #refused = 0;
  #connections = 0;
  #lastTopic: string | null = null;

  constructor(options: MqttBridgeOptions) {
    this.#feed = options.feed;
    this.#config = options.config;
    this.#build = options.build;
    this.#log = options.log ?? (() => {});
    this.#clock = options.clock ?? nodeClock();
    this.#clientId = options.config.clientId ?? `gridvine-${options.feed.id.slice(0, CLIENT_ID_DIGITS)}`;
    this.#topics = new Topics({ base: options.config.baseTopic, cluster: options.feed.cluster });
    this.#ownLevel = encodeLevel(options.feed.name);
    this.#retained = new RetainedState({
      feed: options.feed,
      topics: this.#topics,
      outbox: this.#outbox,
      clock: this.#clock,
      wanted: (key) => options.config.keys.some((glob) => keyMatches(glob, key)),
    });
    this.#connection = new BrokerConnection({
      servers: brokersOf(options.config),
      will: { topic: this.#topics.bridgeState(this.#ownLevel), payload: 'offline' },
      dialer: options.dialer ?? mqttDialer({ config: options.config, clientId: this.#clientId }),
      clock: this.#clock,
      random: options.random ?? { next: Math.random },
      listener: {
        up: (link, info) => this.#up(link, info.receiveMaximum),
        down: (server, reason) => this.#down(server, reason),
      },
    });
    this.#uplink = this.#uplinkOf(options);
  }

  /** Whether a lease decides if it feeds the brokers. */
  get isLeased(): boolean {
    return this.#uplink !== undefined;
  }

  /** Begins to connect, or to ask for the lease, and to follow the node. Returns at once. */
  start(): void {
    if (this.#unsubscribe !== undefined) return;
    this.#unsubscribe = this.#feed.onEvent((event) => {
      this.#retained.handle(event);
      this.#publisher?.pump();
    });
    if (this.#uplink === undefined) this.#connection.start();
    else {
      this.#standby = { sinceMs: this.#clock.nowMs() };
      this.#uplink.start();
    }
  }

  /**
   * Says `offline` and disconnects. Waits at most `STOP_TIMEOUT_MS` for what is still to be published; where that is too
   * short, the broker says `offline` by the will. Then others may have the lease. Never rejects.
   */
  async stop(): Promise<void> {
    if (this.#unsubscribe === undefined) return;
    this.#unsubscribe();
    this.#unsubscribe = undefined;
    const clean = this.#publisher !== undefined && (await this.#sayGoodbye());
    this.#closePublisher();
    this.#disconnect(clean ? 'clean' : 'cut');
    this.#uplink?.stop();
    this.#standby = undefined;
  }

  /** The conditions that hold now; empty while all is well. */
  health(): HealthItem[] {
    this.#checkUplink();
    const excess = this.#retained.excess;
    if (excess === 0) this.#health.clear('mqtt-too-many-topics');
    else {
      this.#health.raise('mqtt-too-many-topics', this.#clock.nowMs(), {
        severity: 'warning',
        title: 'Too many MQTT topics',
        text: `${this.#retained.size} topics are published and ${excess} values found no room. Narrow mqtt.keys.`,
      });
    }
    return this.#health.items(this.#clock.nowMs());
  }

  status(): MqttStatus {
    return {
      role: this.#uplink === undefined ? 'alone' : this.#standby === undefined ? 'active' : 'standby',
      state: this.#connection.state,
      server: this.#connection.server,
      clientId: this.#clientId,
      topics: this.#retained.size,
      waiting: this.#outbox.size,
      inFlight: this.#publisher?.inFlight ?? 0,
      published: this.#published,
      refused: this.#refused,
      coalesced: this.#outbox.coalesced,
      forgotten: this.#outbox.forgotten,
      connections: this.#connections,
      attempts: this.#connection.attempts,
      lastTopic: this.#lastTopic,
    };
  }

  #up(link: BrokerLink, receiveMaximum: number): void {
    this.#connections += 1;
    this.#cancelYield();
    this.#health.clear('mqtt-unreachable');
    this.#health.clear('mqtt-refused');
    const server = this.#connection.server;
    this.#log({ level: 'info', event: 'mqtt-connected', server });
    this.#publisher = new Publisher({
      link,
      outbox: this.#outbox,
      window: Math.max(1, Math.min(this.#config.window, receiveMaximum)),
      clock: this.#clock,
      listener: {
        mayPublish: () => this.#uplink === undefined || this.#uplink.fence !== undefined,
        acknowledged: (topic) => {
          this.#published += 1;
          this.#lastTopic = topic;
        },
        refused: (topic, error) => this.#publishRefused(topic, error),
        drained: () => {
          this.#connection.settled();
          this.#endGoodbye(true);
        },
        stalled: () => this.#connection.drop('the broker acknowledges nothing'),
      },
    });
    this.#outbox.open();
    this.#outbox.put(this.#topics.bridgeState(this.#ownLevel), () => 'online');
    this.#outbox.put(this.#topics.bridgeInfo(this.#ownLevel), () => this.#info());
    this.#retained.publishAll();
    this.#publisher.pump();
  }

  #down(server: string, reason: string): void {
    const wasUp = this.#publisher !== undefined;
    this.#closePublisher();
    this.#outbox.close();
    this.#endGoodbye(false);
    if (wasUp) this.#yieldUnlessUp();
    const { failures, retryMs } = this.#connection;
    const first = this.#health.raise(
      'mqtt-unreachable',
      this.#clock.nowMs(),
      unreachableWording({ server, reason, failures, retryMs }),
    );
    if (first) {
      this.#log({ level: 'warn', event: wasUp ? 'mqtt-disconnected' : 'mqtt-unreachable', server, reason });
    }
  }

  #uplinkOf({ config, leases }: MqttBridgeOptions): UplinkLease | undefined {
    if (config.lease === undefined) return undefined;
    if (leases === undefined)
      throw new TypeError('a bridge under a lease needs to know where leases come from');
    return new UplinkLease({
      name: config.lease,
      source: leases,
      clock: this.#clock,
      listener: {
        granted: () => this.#activate(),
        lost: (reason) => this.#standBy(reason),
        unavailable: (reason) => {
          if (this.#standby !== undefined) this.#standby = { ...this.#standby, reason };
        },
      },
    });
  }

  #activate(): void {
    this.#standby = undefined;
    this.#health.clear('mqtt-no-uplink');
    this.#log({
      level: 'info',
      event: 'mqtt-active',
      server: this.#connection.server,
      fence: this.#uplink?.fence ?? 0,
    });
    this.#connection.start();
    this.#yieldUnlessUp();
  }

  /** Another may feed the brokers already: not one more message. The will says `offline`. */
  #standBy(reason: string): void {
    const { server } = this.#connection;
    this.#standby = { sinceMs: this.#clock.nowMs() };
    this.#closePublisher();
    this.#disconnect('cut');
    this.#endGoodbye(false);
    this.#log({ level: 'info', event: 'mqtt-standby', server, reason });
  }

  /** Whoever holds the lease and reaches no broker keeps those from it that might. */
  #yieldUnlessUp(): void {
    this.#cancelYield();
    if (this.#uplink === undefined || this.#standby !== undefined) return;
    this.#cancelYield = this.#clock.schedule(UPLINK_YIELD_MS, () => {
      const { server } = this.#connection;
      this.#standBy(`${server} isn't reached: others may try`);
      this.#uplink?.yield(UPLINK_STAND_BACK_MS);
    });
  }

  #disconnect(how: 'clean' | 'cut'): void {
    this.#cancelYield();
    this.#connection.stop(how);
    this.#outbox.close();
    this.#health.clear('mqtt-unreachable');
  }

  #checkUplink(): void {
    const nowMs = this.#clock.nowMs();
    const { name, hasHolder } = this.#uplink ?? {};
    const isMissing =
      this.#standby !== undefined && hasHolder === false && nowMs - this.#standby.sinceMs >= UPLINK_NOBODY_MS;
    if (isMissing)
      this.#health.raise('mqtt-no-uplink', nowMs, noUplinkWording(name ?? '', this.#standby?.reason));
    else this.#health.clear('mqtt-no-uplink');
  }

  #publishRefused(topic: string, error: Error): void {
    this.#refused += 1;
    const server = this.#connection.server;
    const first = this.#health.raise('mqtt-refused', this.#clock.nowMs(), {
      severity: 'warning',
      title: 'MQTT broker refuses messages',
      text: `${server} refused ${this.#refused} messages, the last on ${topic}: ${error.message}. Allow user ${this.#config.username ?? '(none)'} to publish there.`,
    });
    if (first) this.#log({ level: 'warn', event: 'mqtt-refused', server, reason: error.message });
  }

  #closePublisher(): void {
    this.#publisher?.close();
    this.#publisher = undefined;
  }

  /** @returns whether the broker acknowledged everything in time. */
  #sayGoodbye(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const cancel = this.#clock.schedule(STOP_TIMEOUT_MS, () => resolve(false));
    this.#endGoodbye = (clean) => {
      cancel();
      resolve(clean);
    };
    this.#outbox.put(this.#topics.bridgeState(this.#ownLevel), () => 'offline');
    this.#publisher?.pump();
    return promise;
  }

  #info(): string {
    const { version, commit } = this.#build;
    const { id, name, cluster, boot } = this.#feed;
    return JSON.stringify({
      schema: 'gridvine.mqtt-bridge/1',
      version,
      commit,
      id,
      node: name,
      cluster,
      boot,
      lease:
        this.#uplink === undefined ? null : { name: this.#uplink.name, fence: this.#uplink.fence ?? null },
      keys: this.#config.keys,
    });
  }
}
