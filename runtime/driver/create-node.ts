import type { Endpoint } from '../core/endpoint.ts';
import { type NamedKey, nameKey } from '../crypto/fingerprint.ts';
import { identityFromSeed } from '../crypto/identity.ts';
import { decodeKeptKeys, startingKeys } from '../crypto/kept-keys.ts';
import type { KeySet } from '../crypto/key-set.ts';
import { groupKeyOf } from '../crypto/keyring.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { EngineOptions, GossipEngine } from '../engine/contract.ts';
import { Engine } from '../engine/engine.ts';
import { settingsOf } from '../engine/settings.ts';
import { Targets } from '../transport/http/targets.ts';
import { readInterfaces } from '../transport/interface-table.ts';
import type { Transport, TransportHandlers } from '../transport/transport.ts';
import { DEFAULT_MULTICAST } from '../transport/udp-multicast.ts';
import type { TrustOptions } from '../trust/trust.ts';
import { noteBootsLeft } from './boots-left.ts';
import { BootClock } from './clock.ts';
import type { RunningNode } from './contract.ts';
import { createDefaultProvider } from './default-provider.ts';
import { Driver } from './driver.ts';
import { EventQueue } from './event-queue.ts';
import { HealthBoard } from './health-board.ts';
import { LocalNode } from './local-node.ts';
import { type LogSink, noLog } from './log.ts';
import { type NodeOptions, validateNodeOptions } from './node-options.ts';
import { type NodeStorage, openNodeStorage } from './node-storage.ts';
import { openNodeTrust } from './node-trust.ts';
import { portionsOf } from './portions.ts';
import { putAgain } from './put-again.ts';
import { tellTimeHourly } from './registrar-clock.ts';
import { nodeScheduler } from './scheduler.ts';
import { ShownPlaces } from './shown-places.ts';
import { SystemRandom } from './system-random.ts';
import { type NetworkView, UdpNetwork } from './udp-network.ts';

/** Peers of an earlier life are asked when nobody else was found by then. */
const KNOWN_PEERS_DELAY_MS = 2_000;

/**
 * Starts a node: locks its data directory, reads or makes its identity, persists the boot counter, opens sockets, announces itself,
 * puts again what it kept, and joins.
 * @throws GridvineError `E_CONFIG`, `E_DATA_DIR`, `E_DATA_DIR_IN_USE`, `E_IDENTITY`, `E_BOOT_COUNTER`, `E_KEY_FILE`, `E_CERTIFICATE`, `E_TRUST_FILE`, `E_ADDRESS_IN_USE`, `E_ADDRESS`,
 * `E_SOCKET`; the reason of the caller's signal. Everything is released then.
 */
export async function createNode(options: NodeOptions): Promise<RunningNode> {
  validateNodeOptions(options);
  const open: Closer[] = [];
  const release = async () => {
    const failures: unknown[] = [];
    for (const close of open.splice(0).reverse())
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    // One that fails doesn't keep the others open, and the directory locked.
    if (failures.length > 0) throw failures[0];
  };
  try {
    return await start(options, open, release);
  } catch (error) {
    // Why it didn't start says more than what couldn't be closed then.
    await release().catch(() => undefined);
    throw error;
  }
}

type Closer = () => Promise<void> | void;

/** What all parts of one node share. */
interface Common {
  readonly clock: NonNullable<NonNullable<NodeOptions['inject']>['clock']>;
  readonly scheduler: NonNullable<NonNullable<NodeOptions['inject']>['scheduler']>;
  readonly health: HealthBoard;
  readonly log: NonNullable<NodeOptions['log']>;
}

