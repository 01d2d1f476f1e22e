import { keyMatches } from '#bridge/pipeline/key-glob.ts';
import type { ClockPort } from '#bridge/ports/clock-port.ts';
import { nodeClock } from '#bridge/ports/node-clock.ts';
import type { RandomSource } from '#runtime/core/random.ts';
import type { HealthItem } from '#runtime/driver/contract.ts';
import type { BuildInfo } from '../build-info.ts';
import { BridgeHealth, unreachableWording } from './bridge-health.ts';
import type { BrokerDialer, BrokerLink } from './broker-link.ts';
import { brokersOf, type MqttConfig } from './config.ts';
import { BrokerConnection } from './connection.ts';
import { CLEARS_MAX, STOP_TIMEOUT_MS } from './limits.ts';
import { mqttDialer } from './mqtt-link.ts';
import { Outbox } from './outbox.ts';
import { Publisher } from './publisher.ts';
import type { RecordFeed } from './record-feed.ts';
import { RetainedState } from './retained-state.ts';
import type { MqttStatus } from './status.ts';
import { encodeLevel, Topics } from './topics.ts';

const CLIENT_ID_DIGITS = 12;

/** One line of the log. The bridge writes one when it reaches a broker, and one when it loses it or can't reach any. */
export type MqttLog = (entry: {
  readonly level: 'info' | 'warn';
  readonly event: 'mqtt-connected' | 'mqtt-disconnected' | 'mqtt-unreachable' | 'mqtt-refused';
  readonly server: string;
  readonly reason?: string;
}) => void;

export interface MqttBridgeOptions {
  readonly feed: RecordFeed;
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
 * holds nothing but the deletions to be made up for. It subscribes to nothing.
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
  }

  /** Begins to connect, and to follow the node. Returns at once. */
  start(): void {
    if (this.#unsubscribe !== undefined) return;
    this.#unsubscribe = this.#feed.onEvent((event) => {
      this.#retained.handle(event);
      this.#publisher?.pump();
    });
    this.#connection.start();
  }

  /**
   * Says `offline` and disconnects. Waits at most `STOP_TIMEOUT_MS` for what is still to be published; where that is too
   * short, the broker says `offline` by the will. Never rejects.
   */
  async stop(): Promise<void> {
    if (this.#unsubscribe === undefined) return;
    this.#unsubscribe();
    this.#unsubscribe = undefined;
    const clean = this.#publisher !== undefined && (await this.#sayGoodbye());
    this.#closePublisher();
    this.#connection.stop(clean ? 'clean' : 'cut');
    this.#health.clear('mqtt-unreachable');
  }

  /** The conditions that hold now; empty while all is well. */
  health(): HealthItem[] {
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
      keys: this.#config.keys,
    });
  }
}
