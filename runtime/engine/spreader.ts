import type { NodeId } from '../core/ids.ts';
import { DATAGRAM_HEADER_BYTES, SEAL_TAG_BYTES } from '../core/limits.ts';
import type { Version } from '../core/version.ts';
import { freshBlock } from '../data/delta.ts';
import { NEWS_CLASSES, type News, type NewsClass, PushQueue } from '../data/push-queue.ts';
import type { StoredRecord } from '../data/stored-record.ts';
import { isAccuseKey } from '../membership/accusation-record.ts';
import type { Member } from '../membership/member.ts';
import { NODE_KEY } from '../membership/node-facts.ts';
import type { Block } from '../wire/message.ts';
import { BlockPacker } from './block-packer.ts';
import type { EngineContext } from './context.ts';
import type { Staged } from './outbox.ts';
import { PeerOrder } from './peer-order.ts';

/** What sealing adds to a body. */
const SEALED_BYTES = DATAGRAM_HEADER_BYTES + SEAL_TAG_BYTES;
/** Datagrams of news of one class that one flush sends to each of its peers, at most. */
const DATAGRAMS_PER_FLUSH = 4;
/** Hearing a piece of news again counts as so many copies sent. What must reach everybody is spread to the full. */
const HEARD_COUNTS_AS: Readonly<Record<NewsClass, number>> = {
  verdict: 0,
  membership: 4,
  urgent: 0,
  data: 4,
};
/** So does urgent news while there is much of it. */
const HEARD_COUNTS_AS_BUSY = 4;
/** Urgent news leaves at once, but a class flushes no more often than this: what comes between shares the datagram. */
const FLUSH_GAP_MS = 10;
/** Less room than this isn't worth a look at the queue. */
const PIGGYBACK_ROOM_MIN = 120;
/** While many come at once, who has come waits so many batch intervals to share a datagram with others. */
const LINGER_BATCHES = 4;
/** Who has come is told to fewer: the digests of newcomers, and of those that see a difference, follow closely. */
const MEMBERSHIP_SHARE = 1 / 3;
/** So many node records about fill a datagram: then there is no point in waiting for more. */
const DATAGRAM_NEWS = 10;
/** With fewer peers at a time, copies to neighbours would go round the ring instead of spreading. */
const NEIGHBOUR_FAN_OUT_MIN = 3;
/** Below this share of its budget a class counts as busy. */
const BUSY_LEVEL = 0.5;

/**
 * Spreads fresh records: one multicast datagram per capable link, and by unicast to a few random peers that don't hear it; whoever
 * learned something new passes it on, until it was sent often enough. Each class of news has its own budget, so that none can take
 * another's share.
 */