async function start(
  options: NodeOptions,
  open: Closer[],
  release: () => Promise<void>,
): Promise<RunningNode> {
  const { name, cluster, inject = {}, log = noLog, signal } = options;
  signal?.throwIfAborted();
  const { clock = new BootClock(), scheduler = nodeScheduler } = inject;
  const common: Common = { clock, scheduler, health: new HealthBoard(), log };

  const storage = await openNodeStorage({
    ...common,
    dataDir: options.dataDir,
    files: inject.files,
    table: inject.table,
  });
  open.push(() => storage.close());
  // Before the lock goes: where a start fails, it may have begun to write.
  open.push(() => storage.table.close());
  noteBootsLeft(common.health, clock.nowMs(), storage.boot);
  signal?.throwIfAborted();

  const events = new EventQueue({
    soon: scheduler.soon,
    onListenerError: (error, event) =>
      log('error', 'listener-failed', { event: event.type, error: String(error) }),
    // What happens before the node is there it reads when it is made.
    observe: (event) => node?.observe(event),
  });
  let node: LocalNode | undefined;
  const targets = new Targets();
  const seeds = [...(options.seeds ?? []), ...(options.http?.seeds ?? []).map((seed) => targets.add(seed))];
  const network = inject.transports === undefined ? networkOf(options, common, targets) : undefined;
  const transports = network?.transports ?? inject.transports ?? [];
  const { wallSeconds = () => Math.floor(Date.now() / 1_000) } = inject;
  const provider =
    inject.provider ??
    (await createDefaultProvider((error) => log('warn', 'libsodium-not-used', { error: String(error) })));
  // Before anything is opened: the likeliest thing to be wrong.
  const trust =
    options.certificates && (await openNodeTrust(options.certificates, { cluster, storage, provider, log }));
  const driver = new Driver({
    ...common,
    transports,
    events,
    persistBoot: (boot) => storage.counter.adopt(boot),
    persistKeys: (kept) => storage.keyring.save(kept),
    ...(trust !== undefined && { persistTrust: trust.persist }),
    persistLeases: (kept) => storage.leases.save(kept),
    persistEvents: (kept, scope) => storage.events.save(kept, scope),
  });
  const view = await openTransports({ network, transports, options, open, handlers: driver.handlers });
  open.push(() => driver.stop());
  signal?.throwIfAborted();

  const configured = options.psk && nameKey(provider, groupKeyOf(provider, options.psk, cluster));
  const keys = configured && (await keysOf(configured, { storage, provider, log }));
  const engineOptions = engineOptionsOf(options, { storage, view, provider, keys, trust: trust?.options });
  const engine = inject.createEngine?.(engineOptions) ?? new Engine(engineOptions);
  await restore(engine, { ...common, storage, cluster, keys, signal });
  // From here on nothing waits: either nobody has heard of the node, or it leaves as it should.
  signal?.throwIfAborted();
  driver.start(engine);
  if (seeds.length > 0) driver.mutate((_engine, nowMs) => engine.join(nowMs, seeds));
  if (options.certificates?.registrar === true) open.push(tellTimeHourly({ driver, scheduler, wallSeconds }));
  network?.watch(({ endpoints, links }) =>
    driver.mutate((_engine, nowMs) => engine.setEndpoints(nowMs, endpoints, links)),
  );
  network?.watchDrops((socketDrops) =>
    driver.mutate((_engine, nowMs) => engine.observeHost(nowMs, { socketDrops })),
  );

  const made = new LocalNode({
    ...common,
    name,
    cluster,
    software: options.software,
    engine,
    driver,
    transports,
    linkBytesPerSecond: network === undefined ? {} : (options.linkBytesPerSecond ?? {}),
    events,
    table: storage.table,
    peers: storage.peers,
    configuredKey: configured?.fingerprint,
    seeds,
    shown: new ShownPlaces(targets),
    wallSeconds,
    cryptoProvider: provider.name,
    leaveTimeoutMs: engineOptions.settings.leaveTimeoutMs,
    random: engineOptions.random,
    release,
  });
  node = made;
  open.push(scheduler.after(KNOWN_PEERS_DELAY_MS, () => joinKnown(made, storage)));
  if (signal !== undefined) open.push(leaveOn(signal, made, log));
  log('info', 'node-started', {
    id: made.id,
    name,
    cluster,
    boot: storage.boot,
    endpoints: view.endpoints,
  });
  return made;
}

function leaveOn(signal: AbortSignal, node: RunningNode, log: LogSink): Closer {
  const leave = () => {
    // Nobody waits for this one: a part that can't be closed must not end the process.
    node.leave().catch((error: unknown) => log('error', 'leave-failed', { error: String(error) }));
  };
  signal.addEventListener('abort', leave, { once: true });
  return () => signal.removeEventListener('abort', leave);
}

function networkOf(options: NodeOptions, common: Common, targets: Targets): UdpNetwork {
  return new UdpNetwork({
    ...common,
    bind: options.bind,
    advertise: options.advertise ?? [],
    links: options.links,
    multicast: { ...DEFAULT_MULTICAST, ...options.multicast },
    linkBytesPerSecond: options.linkBytesPerSecond ?? {},
    ...(options.http !== undefined && { http: { ...options.http, targets } }),
    readInterfaces: options.inject?.readInterfaces ?? readInterfaces,
  });
}

async function openTransports(context: {
  readonly network: UdpNetwork | undefined;
  readonly transports: readonly Transport[];
  readonly options: NodeOptions;
  readonly open: Closer[];
  readonly handlers: TransportHandlers;
}): Promise<NetworkView> {
  const { network, transports, options, open, handlers } = context;
  if (network !== undefined) {
    open.push(() => network.close());
    await network.open(handlers);
    return network.view;
  }
  for (const transport of transports) {
    open.push(() => transport.close());
    await transport.open(handlers);
  }
  return { endpoints: transports.flatMap((transport) => transport.endpoints), links: options.links };
}

