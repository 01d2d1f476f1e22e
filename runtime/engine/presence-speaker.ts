import { equalBytes } from '../core/bytes.ts';
import { jitter } from '../core/random.ts';
import type { Member } from '../membership/member.ts';
import type { Presence } from '../wire/message.ts';
import { type EngineContext, type Inbound, replyEndpoint } from './context.ts';
import { Trickle } from './trickle.ts';

/** The first presences follow one another quickly, so that a newcomer is found at once. */
const FIRST_GAPS_MS = [250, 500];
const NODE_BLOCK_EVERY = 10;
const INVITE_DELAY_MS = 250;
/** A newcomer calls so many of those it hears, to learn everything; the rest prove themselves when their probe's turn comes. */
const FIRST_INVITES = 3;
/** A member counts as heard by multicast for so many of its presence intervals. */
const HEARD_INTERVALS = 1.3;
/** Its presence stands for random probes longer than that: those who watch it look after a single lost one. */
const VOUCHED_INTERVALS = 2.3;
const JITTER = 0.2;
/** A presence is on time until so long after it was due. */
const ON_TIME_MS = 50;
/** A difference of tables is looked into only when neither side is in the middle of news. */
const QUIET_MS = 1_000;
const HEARD_FRESH_MS = 500;
/** While presences show that the segment agrees, digests become rarer by up to this factor, and most are left out. */
const DIGEST_INTERVALS_MAX = 8;

/** Multicast presence [P-6.8]: discovers, vouches for its sender's life, and shows differences of tables. */
export class PresenceSpeaker {
  readonly #ctx: EngineContext;
  #spoken = 0;
  #invited = 0;
  #heard = 0;
  #heardAtMs = Number.NEGATIVE_INFINITY;
  #healthyAtMs = Number.NEGATIVE_INFINITY;
  /** The pace of digests: presences show by their hash whether the segment agrees. */
  readonly digestPace: Trickle;

  constructor(ctx: EngineContext) {
    this.#ctx = ctx;
    const { digestIntervalMs } = ctx.settings;
    this.digestPace = new Trickle({
      minMs: digestIntervalMs,
      maxMs: DIGEST_INTERVALS_MAX * digestIntervalMs,
    });
  }

  start(nowMs: number): void {
    this.#spoken = 0;
    if (this.#links().length > 0)
      this.#ctx.timers.setEarlier('presence', nowMs + this.#ctx.random.next() * 100);
  }

  /** The interval's turn. */
  onInterval(nowMs: number): void {
    const links = this.#links();
    if (links.length === 0) return;
    const withBlock = this.#spoken < 1 + FIRST_GAPS_MS.length || this.#spoken % NODE_BLOCK_EVERY === 0;
    const gap = FIRST_GAPS_MS[this.#spoken] ?? this.#intervalMs(nowMs);
    const nextMs = Math.round(jitter(this.#ctx.random, gap, JITTER));
    for (const link of links) this.#speak(link.name, { withBlock, nextMs, nowMs });
    this.#spoken++;
    this.#ctx.timers.set('presence', nowMs + nextMs);
  }

  /** Somebody's presence was heard. */
  onPresence(presence: Presence, from: Inbound): void {
    if (!from.path.multicast) return;
    const member = this.#ctx.members.get(from.sender);
    const isUnknown = member === undefined || presence.nodeVersion > member.nodeVersion;
    if (isUnknown || (!from.session.proven && this.#invited < FIRST_INVITES)) this.#inviteSoon(from);
    if (member === undefined) return;
    if (from.boot === member.boot) this.#noteHeard(member, presence, from);
    this.#compareTables(presence, member, from);
  }

  /** Any presence shows that multicast reaches us from there; only one that can't be a replay stands for a probe. */
  #noteHeard(member: Member, { nextMs }: Presence, { path, session, nowMs }: Inbound): void {
    const intervalMs = this.#intervalMs(nowMs);
    member.segment = path.link;
    member.segmentUntilMs = nowMs + HEARD_INTERVALS * intervalMs;
    if (!session.proven) return;
    if (nowMs <= member.presenceDueMs + ON_TIME_MS && Number.isFinite(member.presenceDueMs))
      this.#noteHealthy(nowMs);
    member.vouchedUntilMs = nowMs + VOUCHED_INTERVALS * intervalMs;
    member.provedAtMs = nowMs;
    member.presenceDueMs = nowMs + nextMs;
    member.presenceGapMs = nextMs;
  }

  /** Presences that are heard on time show that this node is well, as answered probes do, which they replace. */
  #noteHealthy(nowMs: number): void {
    if (nowMs - this.#healthyAtMs < this.#ctx.settings.probeIntervalMs) return;
    this.#healthyAtMs = nowMs;
    this.#ctx.health.change(-1);
  }

  /** The delay after a newcomer's presence is over: it is asked to prove itself. */
  onInvite(key: string, nowMs: number): void {
    const [, address, port] = /^(.*)\|(\d+)$/.exec(key) ?? [];
    if (address !== undefined)
      this.#ctx.joiner.invite({ transport: 'udp', address, port: Number(port) }, nowMs);
  }

  /** Members heard by multicast, counted at most twice a second: it sets intervals, and must not cost a pass a packet. */
  heard(nowMs: number): number {
    if (nowMs - this.#heardAtMs >= HEARD_FRESH_MS) {
      this.#heardAtMs = nowMs;
      this.#heard = this.#ctx.members.present().filter((member) => member.heardByMulticast(nowMs)).length;
    }
    return this.#heard;
  }

  #links() {
    return this.#ctx.links.filter((link) => link.multicast !== 'off');
  }

  #intervalMs(nowMs: number): number {
    const { presenceIntervalMs, presencesPerSecondMax } = this.#ctx.settings;
    return Math.max(presenceIntervalMs, ((this.heard(nowMs) + 1) * 1_000) / presencesPerSecondMax);
  }

  #speak(
    link: string,
    { withBlock, nextMs, nowMs }: { withBlock: boolean; nextMs: number; nowMs: number },
  ): void {
    const destination = { kind: 'multicast' as const, link };
    this.#ctx.outbox.stage(destination, undefined, {
      type: 'presence',
      uptimeMs: Math.max(0, Math.round(nowMs)),
      nodeVersion: this.#ctx.self.record?.version ?? 0,
      heard: this.heard(nowMs),
      tableHash: this.#ctx.table.hash.totalWithout([]),
      nextMs,
    });
    const block = withBlock ? this.#ctx.self.block(nowMs) : undefined;
    if (block !== undefined)
      this.#ctx.outbox.stage(destination, undefined, { type: 'blocks', blocks: [block] });
  }

  #inviteSoon(from: Inbound): void {
    const { address, port } = replyEndpoint(from.path);
    const key = `invite/${address}|${port}`;
    if (this.#ctx.timers.has(key)) return;
    this.#invited++;
    this.#ctx.timers.set(key, from.nowMs + this.#ctx.random.next() * INVITE_DELAY_MS);
  }

  /** About three of a segment's members look into a difference, not all of them. */
  #compareTables(presence: Presence, member: Member, from: Inbound): void {
    if (equalBytes(presence.tableHash, this.#ctx.table.hash.totalWithout([]))) {
      this.digestPace.hearConsistent();
      return;
    }
    const [latest] = this.#ctx.table.recentOwners(from.nowMs - QUIET_MS, 1);
    if (latest !== undefined) return;
    this.digestPace.hearInconsistent();
    if (this.#ctx.random.next() < 3 / (this.#ctx.members.presentCount + 1))
      this.#ctx.sync.greet(member, from.nowMs);
  }
}
