import { formatAddress, parseAddress } from '../../core/address.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import { CALLS_MAX } from './limits.ts';

/** Whom a node calls: nobody; those that a person named; or also those that members say they listen at. */
export type CallPolicy = 'off' | 'seeds' | 'members';

/** New targets that members name, a second; as many at once as there are calls. */
const NEW_PER_SECOND = 0.2;

/** Where clouds answer their machines, each by its address, with what is nobody else's business (169.254.0.0/16 is refused anyway). */
const METADATA_SERVICES = [
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd20:ce::254',
];
/** Translators make IPv4 of these, its address in their last 4 bytes (RFC 6052). */
const NAT64_PREFIX = Uint8Array.of(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0);

type Reach = 'host' | 'link' | 'none' | 'other';

/**
 * Whether a listener that nobody but a member named is called [P-19.15]: a member must not turn this node against what only this node can
 * reach, its own host and its link's.
 */
export class CallGuard {
  readonly #policy: CallPolicy;
  readonly #own: ReadonlySet<Reach>;
  readonly #isHosts: (address: string) => boolean;
  readonly #new = new TokenBucket({ perSecond: NEW_PER_SECOND, burst: CALLS_MAX });

  /**
   * @param own addresses that this node itself is bound to: where those are of the host or the link alone, its members' are, too.
   * @param isHosts whether the host has this address at present: calls there pass by what guards the host from the network.
   */
  constructor(
    policy: CallPolicy,
    own: readonly string[],
    isHosts: (address: string) => boolean = () => false,
  ) {
    this.#policy = policy;
    this.#own = new Set(own.map((address) => reachOf(bytesOf(address))).filter((reach) => reach !== 'none'));
    this.#isHosts = isHosts;
  }

  /** @param isNamed whether a person named it. */
  mayCall({ address }: { readonly address: string }, isNamed: boolean): boolean {
    if (this.#policy === 'off') return false;
    if (isNamed) return true;
    const bytes = bytesOf(address);
    const reach = reachOf(bytes);
    if (this.#policy !== 'members' || bytes === undefined) return false;
    if (reach !== 'host' && this.#isHosts(formatAddress(bytes))) return false;
    return reach === 'other' || this.#own.has(reach);
  }

  /** Takes up one more that nobody but a member named. @returns whether that isn't too many by now. */
  takeNew(nowMs: number): boolean {
    return this.#new.tryTake(nowMs);
  }
}

/** Of the address that is reached in the end; undefined: it is none. */
function bytesOf(address: string): Uint8Array | undefined {
  const bytes = parseAddress(address);
  const isTranslated = bytes?.length === 16 && NAT64_PREFIX.every((byte, i) => bytes[i] === byte);
  return isTranslated ? bytes.slice(NAT64_PREFIX.length) : bytes;
}

/** From where an address leads anywhere, and to whom. */
function reachOf(bytes: Uint8Array | undefined): Reach {
  if (bytes === undefined || METADATA_SERVICES.includes(formatAddress(bytes))) return 'none';
  if (bytes.length === 4) {
    if (bytes[0] === 127) return 'host';
    if (bytes[0] === 169 && bytes[1] === 254) return 'link';
    return bytes[0] === 0 || (bytes[0] as number) >= 224 ? 'none' : 'other';
  }
  if (bytes.subarray(0, 15).every((byte) => byte === 0)) return bytes[15] === 1 ? 'host' : 'none';
  if (bytes[0] === 0xfe && ((bytes[1] as number) & 0xc0) === 0x80) return 'link';
  return bytes[0] === 0xff ? 'none' : 'other';
}
