import { endpointKey } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import type { TwinLife } from '../core/views.ts';
import type { StoredRecord } from '../data/stored-record.ts';
import { decodeTwin, encodeTwin, TWIN_SLOTS, twinKey } from '../membership/twin-record.ts';
import type { Message } from '../wire/message.ts';
import type { Session } from '../wire/session.ts';
import { type EngineContext, type Inbound, replyEndpoint } from './context.ts';

/** A life that speaks beside another is asked whether it lives, so often; more seldom once that is known. */
const ASK_EVERY_MS = 500;
const ASK_SELDOM_MS = 2_000;
/** What was seen counts for so long. */
const SEEN_MS = 60_000;
/** A witness says again what it still sees. */
const SAY_EVERY_MS = 10_000;
/** A witness that goes on under a higher boot says all again: a flag isn't over for that moment. */
const LINGER_MS = 5_000;
const LATELY_MS = 600_000;
/** So many witnesses are enough for everybody. */
const WITNESSES = 3;

/** What this node saw itself of an identity that lives twice. */
interface Sighting {
  lives: readonly TwinLife[];
  untilMs: number;
}

/** What a witness says. */
interface Testimony {
  readonly witness: NodeId;
  readonly target: NodeId;
  readonly lives: readonly TwinLife[];
}

interface Flag {
  readonly sinceMs: number;
  /** Nobody says so any more: when it ends. */
  endsMs: number;
}

/**
 * Finds identities that live twice at once, as a cloned card makes them [P-6.29]. A restarted node's lives follow one another: who
 * proves by an echo that it lives after another life of the same identity proved that, and had proven it before that one, is alive beside
 * it. Old datagrams prove nothing, whoever sends them again, since each proof answers a number that was just drawn. Few see both lives
 * themselves; they tell the others by records.
 */
export class TwinWatch {
  readonly #ctx: EngineContext;
  readonly #seen = new Map<NodeId, Sighting>();
  readonly #byRecord = new Map<string, Testimony>();
  readonly #byTarget = new Map<NodeId, Map<string, Testimony>>();
  readonly #flags = new Map<NodeId, Flag>();
  #askedSelfMs = Number.NEGATIVE_INFINITY;
  #selfOverMs = Number.NEGATIVE_INFINITY;

  constructor(ctx: EngineContext) {
    this.#ctx = ctx;
  }

  isTwin(id: NodeId): boolean {
    return this.#flags.has(id);
  }

  /** Whether this node's own identity was known to live twice until lately: on a poor link a twin may only seem to be gone. */
  wasTwin(nowMs: number): boolean {
    return nowMs - this.#selfOverMs < LATELY_MS;
  }

