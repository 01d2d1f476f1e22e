import type { NodeId } from '../core/ids.ts';
import type { RandomSource } from '../core/random.ts';
import { bootOf, type Version } from '../core/version.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { OwnerClocks } from '../data/owner-clocks.ts';
import type { OwnerRecords } from '../data/owner-records.ts';
import { type AgreementKeys, PairKeys } from '../trust/pair-keys.ts';
import { PairProofs, type ProofVerdict, type Statement } from '../trust/pair-proofs.ts';
import { PresenceAnchors } from '../trust/presence-anchors.ts';
import { decodeAnchor, PRESENCE_KEY, type PresenceAnchor } from '../trust/presence-chain.ts';
import { PresenceLinks } from '../trust/presence-links.ts';
import type {
  Ack,
  Answer,
  Gone,
  LeaseAnswer,
  LeaseAsk,
  Nack,
  Ping,
  PingReq,
  Presence,
  QueryGot,
  QueryReply,
  Relay,
  Seq,
} from '../wire/message.ts';
import { LEASE_MAC_BYTES, leaseContent } from '../wire/messages/lease.ts';
import { REPLY_MAC_BYTES, replyContent } from '../wire/messages/query.ts';

/** What it takes that nobody can speak for another's life. */
export interface LifeProofOptions {
  readonly keys: AgreementKeys;
  /** Links of a presence chain, 64 to 4096: more are announced more rarely, and take a newcomer longer to check. Default 2048. */
  readonly presenceLinks?: number;
}

/** Who says something of its life to this node. */
export interface Speaker {
  readonly sender: NodeId;
  readonly boot: number;
}

/** A link counts until so long after its slot: it was under way, and this node may have been busy. */
const LINK_LATE_MS = 1_000;

/**
 * What this node says of its own life, and whether what others say of theirs is proof [P-6.20 to 6.27]. Without keys of pairs, as in a
 * cluster of a pre-shared key, nothing carries proofs and everything that came in a datagram of the group counts.
 */
export class LifeSigns {
  readonly #self: NodeId;
  readonly #boot: () => number;
  readonly #clocks: OwnerClocks;
  readonly #pairs: PairProofs | undefined;
  readonly #links: PresenceLinks | undefined;
  readonly #anchors: PresenceAnchors;
  readonly #announced = new Map<NodeId, Version>();

  constructor(parts: {
    self: NodeId;
    boot: () => number;
    cluster: string;
    provider: CryptoProvider;
    random: RandomSource;
    clocks: OwnerClocks;
    proofs: LifeProofOptions | undefined;
  }) {
    const { self, cluster, provider, random, proofs } = parts;
    const { sha256 } = provider;
    this.#self = self;
    this.#boot = parts.boot;
    this.#clocks = parts.clocks;
    this.#anchors = new PresenceAnchors(sha256);
    if (proofs === undefined) return;
    this.#pairs = new PairProofs(new PairKeys({ provider, self, cluster, keys: proofs.keys }));
    const drawSeed = (length: number) => random.bytes(length);
    this.#links = new PresenceLinks({ sha256, owner: self, drawSeed, length: proofs.presenceLinks });
  }

  /** Whether peers prove their lives one by one; else a proven session is enough [P-3.8]. */
  get demanded(): boolean {
    return this.#pairs !== undefined;
  }

  ping(
    to: NodeId,
    { seq, destBoot, relay }: { seq: Seq; destBoot: number; relay?: Relay | undefined },
  ): Ping {
    const mac = this.#prove('ping', to, seq, destBoot);
    if (mac === undefined) return { type: 'ping', seq, destBoot };
    return { type: 'ping', seq, destBoot, mac, ...(relay && { relay }) };
  }

  /** Asks a helper for a ping, and through it the target for an answer of its own. */
  pingReq(to: NodeId, request: Omit<PingReq, 'type' | 'mac' | 'challenge'>): PingReq {
    const { seq, target, targetBoot } = request;
    const mac = this.#prove('ping-req', to, seq, targetValue(request));
    const challenge = mac && this.#prove('challenge', target, seq, targetBoot);
    return { type: 'ping-req', ...request, ...(mac && { mac }), ...(challenge && { challenge }) };
  }

