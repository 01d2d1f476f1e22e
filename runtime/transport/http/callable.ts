import { parseAddress } from '../../core/address.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import { CALLS_MAX } from './limits.ts';

/** Whom a node calls: nobody; those that a person named; or also those that members say they listen at. */
export type CallPolicy = 'off' | 'seeds' | 'members';

/** New targets that members name, a second; as many at once as there are calls. */
const NEW_PER_SECOND = 0.2;

type Reach = 'host' | 'link' | 'none' | 'other';

/**
 * Whether a listener that nobody but a member named is called [P-19.15]: a member must not turn this node against what only this node can
 * reach, its own host and its link's.
 */
export class CallGuard {
  readonly #policy: CallPolicy;
  readonly #own: ReadonlySet<Reach>;
  readonly #new = new TokenBucket({ perSecond: NEW_PER_SECOND, burst: CALLS_MAX });

  /** @param own addresses that this node itself is bound to: where those are of the host or the link alone, its members' are, too. */
  constructor(policy: CallPolicy, own: readonly string[]) {
    this.#policy = policy;
    this.#own = new Set(own.map(reachOf).filter((reach) => reach !== 'none'));
  }

  /** @param isNamed whether a person named it. */
  mayCall({ address }: { readonly address: string }, isNamed: boolean): boolean {
    if (this.#policy === 'off') return false;
    if (isNamed) return true;
    const reach = reachOf(address);
    return this.#policy === 'members' && (reach === 'other' || this.#own.has(reach));
  }

  /** Takes up one more that nobody but a member named. @returns whether that isn't too many by now. */
  takeNew(nowMs: number): boolean {
    return this.#new.tryTake(nowMs);
  }
}

/** From where an address leads anywhere, and to whom. */
function reachOf(address: string): Reach {
  const bytes = parseAddress(address);
  if (bytes === undefined) return 'none';
  if (bytes.length === 4) {
    if (bytes[0] === 127) return 'host';
    if (bytes[0] === 169 && bytes[1] === 254) return 'link';
    return bytes[0] === 0 || (bytes[0] as number) >= 224 ? 'none' : 'other';
  }
  if (bytes.subarray(0, 15).every((byte) => byte === 0)) return bytes[15] === 1 ? 'host' : 'none';
  if (bytes[0] === 0xfe && ((bytes[1] as number) & 0xc0) === 0x80) return 'link';
  return bytes[0] === 0xff ? 'none' : 'other';
}
