import type { NodeId } from '../core/ids.ts';
import type { Version } from '../core/version.ts';

/**
 * `verdict`: accusations, refutations, goodbyes. `membership`: who has come, and who is known to be gone. `urgent`: what applications call urgent. `data`: their
 * other records.
 */
export const NEWS_CLASSES = ['verdict', 'membership', 'urgent', 'data'] as const;
export type NewsClass = (typeof NEWS_CLASSES)[number];

/** Which records are news: keys only, the value is read when a packet is packed, so the queue is bounded by the table. */
export interface News {
  readonly owner: NodeId;
  readonly key: string;
  readonly newsClass: NewsClass;
  /** The version that is news: a newer one of the same record takes its place. */
  readonly version: Version;
  /** Datagrams that carried it so far. */
  readonly sent: number;
}

/** The rank grows with each sending; application data is either unsent or sent. */
const RANKS: Readonly<Record<NewsClass, number>> = { verdict: 32, membership: 32, urgent: 2, data: 2 };

/**
 * News of members goes fewest-sent first (it must reach everybody soon), application data least-recently-sent first (fewest-sent
 * would starve distant records while every node writes). Nothing is sorted: each rank is a list in order of sending.
 */
export class PushQueue {
  readonly #lanes: Readonly<Record<NewsClass, Lane>> = {
    verdict: new Lane(RANKS.verdict),
    membership: new Lane(RANKS.membership),
    urgent: new Lane(RANKS.urgent),
    data: new Lane(RANKS.data),
  };
  /** An owner's news are few: looked through rather than indexed. */
  readonly #byOwner = new Map<NodeId, Entry[]>();

  get size(): number {
    return NEWS_CLASSES.reduce((sum, newsClass) => sum + this.#lanes[newsClass].size, 0);
  }

  sizeOf(newsClass: NewsClass): number {
    return this.#lanes[newsClass].size;
  }

  /**
   * News about this record, from the start: what was queued of it before is replaced (B-50). Application data that was queued keeps
   * its place, so that a key which changes all the time doesn't go before those that wait.
   */
  add(owner: NodeId, key: string, { version, newsClass }: { version: Version; newsClass: NewsClass }): void {
    const before = this.#byOwner.get(owner)?.find((entry) => entry.key === key);
    if (before?.newsClass === newsClass && (newsClass === 'data' || newsClass === 'urgent')) {
      before.sent = 0;
      before.version = version;
      return;
    }
    if (before !== undefined) this.remove(before);
    const entry = new Entry(owner, key, newsClass, version);
    const entries = this.#byOwner.get(owner);
    if (entries === undefined) this.#byOwner.set(owner, [entry]);
    else entries.push(entry);
    this.#lanes[newsClass].append(entry);
  }

  /** News of a class in the order in which they should be packed. Don't change the queue while it runs. */
  *inOrder(newsClass: NewsClass): IterableIterator<News> {
    yield* this.#lanes[newsClass].inOrder();
  }

  /** Notes that news left in `copies` datagrams; at `limit` it leaves the queue. News that was replaced meanwhile is left alone. */
  noteSent(news: News, copies: number, limit: number): void {
    const entry = news as Entry;
    if (!entry.listed) return;
    const lane = this.#lanes[entry.newsClass];
    lane.remove(entry);
    entry.sent += copies;
    if (entry.sent < limit) lane.append(entry);
    else this.#forget(entry);
  }

  /** What is queued about this version, if anything. */
  find(owner: NodeId, version: Version): News | undefined {
    return this.#byOwner.get(owner)?.find((entry) => entry.version === version);
  }

  remove(news: News): void {
    const entry = news as Entry;
    if (!entry.listed) return;
    this.#lanes[entry.newsClass].remove(entry);
    this.#forget(entry);
  }

  clear(): void {
    for (const newsClass of NEWS_CLASSES) this.#lanes[newsClass].clear();
    this.#byOwner.clear();
  }

  #forget(entry: Entry): void {
    const entries = this.#byOwner.get(entry.owner);
    if (entries === undefined) return;
    if (entries.length === 1) this.#byOwner.delete(entry.owner);
    else entries.splice(entries.indexOf(entry), 1);
  }
}

class Entry implements News {
  readonly owner: NodeId;
  readonly key: string;
  readonly newsClass: NewsClass;
  version: Version;
  sent = 0;
  rank = 0;
  listed = false;
  /** Neighbours in the list of its rank. */
  before: Entry | undefined;
  after: Entry | undefined;

  constructor(owner: NodeId, key: string, newsClass: NewsClass, version: Version) {
    this.owner = owner;
    this.key = key;
    this.newsClass = newsClass;
    this.version = version;
  }
}

/** The news of one class: a list for each rank, which costs the same however many there are. */
class Lane {
  readonly #first: (Entry | undefined)[];
  readonly #last: (Entry | undefined)[];
  #size = 0;

  constructor(ranks: number) {
    this.#first = new Array<Entry | undefined>(ranks).fill(undefined);
    this.#last = new Array<Entry | undefined>(ranks).fill(undefined);
  }

  get size(): number {
    return this.#size;
  }

  *inOrder(): IterableIterator<Entry> {
    for (let rank = 0; rank < this.#first.length; rank++) {
      for (let entry = this.#first[rank]; entry !== undefined; entry = entry.after) yield entry;
    }
  }

  append(entry: Entry): void {
    const rank = Math.min(entry.sent, this.#first.length - 1);
    const last = this.#last[rank];
    entry.rank = rank;
    entry.before = last;
    entry.after = undefined;
    entry.listed = true;
    if (last === undefined) this.#first[rank] = entry;
    else last.after = entry;
    this.#last[rank] = entry;
    this.#size++;
  }

  remove(entry: Entry): void {
    const { before, after, rank } = entry;
    if (before === undefined) this.#first[rank] = after;
    else before.after = after;
    if (after === undefined) this.#last[rank] = before;
    else after.before = before;
    entry.listed = false;
    this.#size--;
  }

  clear(): void {
    for (const entry of this.inOrder()) entry.listed = false;
    this.#first.fill(undefined);
    this.#last.fill(undefined);
    this.#size = 0;
  }
}
