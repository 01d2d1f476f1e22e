import { type Endpoint, endpointKey, isSameEndpoint } from '../core/endpoint.ts';
import { type NodeId, toHex } from '../core/ids.ts';
import { DATAGRAM_HEADER_BYTES, JOIN_BYTES_MIN, SEAL_TAG_BYTES } from '../core/limits.ts';
import { jitter, sample, shuffle } from '../core/random.ts';
import type { Ping } from '../wire/message.ts';
import { bodyBytes, bytesOfPingBack } from './answer-size.ts';
import { type EngineContext, type Inbound, replyEndpoint } from './context.ts';
import { SEALED_BYTES } from './outbox.ts';

const JOIN_TTL_MS = 10_000;
const PROOF_TTL_MS = 2_000;
const PROVE_EVERY_MS = 500;
/** After so many questions without an answer from a place they become rarer: nothing may reach it there. */
const QUICK_PROOFS = 10;
const PROVE_SELDOM_MS = 5_000;
const PROVING_MAX = 1_024;
/** As long as any number that is drawn. */
const SEQ_MAX = 0xffff_ffff;
const FIRST_RETRY_MS = 300;
/** Between the first calls of a node's seeds. */
const SEED_GAP_MS = 250;
/** So many tries follow at the same distance, as on a lossy link; then the distance doubles. */
const EVEN_TRIES = 6;
/** Bytes of a join around its padding, at most. */
const JOIN_HEAD_BYTES = 10;
/** Down members that one node calls in a turn, at most: it costs the same however many are down. */
const CALLS_PER_TURN = 3;
/** Nodes that call one down member in a turn, about: not all of a large cluster. */
const CALLERS_PER_TURN = 5;

interface Seed {
  readonly endpoint: Endpoint;
  answered: boolean;
  tries: number;
  nextMs: number;
}

/**
 * Finds others and never stops: seeds are called until they answer, and again whenever this node is alone; down members are called
 * at a slow cadence for ever; sessions are proven fresh on demand.
 */
export class Joiner {
  readonly #ctx: EngineContext;
  readonly #seeds = new Map<string, Seed>();
  /** Who was asked for a proof, and where. */
  readonly #proving = new Map<string, { readonly atMs: number; readonly tries: number }>();
  /** Nonces of joins, with when they were sent. */
  readonly #nonces = new Map<string, number>();

  constructor(ctx: EngineContext) {
    this.#ctx = ctx;
  }

  start(nowMs: number): void {
    // Anywhere within the interval: nodes that started together don't retry together, and a cut that healed is found sooner.
    this.#ctx.timers.set('retry', nowMs + this.#ctx.random.next() * this.#ctx.settings.retryIntervalMs);
  }

