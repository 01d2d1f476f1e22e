import { parseAddress } from '../core/address.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { GridvineError } from '../core/errors.ts';
import { NAME_BYTES_MAX } from '../core/limits.ts';
import type { RandomSource } from '../core/random.ts';
import { problemOfRoster, type Roster } from '../core/roster.ts';
import { problemOfClusterName } from '../crypto/cluster.ts';
import { KEY_BYTES } from '../crypto/keyring.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { EngineOptions, GossipEngine, Link } from '../engine/contract.ts';
import type { EngineSettings, PresetName } from '../engine/settings.ts';
import { CHAIN_LENGTH_MAX } from '../pki/chain.ts';
import type { FilePort } from '../storage/file-port.ts';
import type { TablePlace } from '../storage/table-store.ts';
import { badProxies, PROXY_ADDRESS } from '../transport/http/proxies.ts';
import { parseTarget } from '../transport/http/targets.ts';
import type { InterfaceReader } from '../transport/interface-table.ts';
import { LINK_BYTES_PER_SECOND_MAX, LINK_BYTES_PER_SECOND_MIN } from '../transport/link-budget.ts';
import type { Transport } from '../transport/transport.ts';
import type { MulticastGroup } from '../transport/udp-multicast.ts';
import type { Bind } from '../transport/udp-unicast.ts';
import type { Clock } from './clock.ts';
import type { HttpNetworkOptions } from './http-network.ts';
import type { LogSink } from './log.ts';
import type { Scheduler } from './scheduler.ts';

/** What to say to a roster that no root signed, where there is a root. */
export const ROOT_NAMES_VOTERS =
  'expected none in a cluster of certificates, where the root signs who votes: gridvine ca roster NAME..., then gridvine ca publish';

export interface NodeOptions {
  /** Shown to people; 1 to 64 bytes of UTF-8. Two nodes may share one: their ids differ. */
  readonly name: string;
  /** All nodes of a cluster give the same; 1 to 64 bytes of UTF-8. */
  readonly cluster: string;
  /** The cluster's pre-shared key, 32 bytes. Either this or `certificates`. */
  readonly psk?: Uint8Array;
  /** For a cluster of certificates. The node's keys are those of its data directory. */
  readonly certificates?: CertificateOptions;
  /** Made where it isn't there; one running node a directory. */
  readonly dataDir: string;
  /** Where to listen by UDP. `0.0.0.0` and `::` stand for all addresses of their link, as they come and go. Empty: no UDP at all, with `http`. */
  readonly bind: readonly Bind[];
  /** What others are told instead of the bound addresses (behind a NAT); port 0: the bound one. */
  readonly advertise?: readonly Endpoint[];
  readonly links: readonly Link[];
  /**
   * What each of the `links` may send in bytes a second, IP and UDP headers included, on average; one second's worth, at least 15 kB, may
   * leave at once. 100 to 1e9. Absent links have no limit. What exceeds it is dropped, data first: too little delays everything, and far
   * too little makes this node look dead.
   */
  readonly linkBytesPerSecond?: Readonly<Record<string, number>>;
  /** Asked to join until one answers; may be empty where multicast finds the others. */
  readonly seeds?: readonly Endpoint[];
  /** HTTP beside UDP, or instead of it where `bind` is empty. Absent: UDP only. */
  readonly http?: NodeHttpOptions;
  readonly tags?: Readonly<Record<string, string>>;
  /** What runs the node, for those who ask for its version: such as `gridvine 1.2.0`. */
  readonly software?: string;
  /** Who votes on leases; all nodes give the same. Absent: there are no leases, unless this node voted in an earlier life. */
  readonly leaseRoster?: Roster;
  /** User events and queries wait until `releaseEvents()`, so that whoever acts on them can be made first. Default false. */
  readonly holdEvents?: boolean;
  /** Default `lan`. */
  readonly preset?: PresetName;
  readonly settings?: Partial<EngineSettings>;
  /** What differs from `DEFAULT_MULTICAST`; all nodes that are to find each other give the same. */
  readonly multicast?: Partial<MulticastGroup>;
  readonly log?: LogSink;
  /** Ends the start, which then rejects with its reason; later it makes the node leave, as `leave()` does. */
  readonly signal?: AbortSignal;
  /** Parts to use instead of this machine's own: other links and media, secure elements, tests. */
  readonly inject?: NodeParts;
}

/** How a node uses HTTP. */
export interface NodeHttpOptions extends HttpNetworkOptions {
  /** Listeners asked to join: `http://HOST[:PORT]`, `https://HOST[:PORT]`, with names or literal addresses. */
  readonly seeds?: readonly string[];
}

