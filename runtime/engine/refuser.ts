import type { Path } from '../core/outputs.ts';
import { TokenBucket } from '../core/token-bucket.ts';
import { clusterTag } from '../crypto/cluster.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { Dropped } from '../wire/opener.ts';
import { encodeRefusal, type Refusal } from '../wire/refusal.ts';
import { replyEndpoint } from './context.ts';
import type { Outbox } from './outbox.ts';

const REFUSALS_PER_SECOND = 5;
const REPORT_EVERY_MS = 60_000;
const FOREIGN_MAX = 64;

/** Tells strangers why they aren't taken, seldom and briefly [P-8], and this node's people of foreign clusters and refusals. */
export class Refuser {
  readonly #outbox: Outbox;
  readonly #cluster: string;
  readonly #tag: Uint8Array;
  readonly #budget = new TokenBucket({ perSecond: REFUSALS_PER_SECOND, burst: REFUSALS_PER_SECOND });
  /** Made-up tags must not flood the application. */
  readonly #reports = new TokenBucket({ perSecond: 1, burst: 8 });
  readonly #reported = new Map<string, number>();

  constructor(parts: { outbox: Outbox; provider: CryptoProvider; cluster: string }) {
    this.#outbox = parts.outbox;
    this.#cluster = parts.cluster;
    this.#tag = clusterTag(parts.provider, parts.cluster);
  }

  onDrop(dropped: Dropped, path: Path, { bytes, nowMs }: { bytes: Uint8Array; nowMs: number }): void {
    if (dropped.foreignTag !== undefined || dropped.drop === 'unknown-key')
      this.#reportStranger(dropped.foreignTag, path, nowMs);
    if (dropped.refusable === undefined || path.multicast || !this.#budget.tryTake(nowMs)) return;
    const refusal = encodeRefusal(bytes, {
      code: dropped.refusable,
      clusterTag: this.#tag,
      cluster: this.#cluster,
    });
    if (refusal !== undefined) this.#outbox.sendPlain(replyEndpoint(path), refusal);
  }

  /** A refusal that echoes a join of ours came. */
  report({ code, cluster }: Refusal, path: Path): void {
    this.#outbox.event({ type: 'refused', code, cluster, address: path.address });
  }

  /** @param tag of another cluster; undefined: of this one, under a key that isn't held. */
  #reportStranger(tag: string | undefined, path: Path, nowMs: number): void {
    const key = `${tag} ${path.address}`;
    const lastMs = this.#reported.get(key);
    if (lastMs !== undefined && nowMs - lastMs < REPORT_EVERY_MS) return;
    if (!this.#reports.tryTake(nowMs)) return;
    if (this.#reported.size >= FOREIGN_MAX)
      this.#reported.delete(this.#reported.keys().next().value as string);
    this.#reported.set(key, nowMs);
    const { address } = path;
    this.#outbox.event(
      tag === undefined ? { type: 'unknown-key', address } : { type: 'foreign-cluster', tag, address },
    );
  }
}