export class Spreader {
  readonly #ctx: EngineContext;
  readonly #queue = new PushQueue();
  readonly #peers: PeerOrder;
  /** Which neighbour is told next. */
  #side = 0;
  readonly #flushedMs: Record<NewsClass, number> = {
    verdict: NEVER,
    membership: NEVER,
    urgent: NEVER,
    data: NEVER,
  };
  /** News of this node's own that still has to go out by multicast. */
  readonly #multicast = new Map<string, { owner: NodeId; key: string }>();

  constructor(ctx: EngineContext) {
    this.#ctx = ctx;
    this.#peers = new PeerOrder(ctx.random);
  }

  /** Pieces of news that wait to be sent. */
  get queued(): number {
    return this.#queue.size;
  }

  /** A record is news here. Urgent news leaves with this mutation, other news with the next batch. */
  add(
    owner: NodeId,
    key: string,
    { urgent, nowMs, viaMulticast = false }: { urgent: boolean; nowMs: number; viaMulticast?: boolean },
  ): void {
    if (!viaMulticast && owner === this.#ctx.id && this.#multicastLinks().length > 0)
      this.#multicast.set(`${owner}/${key}`, { owner, key });
    const record = this.#ctx.table.owner(owner)?.get(key);
    if (record === undefined) return;
    const newsClass = this.#classOf(owner, record);
    this.#queue.add(owner, key, { version: record.version, newsClass });
    this.#ctx.timers.setEarlier(`batch/${newsClass}`, nowMs + this.#delayOf(newsClass, urgent, nowMs));
  }

  /**
   * Somebody told this node what it is telling others itself: it spreads without it, so it is told less often. Without this a piece of
   * data would reach every node about as many times as there are copies from each.
   */
  heardAgain(owner: NodeId, version: Version, nowMs: number): void {
    const news = this.#queue.find(owner, version);
    if (news === undefined) return;
    const { newsClass } = news;
    const copies =
      newsClass === 'urgent' && this.#isBusy(newsClass, nowMs)
        ? HEARD_COUNTS_AS_BUSY
        : HEARD_COUNTS_AS[newsClass];
    if (copies > 0) this.#queue.noteSent(news, copies, this.#limit(newsClass));
  }

  /** A class's batch is due. */
  flush(newsClass: NewsClass, nowMs: number): void {
    this.#flushMulticast(nowMs);
    if (this.#allHear(nowMs)) {
      this.#queue.clear();
      return;
    }
    const budget = this.#ctx.budgets[newsClass];
    this.#flushedMs[newsClass] = nowMs;
    const done = new Set<News>();
    for (let i = 0; i < DATAGRAMS_PER_FLUSH && budget.left(nowMs) > 0; i++) {
      if (!this.#sendOne(newsClass, done, nowMs)) break;
    }
    if (this.#queue.sizeOf(newsClass) === 0) return;
    const hurries = newsClass === 'urgent' || newsClass === 'verdict';
    const restMs = this.#delayOf(newsClass, hurries, nowMs) || this.#ctx.settings.batchIntervalMs;
    this.#ctx.timers.setEarlier(`batch/${newsClass}`, nowMs + Math.max(restMs, budget.waitMs(nowMs)));
  }

  /** Fills what is left of a datagram with news for its receiver (B-54); light ones carry none (B-55). */
  piggyback(staged: Staged, nowMs: number): void {
    if (staged.peer === undefined || this.#queue.size === 0 || staged.builder.room < PIGGYBACK_ROOM_MIN)
      return;
    const classes = NEWS_CLASSES.filter((newsClass) => this.#ctx.budgets[newsClass].left(nowMs) > 0);
    const { packer, packed } = this.#pack(classes, staged.builder.room, { peer: staged.peer }, nowMs);
    const before = staged.builder.size;
    if (packed.length === 0 || !staged.builder.tryAdd({ type: 'blocks', blocks: packer.blocks })) return;
    this.#ctx.budgets[packed[0].newsClass].spend(staged.builder.size - before, nowMs);
    for (const news of packed) this.#queue.noteSent(news, 1, this.#limit(news.newsClass));
  }

  /** Sends some peers one datagram of news of this class that this flush hasn't sent yet. */
  #sendOne(newsClass: NewsClass, done: Set<News>, nowMs: number): boolean {
    const { fanOut } = this.#ctx.settings;
    const builder = this.#ctx.outbox.newBuilder();
    const { packer, packed } = this.#pack([newsClass], builder.room, { done }, nowMs);
    if (packed.length === 0 || !builder.tryAdd({ type: 'blocks', blocks: packer.blocks })) return false;
    // Chosen only now: who is passed over here comes up again a whole round later.
    const count = newsClass === 'membership' ? Math.ceil(fanOut / 2) : fanOut;
    const toNeighbour = newsClass === 'verdict' && fanOut >= NEIGHBOUR_FAN_OUT_MIN;
    const peers = this.#choosePeers(count, nowMs, toNeighbour ? this.#nextNeighbour() : undefined);
    if (peers.length === 0) return false;
    const to = peers.map((member) => ({
      destination: { kind: 'unicast' as const, endpoint: member.endpoint! },
      peer: member.id,
    }));
    const body = builder.finish();
    const isData = newsClass === 'data' || newsClass === 'urgent';
    this.#ctx.outbox.sendBody(to, body, isData ? 'data' : 'membership');
    this.#ctx.budgets[newsClass].spend(peers.length * (body.length + SEALED_BYTES), nowMs);
    for (const news of packed) {
      done.add(news);
      this.#queue.noteSent(news, peers.length, this.#limit(newsClass));
    }
    return true;
  }

  /** A few joins are told at once; while many come, a datagram for each would be a waste. */
  #delayOf(newsClass: NewsClass, urgent: boolean, nowMs: number): number {
    const { batchIntervalMs } = this.#ctx.settings;
    if (newsClass === 'membership' && this.#isBusy(newsClass, nowMs))
      return this.#queue.sizeOf(newsClass) >= DATAGRAM_NEWS ? 0 : LINGER_BATCHES * batchIntervalMs;
    return urgent ? Math.max(0, this.#flushedMs[newsClass] + FLUSH_GAP_MS - nowMs) : batchIntervalMs;
  }

  #isBusy(newsClass: NewsClass, nowMs: number): boolean {
    return this.#ctx.budgets[newsClass].level(nowMs) < BUSY_LEVEL;
  }

  #pack(
    classes: readonly NewsClass[],
    room: number,
    without: { peer?: NodeId; done?: ReadonlySet<News> },
    nowMs: number,
  ): { packer: BlockPacker; packed: News[] } {
    const packer = new BlockPacker(room);
    const packed: News[] = [];
    const gone: News[] = [];
    for (const newsClass of classes) {
      for (const news of this.#queue.inOrder(newsClass)) {
        if (packer.roomForItems < 32) break;
        if (news.owner === without.peer || without.done?.has(news)) continue;
        const block = this.#blockOf(news.owner, news.key, nowMs);
        if (block === undefined) gone.push(news);
        else if (packer.tryAdd(block)) packed.push(news);
      }
    }
    for (const news of gone) this.#queue.remove(news);
    return { packer, packed };
  }

  #classOf(owner: NodeId, { key, priority }: StoredRecord): NewsClass {
    if (isAccuseKey(key)) return priority === 'urgent' ? 'verdict' : 'membership';
    if (key !== NODE_KEY) return priority === 'urgent' ? 'urgent' : 'data';
    const member = this.#ctx.members.get(owner);
    const isNewcomer = member?.newcomer === true && member.facts.incarnation === 0;
    return isNewcomer && member.facts.state === 'alive' ? 'membership' : 'verdict';
  }

  #blockOf(owner: NodeId, key: string, nowMs: number): Block | undefined {
    const records = this.#ctx.table.owner(owner);
    const record: StoredRecord | undefined = records?.get(key);
    return records === undefined || record === undefined ? undefined : freshBlock(records, record, nowMs);
  }

  #flushMulticast(nowMs: number): void {
    if (this.#multicast.size === 0) return;
    const links = this.#multicastLinks();
    while (this.#multicast.size > 0) {
      const builder = this.#ctx.outbox.newBuilder();
      const packer = new BlockPacker(builder.room);
      for (const [name, { owner, key }] of this.#multicast) {
        const block = this.#blockOf(owner, key, nowMs);
        if (block !== undefined && !packer.tryAdd(block)) break;
        this.#multicast.delete(name);
      }
      if (packer.blocks.length === 0 || !builder.tryAdd({ type: 'blocks', blocks: packer.blocks })) break;
      const to = links.map((link) => ({
        destination: { kind: 'multicast' as const, link: link.name },
        peer: undefined,
      }));
      this.#ctx.outbox.sendBody(to, builder.finish(), 'membership');
    }
  }

  #multicastLinks() {
    return this.#ctx.links.filter((link) => link.multicast === 'full');
  }

  /** Whether a member needs to be told by unicast: it doesn't hear our multicast. */
  #isOffSegment(nowMs: number): (member: Member) => boolean {
    const heard = new Set(this.#multicastLinks().map((link) => link.name));
    return (member) =>
      heard.size === 0 || !(member.heardByMulticast(nowMs) && heard.has(member.heard.segment!));
  }

  /** Whether the multicast that went out was enough. */
  #allHear(nowMs: number): boolean {
    return !this.#ctx.members.present().some(this.#isOffSegment(nowMs));
  }

  /**
   * Copies to random peers leave out one of thousands, who then learns it from a digest, seconds later. With one copy to each side of
   * the ring everybody is told by two certain peers besides.
   */
  #nextNeighbour(): Member | undefined {
    const neighbours = this.#ctx.watch.neighbours();
    return neighbours[this.#side++ % 2];
  }

  #choosePeers(count: number, nowMs: number, first?: Member): Member[] {
    const isOffSegment = this.#isOffSegment(nowMs);
    const wanted = (member: Member) => member.endpoint !== null && isOffSegment(member);
    return this.#peers.take(count, this.#ctx.members.present(), wanted, first);
  }

  /** Datagrams that one piece of news goes into, at most (B-53). */
  #limit(newsClass: NewsClass): number {
    const members = this.#ctx.members.presentCount + 1;
    const copies = this.#ctx.settings.retransmitMultiplier * Math.ceil(Math.log10(members + 1));
    return Math.max(
      1,
      newsClass === 'membership' ? Math.max(this.#ctx.settings.fanOut, copies * MEMBERSHIP_SHARE) : copies,
    );
  }
}

const NEVER = Number.NEGATIVE_INFINITY;