  checkPingReq(request: PingReq, from: Speaker): ProofVerdict {
    return this.#check('ping-req', from, request.seq, targetValue(request), request.mac);
  }

  /**
   * The answer to a ping: with a proof only where the ping proves that the asker drew its number. Else anybody could gather answers
   * to made-up numbers for the time after this node's death.
   * @param about `isProven`: so it does; or, where nothing is to be proven, the asker's session is.
   */
  ack(to: NodeId, { seq, relay }: Ping, { isProven, nowMs }: { isProven: boolean; nowMs: number }): Ack {
    if (!isProven) return { type: 'ack', seq };
    const uptimeMs = uptimeAt(nowMs);
    const mac = this.#prove('ack', to, seq, uptimeMs);
    const answer = mac && relay && this.#answer(relay, uptimeMs);
    return { type: 'ack', seq, uptimeMs, ...(mac && { mac }), ...(answer && { answer }) };
  }

  /** A helper's own word that the target answered, with what the target itself says to the requester. */
  passOn(answer: Answer | undefined, to: NodeId, seq: Seq, nowMs: number): Ack {
    const uptimeMs = uptimeAt(nowMs);
    const mac = this.#prove('ack', to, seq, uptimeMs);
    return { type: 'ack', seq, uptimeMs, ...(mac && { mac }), ...(mac && answer && { answer }) };
  }

  nack(to: NodeId, seq: Seq): Nack {
    const mac = this.#prove('nack', to, seq, 0);
    return { type: 'nack', seq, ...(mac && { mac }) };
  }

  gone(to: NodeId, seq: Seq, { isProven }: { isProven: boolean }): Gone {
    const boot = this.#boot();
    const mac = isProven ? this.#prove('gone', to, seq, boot) : undefined;
    return { type: 'gone', seq, boot, ...(mac && { mac }) };
  }

  /** Whether its sender drew the number that it asks under. */
  checkPing({ seq, destBoot, mac }: Ping, from: Speaker): ProofVerdict {
    return this.#check('ping', from, seq, destBoot, mac);
  }

  checkAck({ seq, uptimeMs, mac }: Ack, from: Speaker): ProofVerdict {
    return this.#check('ack', from, seq, uptimeMs ?? 0, mac);
  }

  checkNack({ seq, mac }: Nack, from: Speaker): ProofVerdict {
    return this.#check('nack', from, seq, 0, mac);
  }

  checkGone({ seq, boot, mac }: Gone, from: Speaker): ProofVerdict {
    return this.#check('gone', from, seq, boot, mac);
  }

  /** Whether the target of a probe itself answered, through a helper. */
  checkAnswer({ seq, answer }: Ack, target: Speaker): ProofVerdict {
    return this.#check('answer', target, seq, answer?.uptimeMs ?? 0, answer?.mac);
  }