  /** Since when an identity has lived twice, its lives as far as seen, and who says so; undefined: it doesn't. */
  of(id: NodeId): { sinceMs: number; lives: readonly TwinLife[]; witnesses: readonly NodeId[] } | undefined {
    const flag = this.#flags.get(id);
    if (flag === undefined) return undefined;
    const witnesses = [...(this.#byTarget.get(id)?.values() ?? [])].map(({ witness }) => witness);
    return { sinceMs: flag.sinceMs, lives: this.#livesOf(id), witnesses: [...new Set(witnesses)] };
  }

  /** A datagram of a session came, and another session of the same id is known. */
  onRival(from: Inbound, rival: Session): void {
    const { session, nowMs, path } = from;
    if (session.transport !== rival.transport) return;
    if (session.proven && session.lastDrawnMs > rival.lastEchoMs) return;
    // On a segment all hear it: those that watch it ask, else a restart would draw a ping of everybody.
    if (path.multicast && !this.#watches(from)) return;
    if (nowMs - session.askedMs < (this.isTwin(from.sender) ? ASK_SELDOM_MS : ASK_EVERY_MS)) return;
    session.askedMs = nowMs;
    this.#ctx.joiner.askLife(from);
  }

  /** A session echoed a number that was drawn at `drawnMs`. */
  onEcho(from: Inbound, drawnMs: number): void {
    const { session } = from;
    const { rival } = session;
    if (rival === undefined || rival.transport !== session.transport) return;
    const isBefore = session.firstEchoMs < rival.lastDrawnMs;
    const isAfter = rival.lastEchoMs < drawnMs;
    // What was seen once doesn't go on by itself: the other must have shown itself since.
    const isNew = rival.lastEchoMs > rival.sightedMs;
    if (!isBefore || !isAfter || !isNew) return;
    session.sightedMs = from.nowMs;
    rival.sightedMs = from.nowMs;
    const lives = [{ boot: session.boot, endpoint: replyEndpoint(from.path) }];
    const { place } = rival;
    if (place !== undefined) lives.push({ boot: rival.boot, endpoint: { ...place } });
    this.#sight(session.id, lives, from.nowMs);
  }

  /**
   * A datagram under this node's own identity came that it never sent: an old one of its own that somebody repeats, or a twin's. Who
   * echoes a number of this node's lives beside it.
   */
  onOwnIdentity(messages: readonly Message[], from: Inbound): void {
    const { id, outbox, own, pending, follower, counters } = this.#ctx;
    const { nowMs, session } = from;
    follower.hear(from.boot * 2 ** 32, nowMs);
    const endpoint = replyEndpoint(from.path);
    // Its own question goes first: there may be room for one of the two only, and the twin asks again.
    if (nowMs - this.#askedSelfMs >= (this.isTwin(id) ? ASK_SELDOM_MS : ASK_EVERY_MS)) {
      this.#askedSelfMs = nowMs;
      this.#ctx.joiner.askLife(from);
    }
    for (const message of messages) {
      if (message.type === 'ping' && (message.destBoot === 0 || message.destBoot === own.boot))
        outbox.stage({ kind: 'unicast', endpoint }, id, { type: 'ack', seq: message.seq });
      if (message.type !== 'ack') continue;
      const echo = pending.match(message.seq, id, nowMs, { take: true });
      if (echo === undefined) {
        counters.drops.unsolicited++;
        continue;
      }
      session.noteEcho({ drawnMs: echo.sentMs, nowMs, place: echo.to });
      this.#sight(id, [{ boot: from.boot, endpoint }], nowMs);
    }
  }

  /** A witness's record came, changed or went. */
  onRecord(witness: NodeId, record: StoredRecord, present: boolean, nowMs: number): void {
    const name = `${witness}/${record.key}`;
    const before = this.#byRecord.get(name);
    if (before !== undefined) this.#forget(name, before);
    const said = present ? decodeTwin(record.value) : undefined;
    if (said !== undefined) {
      const testimony = { witness, ...said };
      this.#byRecord.set(name, testimony);
      const ofTarget = this.#byTarget.get(said.target) ?? new Map<string, Testimony>();
      this.#byTarget.set(said.target, ofTarget.set(name, testimony));
      this.#settle(said.target, nowMs);
    }
    if (before !== undefined && before.target !== said?.target) this.#settle(before.target, nowMs);
  }

  /** What was seen of an identity may be over. */
  onDue(id: NodeId, nowMs: number): void {
    const sighting = this.#seen.get(id);
    if (sighting !== undefined && sighting.untilMs <= nowMs) this.#seen.delete(id);
    this.#settle(id, nowMs);
    const endsMs = this.#flags.get(id)?.endsMs ?? Number.POSITIVE_INFINITY;
    const nextMs = Math.min(this.#seen.get(id)?.untilMs ?? Number.POSITIVE_INFINITY, endsMs);
    if (Number.isFinite(nextMs)) this.#ctx.timers.set(`twin/${id}`, nextMs);
  }

  #sight(id: NodeId, lives: readonly TwinLife[], nowMs: number): void {
    const untilMs = nowMs + SEEN_MS;
    this.#seen.set(id, { lives, untilMs });
    this.#ctx.timers.setEarlier(`twin/${id}`, untilMs);
    this.#say(id, lives, nowMs);
    this.#settle(id, nowMs);
  }

  /** Tells the others, unless enough do so already. */
  #say(target: NodeId, lives: readonly TwinLife[], nowMs: number): void {
    const { id, own, spreader } = this.#ctx;
    const slot = this.#slotFor(target);
    if (slot === undefined) return;
    const key = twinKey(slot);
    const present = own.get(key);
    const isMine = this.#byRecord.get(`${id}/${key}`)?.target === target;
    if (isMine && present !== undefined && nowMs - present.setAtMs < SAY_EVERY_MS) return;
    if (!isMine && (this.#byTarget.get(target)?.size ?? 0) >= WITNESSES) return;
    own.putReserved(key, encodeTwin({ target, lives }), nowMs, { ttlMs: SEEN_MS });
    spreader.add(id, key, { urgent: true, nowMs });
  }

  /** The target's slot, else a free one. */
  #slotFor(target: NodeId): number | undefined {
    let free: number | undefined;
    for (let slot = 0; slot < TWIN_SLOTS; slot++) {
      const said = this.#byRecord.get(`${this.#ctx.id}/${twinKey(slot)}`);
      if (said?.target === target) return slot;
      if (said === undefined) free ??= slot;
    }
    return free;
  }

  /** The flag in step with what is seen and said. */
  #settle(id: NodeId, nowMs: number): void {
    const isSeen = this.#seen.has(id) || this.#byTarget.has(id);
    const flag = this.#flags.get(id);
    if (flag === undefined) {
      if (!isSeen) return;
      this.#ctx.counters.twins++;
      this.#flags.set(id, { sinceMs: nowMs, endsMs: Number.POSITIVE_INFINITY });
    } else if (isSeen) {
      flag.endsMs = Number.POSITIVE_INFINITY;
      return;
    } else if (flag.endsMs > nowMs) {
      flag.endsMs = Math.min(flag.endsMs, nowMs + LINGER_MS);
      this.#ctx.timers.setEarlier(`twin/${id}`, flag.endsMs);
      return;
    } else {
      this.#flags.delete(id);
      if (id === this.#ctx.id) this.#selfOverMs = nowMs;
    }
    if (id === this.#ctx.id) this.#ctx.leases.noteTwin();
    const name = id === this.#ctx.id ? this.#ctx.self.name : (this.#ctx.members.get(id)?.facts.name ?? id);
    const change = isSeen ? 'seen' : 'over';
    this.#ctx.outbox.event({ type: 'twin', id, name, change, lives: this.#livesOf(id) });
  }

  /** What was seen and said of an identity, each life once; of this node's own, without the one that this is. */
  #livesOf(id: NodeId): TwinLife[] {
    const said = [...(this.#byTarget.get(id)?.values() ?? [])].flatMap(({ lives }) => lives);
    const byName = new Map<string, TwinLife>();
    for (const life of [...(this.#seen.get(id)?.lives ?? []), ...said]) {
      const name = endpointKey(life.endpoint);
      if (!byName.has(name) && !(id === this.#ctx.id && this.#isHere(life))) byName.set(name, life);
    }
    return [...byName.values()].slice(0, 4);
  }

  #isHere({ endpoint }: TwinLife): boolean {
    return this.#ctx.endpoints.some((own) => endpointKey(own) === endpointKey(endpoint));
  }

  #watches({ sender, nowMs }: Inbound): boolean {
    return this.#ctx.watch.watched(nowMs).some(({ member }) => member.id === sender);
  }

  #forget(name: string, { target }: Testimony): void {
    this.#byRecord.delete(name);
    const ofTarget = this.#byTarget.get(target);
    ofTarget?.delete(name);
    if (ofTarget?.size === 0) this.#byTarget.delete(target);
  }
}