/** Who a node is in a cluster of certificates, and whom it trusts. */
export interface CertificateOptions {
  /** This node's own certificate, then its registrar's where one issued it. */
  readonly chain: readonly Uint8Array[];
  /** Statements of the roots: those of `root.cert`, in its order. */
  readonly roots: readonly Uint8Array[];
  /**
   * Keys that begin so aren't signed: any member could forge them. For readings at a high rate; at most 16, the same on all nodes of the
   * cluster. Default none.
   */
  readonly unsignedPrefixes?: readonly string[];
  /** This host's clock is right, and its certificate lets it issue others: it renews those that near their end. Default false. */
  readonly registrar?: boolean;
  /** How long an epoch's key is written with, in milliseconds: 1 minute to 30 days, default 24 h. Those who mint go by theirs. */
  readonly epochMs?: number;
  /** How long a node that may mint looks for its cluster before it founds one, in milliseconds: 0 to 10 minutes, default 3 s. */
  readonly foundingMs?: number;
}

export const EPOCH_MS_MIN = 60_000;
export const EPOCH_MS_MAX = 30 * 86_400_000;
export const FOUNDING_MS_MAX = 600_000;
export const UNSIGNED_PREFIXES_MAX = 16;

/**
 * Parts that a user may bring. `gridvine/testing` has a suite for each interface, which says whether an implementation does what the node
 * relies on, and implementations in memory.
 */
export interface NodeParts {
  /** Time. Default: boot time of this machine, which runs on in suspend. */
  readonly clock?: Clock;
  /** The wall clock, in seconds since 1970. It decides nothing; people are told by it. */
  readonly wallSeconds?: () => number;
  /** Later calls. Default: Node's timers, which hold the process open. */
  readonly scheduler?: Scheduler;
  /** Must be unpredictable: salts, nonces and keys are drawn from it. Default: the system's. */
  readonly random?: RandomSource;
  /** Cryptography. Default: libsodium and Node's own. All providers give the same bytes. */
  readonly provider?: CryptoProvider;
  /** What the data directory is on. Default: this machine's file system. */
  readonly files?: FilePort;
  /** Where the table is kept. Default: SQLite in the data directory; with `files`, one of those, written whole each time. */
  readonly table?: TablePlace;
  readonly readInterfaces?: InterfaceReader;
  /**
   * Instead of UDP sockets; `bind`, `advertise`, `linkBytesPerSecond` and `multicast` don't matter then. They are opened and closed by the node;
   * a destination goes to the first that accepts it. Their link names are those of `links`.
   */
  readonly transports?: readonly Transport[];
  readonly createEngine?: (options: EngineOptions) => GossipEngine;
}

const encoder = new TextEncoder();

/** @throws GridvineError `E_CONFIG`, naming the option, what was expected and what came. */
export function validateNodeOptions(options: NodeOptions): void {
  const nameBytes = encoder.encode(options.name).length;
  if (nameBytes < 1 || nameBytes > NAME_BYTES_MAX)
    refuse('name', `1 to ${NAME_BYTES_MAX} bytes of UTF-8`, String(nameBytes));
  const clusterProblem = problemOfClusterName(options.cluster);
  if (clusterProblem !== undefined) throw new GridvineError('E_CONFIG', `cluster: ${clusterProblem}`);
  checkSecurity(options);
  if (options.dataDir === '') refuse('dataDir', 'a path', 'an empty text');
  const usesSockets = options.inject?.transports === undefined;
  if (usesSockets && options.bind.length === 0 && options.http === undefined)
    refuse('bind', 'at least one address, or http', 'none');
  options.bind.forEach((bind, i) => {
    checkAddress(`bind[${i}]`, bind, 0);
  });
  options.advertise?.forEach((endpoint, i) => {
    checkAddress(`advertise[${i}]`, endpoint, 0);
  });
  options.seeds?.forEach((endpoint, i) => {
    checkAddress(`seeds[${i}]`, endpoint, 1);
  });
  checkHttp(options.http ?? {});
  const rosterProblem = options.leaseRoster && problemOfRoster(options.leaseRoster);
  if (rosterProblem !== undefined) throw new GridvineError('E_CONFIG', `leaseRoster.${rosterProblem}`);
  if (options.leaseRoster !== undefined && options.certificates !== undefined)
    throw new GridvineError('E_CONFIG', `leaseRoster: ${ROOT_NAMES_VOTERS}`);
  checkMulticast(options.multicast ?? {});
  checkBudgets(options);
}

