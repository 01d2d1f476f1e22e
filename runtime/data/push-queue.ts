import type { NodeId } from '../core/ids.ts';
import type { Version } from '../core/version.ts';

export type NewsClass = 'membership' | 'data';

/** Which records are news: keys only, the value is read when a packet is packed, so the queue is bounded by the table. */
export interface News {
  readonly owner: NodeId;
  readonly key: string;
  readonly newsClass: NewsClass;
  /** Hearing it from others counts as having told it: it may arrive a little later by other ways too. */
  routine: boolean;
  /** The version that is news: a newer one of the same record takes its place. */
  version: Version;
  /** Datagrams that carried it so far. */
  sent: number;
  /** Its list: how often it was sent (membership), or whether it was (data). */
  rank: number;
}

/** The rank of membership news grows with its sending; application data is either unsent or sent. */
const RANKS: Readonly<Record<NewsClass, number>> = { membership: 32, data: 2 };

/**
 * Two classes: membership news goes fewest-sent first (it must reach everybody soon), application data least-recently-sent first
 * (fewest-sent would starve distant records while every node writes). Nothing is sorted: each rank is a list in order of sending.
 */
export class PushQueue {
  readonly #ranks = new Map<NewsClass, Map<string, News>[]>();
  readonly #all = new Map<string, News>();
  /** By owner, then version: looked up for every record that comes again. */
  readonly #byVersion = new Map<NodeId, Map<Version, News>>();

  constructor() {
    for (const newsClass of ['membership', 'data'] as const) {
      this.#ranks.set(
        newsClass,
        Array.from({ length: RANKS[newsClass] }, () => new Map<string, News>()),
      );
    }
  }

  get size(): number {
    return this.#all.size;
  }

  /**
   * News about this record, from the start: what was queued of it before is replaced (B-50). Application data that was queued keeps
   * its place, so that a key which changes all the time doesn't go before those that wait.
   */
  add(
    owner: NodeId,
    key: string,
    { version, newsClass, routine = false }: { version: Version; newsClass: NewsClass; routine?: boolean },
  ): void {
    const name = nameOf(owner, key);
    const before = this.#all.get(name);
    if (before !== undefined && newsClass === 'data') {
      this.#unlist(before);
      before.sent = 0;
      before.version = version;
      before.routine = routine;
      this.#list(before);
      return;
    }
    if (before !== undefined) this.remove(before);
    const news: News = { owner, key, newsClass, routine, version, sent: 0, rank: 0 };
    this.#all.set(name, news);
    this.#list(news);
    this.#rankOf(news).set(name, news);
  }

  /** News in the order in which they should be packed: membership before data. Don't change the queue while it runs. */
  *inOrder(): IterableIterator<News> {
    for (const ranks of this.#ranks.values()) for (const rank of ranks) yield* rank.values();
  }

  /** Notes that news left in `copies` datagrams; at `limit` it leaves the queue. News that was replaced meanwhile is left alone. */
  noteSent(news: News, copies: number, limit: number): void {
    const name = nameOf(news.owner, news.key);
    if (this.#all.get(name) !== news) return;
    this.#rankOf(news).delete(name);
    news.sent += copies;
    news.rank = Math.min(news.sent, RANKS[news.newsClass] - 1);
    if (news.sent < limit) this.#rankOf(news).set(name, news);
    else this.#forget(news, name);
  }

  /** What is queued about this version, if anything. */
  find(owner: NodeId, version: Version): News | undefined {
    return this.#byVersion.get(owner)?.get(version);
  }

  remove(news: News): void {
    const name = nameOf(news.owner, news.key);
    this.#rankOf(news).delete(name);
    this.#forget(news, name);
  }

  clear(): void {
    this.#all.clear();
    this.#byVersion.clear();
    for (const ranks of this.#ranks.values()) for (const rank of ranks) rank.clear();
  }

  #forget(news: News, name: string): void {
    this.#all.delete(name);
    this.#unlist(news);
  }

  #list(news: News): void {
    const versions = this.#byVersion.get(news.owner);
    if (versions === undefined) this.#byVersion.set(news.owner, new Map([[news.version, news]]));
    else versions.set(news.version, news);
  }

  #unlist(news: News): void {
    const versions = this.#byVersion.get(news.owner);
    versions?.delete(news.version);
    if (versions?.size === 0) this.#byVersion.delete(news.owner);
  }

  #rankOf(news: News): Map<string, News> {
    const ranks = this.#ranks.get(news.newsClass) as Map<string, News>[];
    return ranks[news.rank];
  }
}

function nameOf(owner: NodeId, key: string): string {
  return `${owner}/${key}`;
}