  addSeeds(seeds: readonly Endpoint[], nowMs: number): void {
    // One after the other: whoever answers tells of the others, and a cluster that starts at once doesn't call all seeds at once.
    let nextMs = nowMs;
    for (const endpoint of shuffle(this.#ctx.random, [...seeds])) {
      const key = endpointKey(endpoint);
      if (this.#seeds.has(key)) continue;
      this.#seeds.set(key, { endpoint, answered: false, tries: 0, nextMs });
      nextMs += jitter(this.#ctx.random, SEED_GAP_MS, 0.2);
    }
    if (this.#seeds.size > 0) this.#ctx.timers.setEarlier('join', nowMs);
  }

  /** Calls the seeds whose turn it is. */
  onTurn(nowMs: number): void {
    const alone = this.#ctx.members.presentCount === 0;
    let nextMs = nowMs + this.#ctx.settings.retryIntervalMs;
    for (const seed of this.#seeds.values()) {
      if (seed.answered && !alone && !this.#isLost(seed)) continue;
      if (seed.nextMs <= nowMs) {
        if (!alone && this.#isMember(seed.endpoint)) seed.nextMs = nowMs + this.#ctx.settings.retryIntervalMs;
        else this.#call(seed, nowMs);
      }
      nextMs = Math.min(nextMs, seed.nextMs);
    }
    this.#ctx.timers.set('join', nextMs);
  }

  /** A seed answered our join. */
  onAnswer(endpoint: Endpoint, nowMs: number): void {
    const seed = this.#seeds.get(endpointKey(endpoint));
    if (seed === undefined) return;
    seed.answered = true;
    seed.tries = 0;
    // Where nobody is known to be there after all it is asked again in a while, not at once.
    if (endpoint.transport === 'http')
      seed.nextMs = Math.max(seed.nextMs, nowMs + this.#ctx.settings.retryIntervalMs);
  }

  /** Calls a few down members, each with what it has to refute: partitions heal (B-91). Of a large cluster a few call each. */
  onRetry(nowMs: number): void {
    this.#ctx.timers.set('retry', nowMs + jitter(this.#ctx.random, this.#ctx.settings.retryIntervalMs, 0.2));
    const { size, presentCount } = this.#ctx.members;
    if (size === presentCount) return;
    const share = CALLERS_PER_TURN / (presentCount + 1);
    const down = [...this.#ctx.members.all()].filter(
      (member) => member.state === 'down' && member.endpoint !== null && this.#ctx.random.next() < share,
    );
    for (const member of sample(this.#ctx.random, down, CALLS_PER_TURN)) {
      member.calledAtMs = nowMs;
      this.#ctx.accuser.ensureStanding(member, nowMs);
      const endpoint = member.endpoint!;
      // The next time another way, where there is one: it counts as silent until it answers.
      member.paths?.noteSilent(endpoint, nowMs);
      const to = { kind: 'unicast' as const, endpoint };
      this.#ping(member.id, endpoint, { destBoot: 0, nowMs });
      const blocks = this.#ctx.accuser.blocksAbout(member.id, nowMs);
      if (blocks.length > 0) this.#ctx.outbox.stage(to, member.id, { type: 'blocks', blocks });
    }
  }

  /** Asks the sender to prove that its session is fresh and that it is where it seems to be, at most twice a second, if there is room. */
  prove(from: Inbound): void {
    this.ask(from.sender, replyEndpoint(from.path), { destBoot: from.boot, nowMs: from.nowMs });
  }

  /**
   * Asks a peer for the echo that proves its session and its place, at most twice a second.
   * @param destBoot the life that is asked, 0: whichever.
   */
  ask(
    peer: NodeId,
    endpoint: Endpoint,
    { destBoot, nowMs }: { readonly destBoot: number; readonly nowMs: number },
  ): void {
    // By place, too: what somebody sends in its name from elsewhere must not use its turn up.
    const key = placeKey(peer, endpoint);
    const asked = this.#proving.get(key);
    const tries = asked === undefined ? 0 : asked.tries;
    const gapMs = tries < QUICK_PROOFS ? PROVE_EVERY_MS : PROVE_SELDOM_MS;
    if (asked !== undefined && nowMs - asked.atMs < gapMs) return;
    if (!this.#hasRoomToAsk(peer, endpoint, destBoot)) return;
    if (this.#proving.size > PROVING_MAX) this.#proving.clear();
    this.#proving.set(key, { atMs: nowMs, tries: tries + 1 });
    this.#ping(peer, endpoint, { destBoot, nowMs });
  }

  /** Sends a join to whoever is known to be at this endpoint, unless one is on its way. */
  joinAt(endpoint: Endpoint, nowMs: number): void {
    if (!this.#ctx.pending.awaitsJoin(endpoint)) this.#sendJoin(endpoint, nowMs);
  }

  /** Asks somebody whose presence was heard, with room in the answer for a question back: both have proven themselves after it. */
  invite(
    peer: NodeId,
    endpoint: Endpoint,
    about: { readonly destBoot: number; readonly nowMs: number },
  ): void {
    const ping = this.#ping(peer, endpoint, about);
    this.#ctx.outbox.leaveRoom(
      { kind: 'unicast', endpoint },
      peer,
      bytesOfPingBack(ping, this.#ctx.own.boot),
    );
  }

  /** Bytes of a datagram that invites somebody, at most. @param destBoot the life that is invited. */
  inviteBytes(peer: NodeId, destBoot: number): number {
    const ping = this.#ctx.life.ping(peer, { seq: SEQ_MAX, destBoot });
    return SEALED_BYTES + bodyBytes(ping, bytesOfPingBack(ping, this.#ctx.own.boot));
  }

  /** A peer has proven itself from there. */
  noteProof(peer: NodeId, endpoint: Endpoint): void {
    this.#proving.delete(placeKey(peer, endpoint));
  }

  /** Asks one life of a sender whether it lives; whoever calls this sees to how often. */
  askLife(from: Inbound): void {
    this.#ping(from.sender, replyEndpoint(from.path), { destBoot: from.boot, nowMs: from.nowMs });
  }

  /** Whether a refusal echoes a join of the last 10 s [P-8.2]; it is believed once. */
  takeJoinNonce(nonce: Uint8Array, nowMs: number): boolean {
    const sentMs = this.#nonces.get(toHex(nonce));
    this.#nonces.delete(toHex(nonce));
    return sentMs !== undefined && nowMs - sentMs <= JOIN_TTL_MS;
  }

  /**
   * Whether nobody who takes part is known to be at this listener any more: by its name, its port before a NAT or its certificate a listener
   * that started anew is known to who was told of it only.
   */
  #isLost({ endpoint }: Seed): boolean {
    return endpoint.transport === 'http' && !this.#isMember(endpoint);
  }

  /** Whether somebody who takes part is known to be there: in this cluster already. */
  #isMember(endpoint: Endpoint): boolean {
    for (const member of this.#ctx.members.present()) {
      if (member.endpoint !== null && isSameEndpoint(member.endpoint, endpoint)) return true;
      if (endpoint.transport === 'http' && member.isObservedAt(endpoint)) return true;
    }
    return false;
  }

  #call(seed: Seed, nowMs: number): void {
    this.#sendJoin(seed.endpoint, nowMs);
    const gap = Math.min(
      FIRST_RETRY_MS * 2 ** Math.max(0, seed.tries - EVEN_TRIES),
      this.#ctx.settings.retryIntervalMs,
    );
    seed.tries = Math.min(seed.tries + 1, EVEN_TRIES + 16);
    seed.nextMs = nowMs + jitter(this.#ctx.random, gap, 0.2);
  }

  #sendJoin(endpoint: Endpoint, nowMs: number): void {
    const builder = this.#ctx.outbox.newBuilder();
    const block = this.#ctx.self.block(nowMs);
    if (block !== undefined) builder.tryAdd({ type: 'blocks', blocks: [block] });
    const seq = this.#ctx.pending.draw(
      { kind: 'join', seed: endpoint, from: undefined },
      { to: endpoint, sentMs: nowMs, ttlMs: JOIN_TTL_MS },
    );
    const padding = Math.max(
      0,
      JOIN_BYTES_MIN - DATAGRAM_HEADER_BYTES - SEAL_TAG_BYTES - builder.size - JOIN_HEAD_BYTES + 2,
    );
    builder.tryAdd({ type: 'join', seq, padding });
    const nonce = this.#ctx.outbox.sendToAny(endpoint, builder.finish());
    if (nonce !== undefined) this.#noteNonce(toHex(nonce), nowMs);
  }

  /** Who hasn't shown that it is there is sent no more than it sent; else the question would be left away, and its turn used up. */
  #hasRoomToAsk(peer: NodeId, endpoint: Endpoint, destBoot: number): boolean {
    const to = { kind: 'unicast', endpoint } as const;
    const { outbox, life } = this.#ctx;
    return !outbox.isLimited(to) || outbox.hasRoomFor(to, peer, life.ping(peer, { seq: SEQ_MAX, destBoot }));
  }

  #ping(
    peer: NodeId,
    endpoint: Endpoint,
    { destBoot, nowMs }: { readonly destBoot: number; readonly nowMs: number },
  ): Ping {
    const purpose = { kind: 'proof', from: peer } as const;
    const seq = this.#ctx.pending.draw(purpose, { to: endpoint, sentMs: nowMs, ttlMs: PROOF_TTL_MS });
    const ping = this.#ctx.life.ping(peer, { seq, destBoot });
    this.#ctx.outbox.stage({ kind: 'unicast', endpoint }, peer, ping);
    return ping;
  }

  #noteNonce(nonce: string, nowMs: number): void {
    for (const [old, sentMs] of this.#nonces) {
      if (nowMs - sentMs <= JOIN_TTL_MS && this.#nonces.size < 256) break;
      this.#nonces.delete(old);
    }
    this.#nonces.set(nonce, nowMs);
  }
}

function placeKey(peer: NodeId, endpoint: Endpoint): string {
  return `${peer} ${endpointKey(endpoint)}`;
}