  /** The MAC of a question or answer about leases; undefined where none is needed, or the destination's key isn't known. */
  proveLease(to: NodeId, message: LeaseAsk | LeaseAnswer): Uint8Array | undefined {
    const about = { peer: to, sender: this.#self, senderBoot: this.#boot(), destination: to };
    return this.#pairs?.proveMessage(about, leaseContent(message), LEASE_MAC_BYTES);
  }

  checkLease(message: LeaseAsk | LeaseAnswer, { sender, boot }: Speaker): ProofVerdict {
    if (this.#pairs === undefined) return 'valid';
    const about = { peer: sender, peerBoot: boot, destination: this.#self };
    return this.#pairs.checkMessage(about, leaseContent(message), message.mac, LEASE_MAC_BYTES);
  }

  /** The same of a reply to a query, and of its receipt. Both name the query, whose number is never used again: that is all the freshness they need. */
  proveReply(to: NodeId, message: QueryReply | QueryGot): Uint8Array | undefined {
    const about = { peer: to, sender: this.#self, senderBoot: bootOf(message.number), destination: to };
    return this.#pairs?.proveMessage(about, replyContent(message), REPLY_MAC_BYTES);
  }

  checkReply(message: QueryReply | QueryGot, maker: NodeId): ProofVerdict {
    if (this.#pairs === undefined) return 'valid';
    const about = { peer: maker, peerBoot: bootOf(message.number), destination: this.#self };
    return this.#pairs.checkMessage(about, replyContent(message), message.mac, REPLY_MAC_BYTES);
  }

  /** The link for a presence now, and the chain that is to be announced. */
  link(nowMs: number, gapMs: number): { link?: Uint8Array; announce?: PresenceAnchor | undefined } {
    return this.#links?.at(uptimeAt(nowMs), { boot: this.#boot(), gapMs }) ?? {};
  }

  /**
   * Whether a presence shows that its sender lives now: its link is new, and was let out just now by the sender's own clock, which an
   * answer to this node has shown before. One that was kept back is as worthless as one that was made up.
   * @param records the sender's, among which is the beginning of its chains.
   */
  checkPresence(
    presence: Presence,
    from: Speaker,
    records: OwnerRecords | undefined,
    nowMs: number,
  ): ProofVerdict {
    if (this.#pairs === undefined) return 'valid';
    const { link, uptimeMs } = presence;
    const { sender, boot } = from;
    const originMs = this.#clocks.originMs(sender, boot, nowMs);
    if (link === undefined || originMs === undefined) return 'unknown';
    this.#takeAnchor(sender, records);
    const { verdict, sinceMs, slotMs } = this.#anchors.check(sender, { boot, uptimeMs, link }, nowMs);
    if (verdict === 'wrong') return 'wrong';
    if (verdict !== 'valid' || nowMs - (originMs + sinceMs) > 2 * slotMs + LINK_LATE_MS) return 'unknown';
    this.#clocks.note(sender, { boot, uptimeMs: sinceMs }, nowMs);
    return 'valid';
  }

  #takeAnchor(owner: NodeId, records: OwnerRecords | undefined): void {
    const record = records?.get(PRESENCE_KEY);
    if (record === undefined || this.#announced.get(owner) === record.version) return;
    this.#announced.set(owner, record.version);
    const anchor = decodeAnchor(record.value);
    if (anchor !== undefined) this.#anchors.announce(owner, bootOf(record.version), anchor);
  }

  /** For a requester that proves that it asked. */
  #answer({ requester, boot, seq, mac }: Relay, uptimeMs: number): Answer | undefined {
    if (this.#check('challenge', { sender: requester, boot }, seq, this.#boot(), mac) !== 'valid')
      return undefined;
    const answer = this.#prove('answer', requester, seq, uptimeMs);
    return answer === undefined ? undefined : { uptimeMs, mac: answer };
  }

  #prove(kind: Statement['kind'], destination: NodeId, seq: Seq, value: number): Uint8Array | undefined {
    const { sender, senderBoot } = { sender: this.#self, senderBoot: this.#boot() };
    return this.#pairs?.prove({ kind, sender, senderBoot, destination, seq, value });
  }

  #check(
    kind: Statement['kind'],
    { sender, boot }: Speaker,
    seq: Seq,
    value: number,
    mac: Uint8Array | undefined,
  ): ProofVerdict {
    if (this.#pairs === undefined) return 'valid';
    return this.#pairs.check({ kind, sender, senderBoot: boot, destination: this.#self, seq, value }, mac);
  }
}

function targetValue({ target, targetBoot }: Pick<PingReq, 'target' | 'targetBoot'>): number {
  return targetBoot * 0x1_0000_0000 + Number.parseInt(target.slice(0, 8), 16);
}

/** This node's uptime, as records and messages state it. */
export function uptimeAt(nowMs: number): number {
  return Math.max(0, Math.round(nowMs));
}
