import type { Endpoint } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import type { AppValue } from '../core/value.ts';
import type { Version } from '../core/version.ts';

/** A random 32-bit number that an answer echoes. */
export type Seq = number;

/** What a holder has of one owner: everything live up to `known`; tombstones up to `gc` are forgotten [P-5.2]. */
export interface Line {
  readonly owner: NodeId;
  readonly known: Version;
  readonly gc: Version;
}

/** A record as it travels: the owner's bytes (a view of the datagram where it was received), how old it is now, and the owner's signature where there is one. */
export interface Item {
  readonly body: Uint8Array;
  readonly ageMs: number;
  readonly signature?: Uint8Array;
  /** The age's error bound, where this node takes back what it held itself: it never travels. */
  readonly ageBoundMs?: number;
}

/** All live records and tombstones of one owner with `from < version <= to` [P-5.3]. */
export interface Block {
  readonly owner: NodeId;
  readonly from: Version;
  readonly to: Version;
  readonly gc: Version;
  readonly items: readonly Item[];
  /** A record in which the owner states its gc line, where the receiver may not have heard of it [P-5.22]. */
  readonly proof?: Item;
}

export interface Ping {
  readonly type: 'ping';
  readonly seq: Seq;
  readonly destBoot: number;
  readonly mac?: Uint8Array;
  /** For whom a helper asks; only behind a MAC. */
  readonly relay?: Relay;
}
/** What a requester asks of its target through a helper, in words that no helper can make up [P-6.24]. */
export interface Relay {
  readonly requester: NodeId;
  readonly boot: number;
  readonly seq: Seq;
  readonly mac: Uint8Array;
}
export interface Ack {
  readonly type: 'ack';
  readonly seq: Seq;
  /** The sender's boot-time clock. */
  readonly uptimeMs?: number;
  /** Only behind an uptime. */
  readonly mac?: Uint8Array;
  /** The target's own answer to a requester; only behind a MAC. */
  readonly answer?: Answer;
}
/** A target's word for a requester, which helpers carry [P-6.24]. */
export interface Answer {
  readonly uptimeMs: number;
  readonly mac: Uint8Array;
}
export interface PingReq {
  readonly type: 'ping-req';
  readonly seq: Seq;
  readonly target: NodeId;
  readonly targetBoot: number;
  readonly endpoint: Endpoint;
  readonly mac?: Uint8Array;
  /** The requester's MAC for the target; only behind that for the helper. */
  readonly challenge?: Uint8Array;
}
export interface Nack {
  readonly type: 'nack';
  readonly seq: Seq;
  readonly mac?: Uint8Array;
}
export interface Gone {
  readonly type: 'gone';
  readonly seq: Seq;
  readonly boot: number;
  readonly mac?: Uint8Array;
}
export interface Join {
  readonly type: 'join';
  readonly seq: Seq;
  readonly padding: number;
}
export interface Presence {
  readonly type: 'presence';
  readonly uptimeMs: number;
  readonly nodeVersion: Version;
  readonly heard: number;
  readonly tableHash: Uint8Array;
  /** When the next one follows. */
  readonly nextMs: number;
  /** The sender's chain at this moment of its uptime [P-6.26]. */
  readonly link?: Uint8Array;
}
export interface Blocks {
  readonly type: 'blocks';
  readonly blocks: readonly Block[];
}
export interface Digest {
  readonly type: 'digest';
  readonly tableHash: Uint8Array;
  readonly lines: readonly Line[];
}
export interface Buckets {
  readonly type: 'buckets';
  readonly hashes: Uint8Array;
}
export interface Have {
  readonly type: 'have';
  readonly buckets: readonly number[];
  readonly lines: readonly Line[];
}
export interface Want {
  readonly type: 'want';
  readonly lines: readonly Line[];
}
/** What a node asks of a voter [P-17.5]. `read`: only how far it is, with an empty name. */
export type LeaseOperation = 'claim' | 'release' | 'read';
export interface LeaseAsk {
  readonly type: 'lease-ask';
  /** Grows with each question of the asker, whatever it is about. */
  readonly number: number;
  readonly operation: LeaseOperation;
  readonly name: string;
  /** What tells one claim from another of the same node: 8 bytes as hex digits. */
  readonly claim: string;
  readonly ballot: number;
  /** What the holder acts under; 0 while it holds nothing. */
  readonly fence: number;
  readonly ttlMs: number;
  readonly rosterVersion: number;
  /** The roster's name: 8 bytes as hex digits. */
  readonly rosterMark: string;
  /** Up to which version the asker knows the voter: it asks one life of it, and no rolled-back one. */
  readonly dest: Version;
  readonly mac?: Uint8Array;
}
/** What a voter answers [P-17.6]. */
export type LeaseVerdict =
  | 'granted'
  | 'taken'
  | 'ballot'
  | 'roster-old'
  | 'roster-unknown'
  | 'abstains'
  | 'full'
  | 'no-voter'
  | 'other-life';
