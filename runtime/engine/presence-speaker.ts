import { equalBytes } from '../core/bytes.ts';
import { jitter } from '../core/random.ts';
import type { Member } from '../membership/member.ts';
import { encodeAnchor, PRESENCE_KEY } from '../trust/presence-chain.ts';
import type { Presence } from '../wire/message.ts';
import { type EngineContext, type Inbound, replyEndpoint } from './context.ts';
import { uptimeAt } from './life-signs.ts';
import type { EngineSettings } from './settings.ts';
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
/** A presence that is announced for later than so many intervals of this node's own is looked for all the same. */
const NEXT_INTERVALS_MAX = 2;
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
  /** How many were heard at the last interval's turn. */
  #heardBefore = 0;
  #healthyAtMs = Number.NEGATIVE_INFINITY;
  /** The pace of digests: presences show by their hash whether the segment agrees. */
  readonly digestPace: Trickle;

  constructor(ctx: EngineContext) {
    this.#ctx = ctx;
    this.digestPace = new Trickle(digestBounds(ctx.settings));
  }

  /** The settings have changed. */
  retune(): void {
    this.digestPace.bound(digestBounds(this.#ctx.settings));
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
    this.#noteSilence(nowMs);
    const withBlock = this.#spoken < 1 + FIRST_GAPS_MS.length || this.#spoken % NODE_BLOCK_EVERY === 0;
    const gap = FIRST_GAPS_MS[this.#spoken] ?? this.#intervalMs(nowMs);
    const nextMs = Math.round(jitter(this.#ctx.random, gap, JITTER));
    const proof = this.#proof(nowMs);
    for (const link of links) this.#speak(link.name, { withBlock, nextMs, proof, nowMs });
    this.#spoken++;
    this.#ctx.timers.set('presence', nowMs + nextMs);
  }

  /** The segment carries much less than it did: news that was sent there may be lost, and nobody's presence says so. */
  #noteSilence(nowMs: number): void {
    const heard = this.heard(nowMs);
    if (2 * heard < this.#heardBefore) {
      this.digestPace.hearInconsistent();
      const digestMs = jitter(this.#ctx.random, this.digestPace.intervalMs, JITTER);
      this.#ctx.timers.setEarlier('digest', nowMs + digestMs);
    }
    this.#heardBefore = heard;
  }

  /** Somebody's presence was heard. */
  onPresence(presence: Presence, from: Inbound): void {
    if (!from.path.multicast) return;
    const member = this.#ctx.members.get(from.sender);
    const isUnknown = member === undefined || presence.nodeVersion > member.nodeVersion;
    if (isUnknown || (!from.session.proven && this.#invited < FIRST_INVITES)) this.#inviteSoon(from);
    if (member === undefined) return;
    if (from.boot === member.boot && !this.#noteHeard(member, presence, from)) return;
    this.#compareTables(presence, member, from);
  }

  /**
   * Any presence shows that multicast reaches us from there; only one that can't be a replay stands for a probe. Where lives are to be
   * proven, one without its proof shows nothing.
   * @returns whether the rest of it may be looked at: it isn't made up.
   */
  #noteHeard(member: Member, presence: Presence, from: Inbound): boolean {
    const { path, session, nowMs } = from;
    const intervalMs = this.#intervalMs(nowMs);
    const { life, counters } = this.#ctx;
    const verdict = life.checkPresence(presence, from, this.#ctx.table.owner(member.id), nowMs);
    if (verdict === 'wrong') counters.drops['bad-proof']++;
    // Replayed, kept back, or of somebody whose chain isn't known yet: who wants to know asks by ping.
    if (verdict !== 'valid') return verdict === 'unknown';
    if (life.demanded) from.lives = true;
    // A link shows that its owner lives, and not who put the rest of the presence around it.
    const nextMs = life.demanded
      ? Math.min(presence.nextMs, NEXT_INTERVALS_MAX * intervalMs)
      : presence.nextMs;
    const { presenceDueMs } = member.heard;
    const onLink = { segment: path.link, segmentUntilMs: nowMs + HEARD_INTERVALS * intervalMs };
    member.heard = { ...member.heard, ...onLink };
    if (!(session.proven && session.advanced) && !life.demanded) return true;
    if (!life.demanded) this.#noteClock(member, presence, nowMs);
    if (nowMs <= presenceDueMs + ON_TIME_MS && Number.isFinite(presenceDueMs)) this.#noteHealthy(nowMs);
    member.provedAtMs = nowMs;
    const vouchedUntilMs = nowMs + VOUCHED_INTERVALS * intervalMs;
    member.heard = { ...onLink, vouchedUntilMs, presenceDueMs: nowMs + nextMs, presenceGapMs: nextMs };
    return true;
  }

  /** Where the group's key is all the proof there is, a member's session vouches for its uptime too. */
  #noteClock({ id, boot }: Member, { uptimeMs }: Presence, nowMs: number): void {
    if (this.#ctx.clocks.note(id, { boot, uptimeMs }, nowMs)) this.#ctx.table.ageAnew(id, nowMs);
  }

  /** Presences that are heard on time show that this node is well, as answered probes do, which they replace. */
  #noteHealthy(nowMs: number): void {
    if (nowMs - this.#healthyAtMs < this.#ctx.settings.probeIntervalMs) return;
    this.#healthyAtMs = nowMs;
    this.#ctx.health.change(-1);
  }

  /** The delay after a newcomer's presence is over: it is asked to prove itself. */
  onInvite(key: string, nowMs: number): void {
    const [, id, boot, address, port] = /^(\w+)\|(\d+)\|(.*)\|(\d+)$/.exec(key) ?? [];
    if (address === undefined) return;
    const endpoint = { transport: 'udp', address, port: Number(port) } as const;
    this.#ctx.joiner.invite(id, endpoint, { destBoot: Number(boot), nowMs });
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
    about: { withBlock: boolean; nextMs: number; proof: Pick<Presence, 'link'>; nowMs: number },
  ): void {
    const { withBlock, nextMs, proof, nowMs } = about;
    const destination = { kind: 'multicast' as const, link };
    this.#ctx.outbox.stage(destination, undefined, {
      type: 'presence',
      uptimeMs: uptimeAt(nowMs),
      nodeVersion: this.#ctx.self.record?.version ?? 0,
      heard: this.heard(nowMs),
      tableHash: this.#ctx.table.hash.totalWithout([]),
      nextMs,
      ...proof,
    });
    const block = withBlock ? this.#ctx.self.block(nowMs) : undefined;
    if (block !== undefined)
      this.#ctx.outbox.stage(destination, undefined, { type: 'blocks', blocks: [block] });
  }

  /** What shows that this node lives now; where a chain begins is told first. */
  #proof(nowMs: number): Pick<Presence, 'link'> {
    const { own, spreader, life, id } = this.#ctx;
    const { link, announce } = life.link(nowMs, this.#intervalMs(nowMs));
    if (announce !== undefined) {
      own.putReserved(PRESENCE_KEY, encodeAnchor(announce), nowMs, { priority: 'normal' });
      spreader.add(id, PRESENCE_KEY, { urgent: false, nowMs });
    }
    return link === undefined ? {} : { link };
  }

  #inviteSoon(from: Inbound): void {
    const { address, port } = replyEndpoint(from.path);
    const key = `invite/${from.sender}|${from.boot}|${address}|${port}`;
    if (this.#ctx.timers.has(key)) return;
    const { outbox, joiner } = this.#ctx;
    if (!outbox.mayAnswerLater(replyEndpoint(from.path), joiner.inviteBytes(from.sender, from.boot))) return;
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
    const isProven = from.session.proven;
    if (isProven) this.digestPace.hearInconsistent();
    if (this.#ctx.random.next() >= 3 / (this.#ctx.members.presentCount + 1)) return;
    // A presence of long ago that somebody repeats draws no more than it takes itself [P-7.11]. Who answers is greeted then.
    if (isProven) this.#ctx.sync.greet(member, from.nowMs);
    else this.#ctx.joiner.prove(from);
  }
}

function digestBounds({ digestIntervalMs }: EngineSettings): { minMs: number; maxMs: number } {
  return { minMs: digestIntervalMs, maxMs: DIGEST_INTERVALS_MAX * digestIntervalMs };
}