function checkHttp({ listen = [], advertise = [], seeds = [], proxies = {}, call }: NodeHttpOptions): void {
  if (call === 'off' && seeds.length > 0)
    refuse('http.seeds', 'none, where http.call is off', seeds.join(' '));
  // Their values are shown to nobody: passwords stand in them.
  const [bad] = badProxies(proxies);
  if (bad !== undefined) refuse(`http.proxies.${bad}`, PROXY_ADDRESS, 'something else');
  listen.forEach((at, i) => {
    checkAddress(`http.listen[${i}]`, at, 0);
  });
  advertise.forEach((endpoint, i) => {
    checkAddress(`http.advertise[${i}]`, endpoint, 0);
  });
  seeds.forEach((seed, i) => {
    if (parseTarget(seed) === undefined)
      refuse(`http.seeds[${i}]`, 'http://HOST[:PORT] or https://HOST[:PORT]', seed);
  });
}

function checkSecurity({ psk, certificates }: NodeOptions): void {
  if ((psk === undefined) === (certificates === undefined))
    refuse('psk', 'either psk or certificates', psk === undefined ? 'neither' : 'both');
  if (psk !== undefined && psk.length !== KEY_BYTES)
    refuse('psk', `${KEY_BYTES} bytes (make one with keygen)`, String(psk.length));
  if (certificates === undefined) return;
  const { chain, roots, unsignedPrefixes = [], epochMs, foundingMs } = certificates;
  if (chain.length < 1 || chain.length > CHAIN_LENGTH_MAX)
    refuse('certificates.chain', `1 to ${CHAIN_LENGTH_MAX} certificates`, String(chain.length));
  if (roots.length < 1) refuse('certificates.roots', 'at least one root', 'none');
  if (unsignedPrefixes.length > UNSIGNED_PREFIXES_MAX)
    refuse(
      'certificates.unsignedPrefixes',
      `at most ${UNSIGNED_PREFIXES_MAX}`,
      String(unsignedPrefixes.length),
    );
  unsignedPrefixes.forEach((prefix, i) => {
    if (prefix === '')
      refuse(`certificates.unsignedPrefixes[${i}]`, 'the beginning of a key', 'an empty text');
  });
  checkRange('certificates.epochMs', epochMs, EPOCH_MS_MIN, EPOCH_MS_MAX);
  checkRange('certificates.foundingMs', foundingMs, 0, FOUNDING_MS_MAX);
}

function checkRange(option: string, value: number | undefined, min: number, max: number): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= min && value <= max))
    refuse(option, `${min} to ${max} milliseconds`, String(value));
}

function checkBudgets({ links, linkBytesPerSecond = {} }: NodeOptions): void {
  const names = links.map(({ name }) => name);
  for (const [link, bytesPerSecond] of Object.entries(linkBytesPerSecond)) {
    if (!names.includes(link)) refuse('linkBytesPerSecond', `one of the links ${names.join(', ')}`, link);
    if (!(bytesPerSecond >= LINK_BYTES_PER_SECOND_MIN && bytesPerSecond <= LINK_BYTES_PER_SECOND_MAX))
      refuse(
        `linkBytesPerSecond.${link}`,
        `${LINK_BYTES_PER_SECOND_MIN} to ${LINK_BYTES_PER_SECOND_MAX}`,
        String(bytesPerSecond),
      );
  }
}

function checkMulticast({ group4, group6, port }: Partial<MulticastGroup>): void {
  const head4 = group4 === undefined ? undefined : parseAddress(group4);
  if (group4 !== undefined && !(head4?.length === 4 && head4[0] >> 4 === 14))
    refuse('multicast.group4', 'an IPv4 multicast address', group4);
  const head6 = group6 === undefined ? undefined : parseAddress(group6);
  if (group6 !== undefined && !(head6?.length === 16 && head6[0] === 0xff))
    refuse('multicast.group6', 'an IPv6 multicast address', group6);
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535))
    refuse('multicast.port', '1 to 65535', String(port));
}

function checkAddress(option: string, place: { address: string; port: number }, portMin: number): void {
  if (parseAddress(place.address) === undefined)
    refuse(`${option}.address`, 'a literal IPv4 or IPv6 address', place.address);
  const { port } = place;
  if (!(Number.isInteger(port) && port >= portMin && port <= 65_535))
    refuse(`${option}.port`, `${portMin} to 65535`, String(port));
}

function refuse(option: string, expected: string, got: string): never {
  throw new GridvineError('E_CONFIG', `${option}: expected ${expected}; got ${got}`);
}