export interface LeaseAnswer {
  readonly type: 'lease-answer';
  /** Of the question. */
  readonly number: number;
  readonly verdict: LeaseVerdict;
  /** The highest ballot that the voter knows, of whatever lease. */
  readonly top: number;
  /** Where it is taken: how long the voter still promises it; else 0. */
  readonly leftMs: number;
  /** The voter's own roster; 0: none. */
  readonly rosterVersion: number;
  readonly mac?: Uint8Array;
}

/** Somebody's word to a member that it can't call, through one that both reach [P-19.13]. */
export interface Carry {
  readonly type: 'carry';
  readonly from: NodeId;
  readonly boot: number;
  readonly to: NodeId;
  readonly message: LeaseAsk | LeaseAnswer;
}
/** `ack`: the query came. `none`: nothing answers to its name here. */
export type ReplyVerdict = 'ack' | 'answer' | 'none' | 'failed';
/** What a node says to a query, for whoever asked [P-18.10]. */
export interface QueryReply {
  readonly type: 'query-reply';
  readonly asker: NodeId;
  /** Of the query, among those of its asker. */
  readonly number: number;
  /** Who says so: not always who sends it. */
  readonly from: NodeId;
  readonly verdict: ReplyVerdict;
  readonly value: AppValue;
  /** Bytes of the whole answer, where `value` is only its beginning; else 0. */
  readonly cutFrom: number;
  readonly mac?: Uint8Array;
}
/** The asker has it. */
export interface QueryGot {
  readonly type: 'query-got';
  readonly asker: NodeId;
  readonly number: number;
  readonly from: NodeId;
  readonly verdict: ReplyVerdict;
  readonly mac?: Uint8Array;
}

/** Asks for parts of a value that travels apart from its record [P-5.44]. */
export interface ValueWant {
  readonly type: 'value-want';
  /** SHA-256 of the value. */
  readonly hash: Uint8Array;
  /** Part `i` is wanted where bit `i` is set: 1 to 2^16 - 1. */
  readonly parts: number;
}
/** One of them. Without bytes: the sender doesn't have that value. */
export interface ValuePart {
  readonly type: 'value-part';
  readonly hash: Uint8Array;
  /** 0 to 15. */
  readonly part: number;
  readonly bytes: Uint8Array;
}

/** Makes a datagram as long as the answers that it asks for [P-6.28]. */
export interface Padding {
  readonly type: 'padding';
  /** Bytes that say nothing. */
  readonly length: number;
}

export type Message =
  | Ping
  | Ack
  | PingReq
  | Nack
  | Gone
  | Join
  | Presence
  | Blocks
  | Digest
  | Buckets
  | Have
  | Want
  | LeaseAsk
  | LeaseAnswer
  | ValueWant
  | ValuePart
  | QueryReply
  | QueryGot
  | Padding
  | Carry;
export type MessageType = Message['type'];

/** A whole datagram's content, validated. `unknown` counts messages of types this version doesn't know. */
export interface Body {
  readonly sender: NodeId;
  readonly boot: number;
  readonly messages: readonly Message[];
  readonly unknown: number;
}
