import { equalBytes } from '../core/bytes.ts';
import { type Endpoint, endpointKey } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import { BODY_BYTES_MAX, DIGEST_BUCKETS } from '../core/limits.ts';
import { jitter, randomBelow, sample } from '../core/random.ts';
import { isReservedKey } from '../core/reserved-keys.ts';
import { deltaFor, isAhead, isBehind } from '../data/delta.ts';
import type { OwnerRecords } from '../data/owner-records.ts';
import type { Member } from '../membership/member.ts';
import { sizeOfItem } from '../wire/body.ts';
import type { Block, Line, Message } from '../wire/message.ts';
import { BlockPacker, bytesOfBlock } from './block-packer.ts';
import { type EngineContext, type Inbound, replyEndpoint } from './context.ts';
import { isProvenPlace } from './echo.ts';
import { Told } from './told.ts';
import { Wants } from './wants.ts';

/** Owners that a digest lists instead of hashing, at most: so it fits a datagram with room to spare. */
const RECENT_MAX = 24;
/** Up to so many owners a mismatch is answered with all lines at once. */
const SMALL_TABLE = 24;
const LINES_PER_DATAGRAM = 30;
const HAVE_DATAGRAMS_MAX = 4;
/** A datagram's room for one `blocks` message: the body less sender, boot and heads. */
const BLOCKS_ROOM = BODY_BYTES_MAX - 32;
/** A node that found itself behind asks again so soon, until it isn't. */
const HUNGRY_MS = 500;
/** After a difference was seen, digests go at that pace for so long. */
const HUNGRY_FOR_MS = 3_000;
/** So does a newcomer: the answers to its first questions may be lost. */
const YOUNG_MS = 5_000;
/** What is still missing is asked for again so soon, so often. */
const WANT_AGAIN_MS = 150;
const WANT_TRIES = 4;
/** Below this share of its budget anti-entropy counts as busy. */
const BUSY_LEVEL = 0.5;
/** About what a digest takes, and each line in it. */
const DIGEST_BYTES = 80;
const LINE_BYTES = 32;
/** A hungry node asks so many at once: on a lossy link most questions lead nowhere. */
const PEERS_WHEN_HUNGRY = 2;
/** Members drawn for a digest, of which one that is proven is preferred. */
const CANDIDATES = 3;
const ALL_BUCKETS = Array.from({ length: DIGEST_BUCKETS }, (_, i) => i);

/** Anti-entropy [P-7]: finds what peers lack or have more of, at the cost of one small packet where nothing differs. */
export class Synchroniser {
  readonly #ctx: EngineContext;
  #hungryUntilMs = 0;
  readonly #wants = new Wants();
  readonly #told = new Told();

  constructor(ctx: EngineContext) {
    this.#ctx = ctx;
  }

  /** Owners of which something is being asked for. */
  get wantCount(): number {
    return this.#wants.size;
  }

  /** Pairs of peer and owner whose last answer is remembered. */
  get toldCount(): number {
    return this.#told.size;
  }

  start(nowMs: number): void {
    this.#hungryUntilMs = nowMs + YOUNG_MS;
    this.#ctx.timers.set('digest', nowMs + this.#ctx.random.next() * HUNGRY_MS);
  }

