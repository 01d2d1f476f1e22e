import type { ClockPort } from '#bridge/ports/clock-port.ts';
import { nodePorts } from '#bridge/ports/node-ports.ts';
import type { Endpoint } from '#runtime/core/endpoint.ts';
import { BootClock, type Clock } from '#runtime/driver/clock.ts';
import type { HealthItem, RunningNode } from '#runtime/driver/contract.ts';
import { createNode } from '#runtime/driver/create-node.ts';
import type { LogSink } from '#runtime/driver/log.ts';
import type { NodeOptions } from '#runtime/driver/node-options.ts';
import { nodeScheduler } from '#runtime/driver/scheduler.ts';
import { nodeFiles } from '#runtime/storage/node-files.ts';
import { InterfaceTable, readInterfaces } from '#runtime/transport/interface-table.ts';
import { PROTOCOL_VERSION } from '#runtime/wire/header.ts';
import { type ApiServer, startApiServer } from '../api/api-server.ts';
import { EventLog } from '../api/event-log.ts';
import type { ApiService } from '../api/service.ts';
import { checkSocketFree } from '../api/socket-file.ts';
import { buildInfo } from '../build-info.ts';
import { httpOptionsOf } from '../config/http-files.ts';
import type { NodeSecrets } from '../config/node-secrets.ts';
import { FleetDesk } from '../fleet/fleet-desk.ts';
import { FleetFile } from '../fleet/fleet-file.ts';
import { HandlerRunner } from '../handlers/handler-runner.ts';
import type { MqttBridge } from '../mqtt/bridge.ts';
import type { MqttConfig } from '../mqtt/config.ts';
import { inventoryCommand, sensorsOf } from './board-sensors.ts';
import { BoardWatch } from './board-watch.ts';
import { sayGoodbye } from './goodbye.ts';
import type { LoadedBoard } from './load.ts';
import type { Logger } from './logger.ts';
import { machineBoot } from './machine-boot.ts';
import { MqttSlot } from './mqtt-slot.ts';
import { isWildcard, planNetwork } from './network-plan.ts';
import { SourceRunner } from './source-runner.ts';

/** So long scripts may take that are still to run when the daemon stops. */
const HANDLERS_DRAIN_MS = 2_000;

export interface DaemonOptions extends LoadedBoard {
  /** By what it is let into the cluster. */
  readonly secrets: NodeSecrets;
  readonly log: Logger;
}

/** Everything of one board, running. */
export interface Daemon {
  readonly node: RunningNode;
  /** Resolves when it has ended after a `stop`, whoever asked for it. */
  readonly ended: Promise<void>;
  /** Says goodbye to the cluster and ends everything. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts the node, its sources, the MQTT bridge and the API.
 * @throws GridvineError as `createNode` and `startApiServer`; everything is ended again then. An API socket that is in use is
 * found before anybody hears of the node.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const clock = new BootClock();
  const network = planOf(options);
  // Before others hear of this node: it would be a member that dies at once.
  await checkSocketFree(options.config.values.socket);
  // What comes while the scripts' part is made waits for it.
  const node = await createNode({ ...nodeOptions(options), ...network, holdEvents: true, inject: { clock } });
  const events = new EventLog({ boot: node.boot, nowMs: () => clock.nowMs() });
  node.onEvent((event) => events.append(event));
  const parts = await makeParts(options, { node, clock, links: network.links.map(({ name }) => name) });
  const daemon = new RunningDaemon({ ...parts, node, events, log: options.log });
  try {
    // Before anything is read of what may change: sources and bridge start with what counts then.
    await parts.fleet.start();
    await daemon.serve(options.config.values);
  } catch (error) {
    await daemon.stop();
    throw error;
  }
  return daemon;
}

interface Parts {
  readonly watch: BoardWatch;
  readonly sources: SourceRunner;
  readonly handlers: HandlerRunner;
  readonly mqtt: MqttSlot;
  readonly fleet: FleetDesk;
}

class RunningDaemon implements Daemon {
  readonly node: RunningNode;
  readonly #parts: Parts & { readonly events: EventLog; readonly log: LogSink };
  readonly #ended = Promise.withResolvers<void>();
  #api: ApiServer | undefined;
  #leaving: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor({ node, ...parts }: Parts & { node: RunningNode; events: EventLog; log: LogSink }) {
    this.node = node;
    this.#parts = parts;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Opens the API first: it is what can still fail. */
  async serve({ socket, api }: { socket: string; api: { group: string } }): Promise<void> {
    const { log, watch, sources, handlers, mqtt } = this.#parts;
    this.#api = await startApiServer({
      service: this.#service(),
      socket,
      group: api.group,
      onError: (error, context) => log('error', 'api-failed', { ...context, error: stackOf(error) }),
    });
    watch.start();
    sources.start();
    handlers.start();
    this.node.releaseEvents();
    mqtt.start();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  #leave(): Promise<void> {
    this.#leaving ??= this.#goodbye();
    return this.#leaving;
  }

  async #goodbye(): Promise<void> {
    const { watch, sources, handlers, mqtt, fleet, log } = this.#parts;
    log('info', 'leaving');
    watch.stop();
    // In this order: what was taken is delivered, then handled while scripts can still reach the node.
    await this.node.stopEvents();
    await handlers.drain(HANDLERS_DRAIN_MS);
    await Promise.all([fleet.stop(), handlers.stop(), sayGoodbye({ node: this.node, sources, mqtt })]);
  }

  async #stop(): Promise<void> {
    await this.#leave();
    await this.#api?.close();
    this.#parts.log('info', 'stopped');
    this.#ended.resolve();
  }

  #service(): ApiService {
    const { watch, sources, handlers, mqtt, events, fleet } = this.#parts;
    return {
      node: this.node,
      version: buildInfo().version,
      protocol: PROTOCOL_VERSION,
      events,
      profile: () => watch.report(),
      sources: () => sources.reports(),
      handlers: () => handlers.counters(),
      fleet,
      health: () => healthOf([this.node, watch, sources, handlers, mqtt, fleet]),
      leave: async () => {
        await this.#leave();
        // After the reply to whoever asked.
        setImmediate(() => void this.stop());
      },
    };
  }
}

