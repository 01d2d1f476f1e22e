import type { NodeId } from '../core/ids.ts';
import { sample } from '../core/random.ts';
import type { Version } from '../core/version.ts';
import { freshBlock } from '../data/delta.ts';
import { type News, PushQueue } from '../data/push-queue.ts';
import type { StoredRecord } from '../data/stored-record.ts';
import { isAccuseKey } from '../membership/accusation-record.ts';
import type { Member } from '../membership/member.ts';
import { decodeNodeFacts, NODE_KEY } from '../membership/node-facts.ts';
import type { Block } from '../wire/message.ts';
import { BlockPacker } from './block-packer.ts';
import type { EngineContext } from './context.ts';
import type { Staged } from './outbox.ts';

/** Datagrams of news that one flush sends to each of its peers, at most. */
const DATAGRAMS_PER_FLUSH = 4;
/** Hearing a piece of news again counts as so many copies sent. */
const HEARD_COUNTS_AS = 4;
/** Less room than this isn't worth a look at the queue. */
const PIGGYBACK_ROOM_MIN = 120;

/**
 * Spreads fresh records: one multicast datagram per capable link, and by unicast to a few random peers that don't hear it; whoever
 * learned something new passes it on, until it was sent often enough.
 */
export class Spreader {
  readonly #ctx: EngineContext;
  readonly #queue = new PushQueue();
  /** News of this node's own that still has to go out by multicast. */
  readonly #multicast = new Map<string, { owner: NodeId; key: string }>();

  constructor(ctx: EngineContext) {
    this.#ctx = ctx;
  }

  /** A record is news here. Urgent news leaves with this mutation, other news with the next batch. */
  add(
    owner: NodeId,
    key: string,
    { urgent, nowMs, viaMulticast = false }: { urgent: boolean; nowMs: number; viaMulticast?: boolean },
  ): void {
    const membership = key === NODE_KEY || isAccuseKey(key);
    if (!viaMulticast && owner === this.#ctx.id && this.#multicastLinks().length > 0)
      this.#multicast.set(`${owner}/${key}`, { owner, key });
    const record = this.#ctx.table.owner(owner)?.get(key);
    if (record === undefined) return;
    const newsClass = membership ? 'membership' : 'data';
    this.#queue.add(owner, key, { version: record.version, newsClass, routine: isRoutine(record) });
    this.#ctx.timers.setEarlier('batch', urgent ? nowMs : nowMs + this.#ctx.settings.batchIntervalMs);
  }

  /**
   * Somebody told this node what it is telling others itself: it spreads without it, so it is told less often. Without this a piece of
   * data would reach every node about as many times as there are copies from each. What is urgent is spread to the full.
   */
  heardAgain(owner: NodeId, version: Version): void {
    const news = this.#queue.find(owner, version);
    if (news?.routine) this.#queue.noteSent(news, HEARD_COUNTS_AS, this.#limit());
  }

  /** The batch is due. */
  flush(nowMs: number): void {
    this.#flushMulticast(nowMs);
    const peers = this.#choosePeers(nowMs);
    if (peers.length > 0) {
      const done = new Set<News>();
      for (let i = 0; i < DATAGRAMS_PER_FLUSH && this.#queue.size > 0; i++) {
        if (!this.#sendOne(peers, done, nowMs)) break;
      }
    }
    if (this.#allHear(nowMs)) this.#queue.clear();
    if (this.#queue.size > 0)
      this.#ctx.timers.setEarlier('batch', nowMs + this.#ctx.settings.batchIntervalMs);
  }

  /** Fills what is left of a datagram with news for its receiver (B-54); light ones carry none (B-55). */
  piggyback(staged: Staged, nowMs: number): void {
    if (staged.peer === undefined || this.#queue.size === 0 || staged.builder.room < PIGGYBACK_ROOM_MIN)
      return;
    const { packer, packed } = this.#pack(staged.builder.room, { peer: staged.peer }, nowMs);
    if (packed.length === 0 || !staged.builder.tryAdd({ type: 'blocks', blocks: packer.blocks })) return;
    for (const news of packed) this.#queue.noteSent(news, 1, this.#limit());
  }

  /** Sends these peers one datagram of news that this flush hasn't sent yet. */
  #sendOne(peers: readonly Member[], done: Set<News>, nowMs: number): boolean {
    const builder = this.#ctx.outbox.newBuilder();
    const { packer, packed } = this.#pack(builder.room, { done }, nowMs);
    if (packed.length === 0 || !builder.tryAdd({ type: 'blocks', blocks: packer.blocks })) return false;
    const to = peers.map((member) => ({
      destination: { kind: 'unicast' as const, endpoint: member.endpoint! },
      peer: member.id,
    }));
    this.#ctx.outbox.sendBody(to, builder.finish(), 'membership');
    for (const news of packed) {
      done.add(news);
      this.#queue.noteSent(news, peers.length, this.#limit());
    }
    return true;
  }

  #pack(
    room: number,
    without: { peer?: NodeId; done?: ReadonlySet<News> },
    nowMs: number,
  ): { packer: BlockPacker; packed: News[] } {
    const packer = new BlockPacker(room);
    const packed: News[] = [];
    for (const news of this.#queue.inOrder()) {
      if (packer.roomForItems < 32) break;
      if (news.owner === without.peer || without.done?.has(news)) continue;
      const block = this.#blockOf(news.owner, news.key, nowMs);
      if (block === undefined) this.#queue.remove(news);
      else if (packer.tryAdd(block)) packed.push(news);
    }
    return { packer, packed };
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

  /** Members that don't hear our multicast: those go by unicast. */
  #offSegment(nowMs: number): readonly Member[] {
    const heard = new Set(this.#multicastLinks().map((link) => link.name));
    const present = this.#ctx.members.present();
    if (heard.size === 0) return present;
    return present.filter((member) => !(member.heardByMulticast(nowMs) && heard.has(member.segment!)));
  }

  /** Whether the multicast that went out was enough. */
  #allHear(nowMs: number): boolean {
    return this.#ctx.members.presentCount === 0 || this.#offSegment(nowMs).length === 0;
  }

  #choosePeers(nowMs: number): Member[] {
    const peers = sample(this.#ctx.random, this.#offSegment(nowMs), this.#ctx.settings.fanOut);
    return peers.filter((member) => member.endpoint !== null);
  }

  /** Datagrams that one piece of news goes into, at most (B-53). */
  #limit(): number {
    const members = this.#ctx.members.presentCount + 1;
    return Math.max(1, this.#ctx.settings.retransmitMultiplier * Math.ceil(Math.log10(members + 1)));
  }
}

/** Whether it may arrive by a digest as well as at once: normal data, and that a node has started; not accusations and refutations. */
function isRoutine(record: StoredRecord): boolean {
  if (record.key !== NODE_KEY) return record.priority !== 'urgent';
  const facts = decodeNodeFacts(record.value);
  return facts?.state === 'alive' && facts.incarnation === 0;
}