/** What earlier lives kept of the cluster's keys, and the key file's. */
async function keysOf(
  configured: NamedKey,
  { storage, provider, log }: { storage: NodeStorage; provider: CryptoProvider; log: Common['log'] },
): Promise<KeySet> {
  const { keptKeys } = storage;
  const kept = keptKeys === undefined ? undefined : decodeKeptKeys(provider, keptKeys);
  if (keptKeys !== undefined && kept === undefined) storage.notify(await storage.keyring.setAside());
  const { keys, standing } = startingKeys(kept, configured);
  if (standing !== 'held') log('warn', 'key-file', { standing, fingerprint: configured.fingerprint });
  return keys;
}

function engineOptionsOf(
  options: NodeOptions,
  parts: {
    readonly storage: NodeStorage;
    readonly view: NetworkView;
    readonly provider: CryptoProvider;
    readonly keys: KeySet | undefined;
    readonly trust: TrustOptions | undefined;
  },
): EngineOptions {
  const { storage, view, provider, keys, trust } = parts;
  const { random = new SystemRandom() } = options.inject ?? {};
  return {
    id: identityFromSeed(provider, storage.seed).id,
    name: options.name,
    cluster: options.cluster,
    boot: storage.boot,
    ...(keys !== undefined && { keyring: keys.keyring(), keys }),
    ...(trust !== undefined && { trust }),
    provider,
    random,
    settings: settingsOf(options.preset ?? 'lan', options.settings),
    leases: {
      kept: storage.keptLeases,
      ...(options.leaseRoster === undefined ? {} : { roster: options.leaseRoster }),
    },
    events: {
      held: options.holdEvents === true,
      ...(storage.keptEvents === undefined ? {} : { kept: storage.keptEvents }),
    },
    ...(options.tags === undefined ? {} : { tags: options.tags }),
    endpoints: view.endpoints,
    ...(options.inject?.transports === undefined && { dials: dialsOf(options) }),
    links: view.links,
  };
}

function dialsOf({ bind, http }: NodeOptions): Endpoint['transport'][] {
  const callsMembers = http !== undefined && (http.call ?? 'members') === 'members';
  return [...(bind.length > 0 ? ['udp' as const] : []), ...(callsMembers ? ['http' as const] : [])];
}

/** Gives the engine back what earlier lives kept, before it says anything: so nobody is asked for it. */
async function restore(
  engine: GossipEngine,
  parts: {
    readonly storage: NodeStorage;
    readonly cluster: string;
    readonly keys: KeySet | undefined;
    readonly clock: Common['clock'];
    readonly scheduler: Common['scheduler'];
    readonly log: Common['log'];
    readonly signal: AbortSignal | undefined;
  },
): Promise<void> {
  const { storage, cluster, keys, clock, scheduler, log, signal } = parts;
  const { table, oldRecords, removeOldRecords } = storage;
  const held = () => engine.keys().keys.filter((key) => key.held);
  const fingerprints = () => (keys === undefined ? [] : held().map(({ fingerprint }) => fingerprint));
  const { own, others, tookOver } = await table.load({ self: engine.id, cluster, keys: fingerprints });
  const [first, ...more] = portionsOf(others);
  if (first !== undefined) engine.keep.takeBack(clock.nowMs(), first);
  for (const owners of more) {
    // Checking signatures takes a while: signals and timers are served in between.
    await new Promise<void>((resolve) => scheduler.soon(resolve));
    signal?.throwIfAborted();
    engine.keep.takeBack(clock.nowMs(), owners);
  }
  const { records: old, sum } = oldRecords;
  if (old === undefined || sum === tookOver) {
    putAgain(engine, clock.nowMs(), { own, old: [] }, log);
    // It couldn't be removed, or came back with a power cut: what has been said since is in the store.
    table.start(engine.keep, old && { sum, remove: removeOldRecords });
    return;
  }
  // An earlier release ran here last: what it kept is all there is.
  for (const { key } of own) table.dropOwn(key);
  for (const { key } of old) table.keepOwn(key);
  putAgain(engine, clock.nowMs(), { own: [], old }, log);
  table.start(engine.keep, { sum, remove: removeOldRecords });
}

function joinKnown(node: LocalNode, storage: NodeStorage): void {
  // Whom an earlier life knew counts once it was heard.
  const alone = !node.members().some(({ id, lastHeardMs }) => id !== node.id && lastHeardMs !== null);
  if (alone && storage.knownPeers.length > 0) node.join(storage.knownPeers);
}