async function makeParts(
  { config, board, detect, withFleet, log }: DaemonOptions,
  { node, clock, links }: { node: RunningNode; clock: Clock; links: readonly string[] },
): Promise<Parts> {
  const { sources: configs, bind, dataDir, socket, fleet: fleetConfig } = config.values;
  const explicitBind = bind.some(({ address }) => !isWildcard(address));
  const nowMs = () => clock.nowMs();
  const ports = nodePorts({ nowMs, log: ({ event, ...fields }) => log('info', event, fields) });
  const watch = new BoardWatch({ board, detect, links, explicitBind, nowMs });
  const sources = new SourceRunner({
    configs,
    context: { ports, inventoryCommand: inventoryCommand(), board: sensorsOf(board.profile) },
    node,
    log,
  });
  const handlers = new HandlerRunner({
    configs: config.values.handlers,
    node,
    processes: ports.processes,
    clock: ports.clock,
    socket,
    log,
  });
  const mqtt = new MqttSlot({
    make: (mqttConfig) => makeBridge(mqttConfig, { feed: node, clock: ports.clock, log }),
  });
  await mqtt.use(config.values.mqtt);
  const fleet: FleetDesk = new FleetDesk({
    node,
    clock,
    scheduler: nodeScheduler,
    log,
    file: new FleetFile({ files: nodeFiles, directory: dataDir }),
    machineBoot: await machineBoot(),
    accept: fleetConfig.accept,
    health: () => healthOf([node, watch, sources, handlers, mqtt, fleet]),
    apply: async (settings, origin) => {
      const { values } = settings === undefined ? config : withFleet(settings, origin);
      node.retune({ preset: values.preset, settings: withoutUndefined(values.settings) });
      log.setLevel(values.log.level);
      await mqtt.use(values.mqtt);
    },
  });
  return { watch, sources, handlers, mqtt, fleet };
}

/** Conditions of a node and of everything around it. */
function healthOf(parts: readonly { health(): HealthItem[] }[]): HealthItem[] {
  return parts.flatMap((part) => part.health());
}

/** Loaded only where there is a broker: the library costs 9 MB. */
async function makeBridge(
  config: MqttConfig,
  { feed, clock, log }: { feed: RunningNode; clock: ClockPort; log: LogSink },
): Promise<MqttBridge> {
  const { MqttBridge } = await import('../mqtt/bridge.ts');
  const write = ({ level, event, ...fields }: { level: 'info' | 'warn'; event: string }) =>
    log(level, event, fields);
  return new MqttBridge({ feed, leases: feed, config, build: buildInfo(), clock, log: write });
}

function planOf({ config: { values }, board }: DaemonOptions) {
  return planNetwork({
    decisions: board.interfaces,
    profile: board.profile,
    table: new InterfaceTable(readInterfaces()),
    bind: values.bind,
    only: values.interfaces.only,
    exclude: values.interfaces.exclude,
    multicast: values.multicast,
    udp: values.udp,
    budgets: values.interfaces.budgets,
  });
}

function nodeOptions({
  config: { values },
  secrets,
  log,
}: DaemonOptions): Omit<NodeOptions, 'bind' | 'links'> {
  const endpoint = (authority: { address: string; port: number }): Endpoint => ({
    transport: 'udp',
    ...authority,
  });
  return {
    name: values.name,
    cluster: values.cluster,
    software: `gridvine ${buildInfo().version}`,
    ...secrets,
    dataDir: values.dataDir,
    advertise: values.advertise.map(endpoint),
    seeds: values.join.filter((seed) => typeof seed !== 'string').map(endpoint),
    http: httpOptionsOf(values, process.env),
    tags: values.tags,
    preset: values.preset,
    settings: withoutUndefined(values.settings),
    ...(values.leases.voters.length === 0 ? {} : { leaseRoster: values.leases }),
    multicast: {
      group4: values.multicastGroups.ipv4,
      group6: values.multicastGroups.ipv6,
      port: values.multicastPort,
    },
    log,
  };
}

function withoutUndefined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