  /** The interval's turn: one random member gets a digest. */
  onInterval(nowMs: number): void {
    const pace = this.#ctx.presence.digestPace;
    const hungry = nowMs < this.#hungryUntilMs;
    const speaks = pace.turn() || hungry;
    this.#ctx.timers.set(
      'digest',
      nowMs + jitter(this.#ctx.random, hungry ? HUNGRY_MS : pace.intervalMs, 0.2),
    );
    if (!speaks) return;
    const candidates = sample(this.#ctx.random, this.#ctx.members.reachable(), CANDIDATES);
    // Who has proven itself answers at once; the others need two round trips more.
    candidates.sort((a, b) => Number(this.#ctx.isProven(b.id)) - Number(this.#ctx.isProven(a.id)));
    const count = hungry && !this.#isBusy(nowMs) ? PEERS_WHEN_HUNGRY : 1;
    for (const peer of candidates.slice(0, count)) this.greet(peer, nowMs);
  }

  /** Sends this member a digest now. */
  greet(peer: Member, nowMs: number): void {
    if (peer.endpoint !== null) this.greetAt(peer.endpoint, peer.id, nowMs);
  }

  /** Sends whoever is known to be at this endpoint a digest now. */
  greetAt(endpoint: Endpoint, peer: NodeId, nowMs: number): void {
    // While much is being told, the list would be long and of no use.
    const most = this.#isBusy(nowMs) ? 0 : RECENT_MAX;
    const recent = this.#ctx.table.recentOwners(nowMs - this.#ctx.settings.digestQuietMs, most);
    const tableHash = this.#ctx.table.hash.totalWithout(recent);
    if (!this.#ctx.isProven(peer)) this.#ctx.joiner.ask(peer, endpoint, { destBoot: 0, nowMs });
    this.#ctx.counters.digestsSent++;
    this.#ctx.budgets.sync.spend(DIGEST_BYTES + LINE_BYTES * recent.length, nowMs);
    const digest: Message = { type: 'digest', tableHash, lines: recent.map(lineOf) };
    this.#ctx.outbox.stage({ kind: 'unicast', endpoint }, peer, digest, 'membership');
  }

  onDigest(lines: readonly Line[], tableHash: Uint8Array, from: Inbound): void {
    this.#compare(lines, from);
    const own = this.#ctx.table.hash.totalWithout(lines.map((line) => this.#ctx.table.owner(line.owner)));
    if (equalBytes(own, tableHash)) return;
    this.#askAgainSoon(from);
    if (this.#ctx.table.ownerCount <= SMALL_TABLE)
      for (const have of this.#haves(ALL_BUCKETS)) this.#reply(from, have);
    else this.#reply(from, { type: 'buckets', hashes: this.#ctx.table.hash.buckets() });
  }

  onBuckets(hashes: Uint8Array, from: Inbound): void {
    const own = this.#ctx.table.hash.buckets();
    const differing = ALL_BUCKETS.filter(
      (bucket) =>
        !equalBytes(hashes.subarray(4 * bucket, 4 * bucket + 4), own.subarray(4 * bucket, 4 * bucket + 4)),
    );
    if (differing.length > 0) this.#askAgainSoon(from);
    const groups = this.#groupBuckets(differing);
    // From a random one on: what doesn't fit this time gets its turn another time.
    const first = randomBelow(this.#ctx.random, Math.max(1, groups.length));
    const turn = [...groups.slice(first), ...groups.slice(0, first)].slice(0, HAVE_DATAGRAMS_MAX);
    for (const group of turn) for (const have of this.#haves(group)) this.#reply(from, have);
  }

  onHave(buckets: readonly number[], lines: readonly Line[], from: Inbound): void {
    this.#compare(lines, from);
    if (buckets.length === 0) return;
    const listed = new Set(lines.map((line) => line.owner));
    const missing: Line[] = [];
    for (const bucket of new Set(buckets)) {
      for (const { owner, known } of this.#ctx.table.ownersIn(bucket))
        if (!listed.has(owner) && known > 0) missing.push({ owner, known: 0, gc: 0 });
    }
    this.#sendBlocks(missing, from);
  }

  onWant(lines: readonly Line[], from: Inbound): void {
    this.#sendBlocks(lines, from);
  }

  /** Asks for what this node lacks of these owners. Somebody that it knows nothing of yet is asked for again, too. */
  wantNewcomer(from: Inbound): void {
    this.want([from.sender], from);
    this.#remember([{ owner: from.sender, known: 1, gc: 0 }], [from.sender], from);
  }

  /** Asks for what this node lacks of these owners. */
  want(owners: readonly NodeId[], from: Inbound): void {
    for (let i = 0; i < owners.length; i += LINES_PER_DATAGRAM) {
      const lines = owners.slice(i, i + LINES_PER_DATAGRAM).map((owner) => this.#ctx.table.line(owner));
      this.#reply(from, { type: 'want', lines });
    }
  }

  /** Asks a member for all above a line, whatever is held. */
  wantFrom(peer: Member, line: Line, nowMs: number): void {
    const { endpoint } = peer;
    if (endpoint === null || this.#ctx.budgets.sync.left(nowMs) <= 0) return;
    // An answer draws more bytes than the question: whoever gives it wants a proof first.
    if (!this.#ctx.isProven(peer.id)) this.#ctx.joiner.ask(peer.id, endpoint, { destBoot: 0, nowMs });
    const want: Message = { type: 'want', lines: [line] };
    this.#ctx.budgets.sync.spend(replyBytes(want), nowMs);
    this.#ctx.outbox.stage({ kind: 'unicast', endpoint }, peer.id, want, 'membership');
  }

  #compare(lines: readonly Line[], from: Inbound): void {
    const ahead: Line[] = [];
    const behind: NodeId[] = [];
    for (const line of lines) {
      const records = this.#ctx.table.owner(line.owner);
      if (line.owner === this.#ctx.id) {
        this.#ctx.follower.hear(line.known, from.nowMs);
        if (records !== undefined && isAhead(records, line)) ahead.push(line);
      } else if (records !== undefined && isAhead(records, line)) ahead.push(line);
      else if (isBehind(records, line) && (records?.refusedUntilMs ?? 0) <= from.nowMs)
        behind.push(line.owner);
    }
    this.#sendBlocks(ahead, from);
    if (behind.length === 0) return;
    this.want(behind, from);
    this.#remember(lines, behind, from);
    this.#askAgainSoon(from);
  }

  /** The wants' turn: what is still missing is asked for again, of who has it. */
  onWantTurn(nowMs: number): void {
    const { turn, waiting } = this.#wants.turn(
      (owner) => this.#ctx.table.owner(owner)?.known ?? 0,
      WANT_TRIES,
    );
    if (this.#wants.size > 0) this.#ctx.timers.set('want', nowMs + WANT_AGAIN_MS);
    for (const { peer, endpoint } of waiting) this.#askMember(peer, endpoint, nowMs);
    const byPeer = Map.groupBy(turn, (want) => want.peer);
    for (const [peer, wants] of byPeer) {
      const to = { kind: 'unicast' as const, endpoint: wants[0].endpoint };
      for (let i = 0; i < wants.length; i += LINES_PER_DATAGRAM) {
        const lines = wants.slice(i, i + LINES_PER_DATAGRAM).map(({ owner }) => this.#ctx.table.line(owner));
        this.#ctx.outbox.stage(to, peer, { type: 'want', lines }, 'membership');
      }
    }
  }

  /** The question for a proof, or its answer, may have been lost. A member is asked again where it says that it is: as by a probe. */
  #askMember(peer: NodeId, endpoint: Endpoint, nowMs: number): void {
    const member = this.#ctx.members.get(peer);
    if (member?.endpoint == null || endpointKey(member.endpoint) !== endpointKey(endpoint)) return;
    this.#ctx.joiner.ask(peer, endpoint, { destBoot: member.boot, nowMs });
  }

  #remember(lines: readonly Line[], behind: readonly NodeId[], from: Inbound): void {
    const missing = new Set(behind);
    const endpoint = replyEndpoint(from.path);
    for (const { owner, known } of lines) {
      if (missing.has(owner))
        this.#wants.add({ owner, upTo: known, peer: from.sender, endpoint, session: from.session });
    }
    this.#ctx.timers.setEarlier('want', from.nowMs + WANT_AGAIN_MS);
  }

  /** Tables differ: digests follow quickly for a while, because what is being exchanged may get lost. */
  #askAgainSoon({ session, nowMs }: Inbound): void {
    // What may be long ago tells nothing of the tables now [P-7.11].
    if (!session.proven) return;
    this.#hungryUntilMs = Math.max(this.#hungryUntilMs, nowMs + HUNGRY_FOR_MS);
    this.#ctx.timers.setEarlier('digest', nowMs + jitter(this.#ctx.random, HUNGRY_MS, 0.2));
  }

  #isBusy(nowMs: number): boolean {
    return this.#ctx.budgets.sync.level(nowMs) <= BUSY_LEVEL;
  }

  /** Quiet owners first, chatty ones last: what changes all the time comes again anyway (B-76). */
  #sendBlocks(lines: readonly Line[], from: Inbound): void {
    if (lines.length === 0) return;
    if (!isProvenPlace(from)) {
      this.#ctx.joiner.prove(from);
      return;
    }
    const held: { line: Line; records: OwnerRecords }[] = [];
    for (const line of lines) {
      const records = this.#ctx.table.owner(line.owner);
      if (records !== undefined && isAhead(records, line)) held.push({ line, records });
    }
    held.sort((a, b) => a.records.changedAtMs - b.records.changedAtMs);
    let packer = new BlockPacker(BLOCKS_ROOM);
    const close = () => {
      if (packer.blocks.length > 0) this.#stage(from, { type: 'blocks', blocks: packer.blocks });
      packer = new BlockPacker(BLOCKS_ROOM);
    };
    for (const { line, records } of held) {
      if (!this.#mayAnswer(from.nowMs)) break;
      if (!this.#told.take(from.sender, line, from.nowMs)) continue;
      let peer = line;
      while (this.#mayAnswer(from.nowMs) && isAhead(records, peer)) {
        const block = deltaFor(records, peer, from.nowMs, packer.roomForItems, sizeOfItem);
        if (block !== undefined && packer.tryAdd(block)) {
          this.#charge(records, block, from.nowMs);
          peer = { owner: peer.owner, known: block.to, gc: block.gc };
        } else if (packer.blocks.length === 0) break;
        else close();
      }
    }
    close();
  }

  #mayAnswer(nowMs: number): boolean {
    const { sync, data } = this.#ctx.budgets;
    return sync.left(nowMs) > 0 && data.left(nowMs) > 0;
  }

  /** Records of applications are paid for by their own class: there may be many more of them than of members. */
  #charge(records: OwnerRecords, block: Block, nowMs: number): void {
    let data = 0;
    for (const { key, version, body, signature } of records.above(block.from)) {
      if (version > block.to) break;
      if (!isReservedKey(key)) data += body.length + (signature?.length ?? 0);
    }
    this.#ctx.budgets.data.spend(data, nowMs);
    this.#ctx.budgets.sync.spend(bytesOfBlock(block) - data, nowMs);
  }

  /** One `have` of these buckets; or, where their lines don't fit a datagram, several that name none. */
  #haves(buckets: readonly number[]): Message[] {
    const lines = buckets.flatMap((bucket) => this.#ctx.table.ownersIn(bucket).map(lineOf));
    if (lines.length <= LINES_PER_DATAGRAM) return [{ type: 'have', buckets, lines }];
    const haves: Message[] = [];
    for (let i = 0; i < lines.length; i += LINES_PER_DATAGRAM)
      haves.push({ type: 'have', buckets: [], lines: lines.slice(i, i + LINES_PER_DATAGRAM) });
    return haves;
  }

  /** Buckets in groups whose lines fit one datagram. */
  #groupBuckets(buckets: readonly number[]): number[][] {
    const groups: number[][] = [];
    let group: number[] = [];
    let lines = 0;
    for (const bucket of buckets) {
      const size = this.#ctx.table.ownersIn(bucket).length;
      if (group.length > 0 && lines + size > LINES_PER_DATAGRAM) {
        groups.push(group);
        group = [];
        lines = 0;
      }
      group.push(bucket);
      lines += size;
    }
    if (group.length > 0) groups.push(group);
    return groups;
  }

  /** Answers as far as the allowance goes; what isn't said now comes by a later digest. */
  #reply(to: Inbound, message: Message): void {
    if (!isProvenPlace(to)) {
      this.#ctx.joiner.prove(to);
      if (message.type !== 'want') return;
    }
    if (this.#ctx.budgets.sync.left(to.nowMs) <= 0) return;
    this.#ctx.budgets.sync.spend(replyBytes(message), to.nowMs);
    this.#stage(to, message);
  }

  #stage(to: Inbound, message: Message): void {
    const destination = { kind: 'unicast' as const, endpoint: replyEndpoint(to.path) };
    this.#ctx.outbox.stage(destination, to.sender, message, 'membership');
  }
}

function lineOf(records: OwnerRecords): Line {
  return { owner: records.owner, known: records.known, gc: records.gc };
}

/** About what an answer takes; blocks are counted as they are packed. */
function replyBytes(message: Message): number {
  if (message.type === 'buckets') return 4 * DIGEST_BUCKETS;
  return message.type === 'have' || message.type === 'want'
    ? LINE_BYTES * message.lines.length + DIGEST_BUCKETS
    : 0;
}
