import { DATAGRAM_BYTES_MAX, SEAL_TAG_BYTES } from '../../core/limits.ts';
import { AGREEMENT_KEY_BYTES } from '../../crypto/agreement-rules.ts';
import { CLUSTER_TAG_BYTES, MAGIC, OFFSET_CLUSTER_TAG, PROTOCOL_VERSION } from '../../wire/header.ts';
import { CONNECTION_ID_BYTES, COOKIE_BYTES, FRAME_HEADER_BYTES } from './limits.ts';

/** Kind of a datagram of the admission handshake [P-3.2]. */
export const KIND_ADMISSION = 5;

/** The steps in the order of their numbers from 1 [P-13.3]. */
export const STEPS = ['hello', 'retry', 'response', 'finish', 'grant', 'denied', 'done'] as const;
export type Step = (typeof STEPS)[number];
/** Steps whose payload is a message of Noise, and those sealed under the finished session. */
export type NoiseStep = 'response' | 'finish';
export type SealedStep = 'grant' | 'denied' | 'done';
export type Role = 'initiator' | 'responder';

/** Where the fields begin [P-13.2]. */
const OFFSET_STEP = 6;
const OFFSET_ORDINAL = 7;
const OFFSET_CONNECTION = 8;

/** Set in the ordinal of what the responder sealed. */
const FROM_RESPONDER = 0x80;
export const NONCE_MAX = FROM_RESPONDER - 1;

/** Lengths that are the same in each datagram of the step. A retry is the only answer that an unproven address may get. */
export const HELLO_BYTES = FRAME_HEADER_BYTES + COOKIE_BYTES + AGREEMENT_KEY_BYTES;
export const RETRY_BYTES = FRAME_HEADER_BYTES + COOKIE_BYTES;

/** Shortest payload of the others: the keys and tags of their Noise message, or one tag. */
const PAYLOAD_BYTES_MIN: Readonly<Record<NoiseStep | SealedStep, number>> = {
  response: AGREEMENT_KEY_BYTES + AGREEMENT_KEY_BYTES + 2 * SEAL_TAG_BYTES,
  finish: AGREEMENT_KEY_BYTES + 2 * SEAL_TAG_BYTES,
  grant: SEAL_TAG_BYTES,
  denied: SEAL_TAG_BYTES,
  done: SEAL_TAG_BYTES,
};

interface AnyFrame {
  readonly connection: Uint8Array;
}

/** Both fields are zeros in a first hello: it asks for a cookie and costs neither side a key. */
export interface HelloFrame extends AnyFrame {
  readonly step: 'hello';
  readonly cookie: Uint8Array;
  readonly ephemeral: Uint8Array;
}

export interface RetryFrame extends AnyFrame {
  readonly step: 'retry';
  readonly cookie: Uint8Array;
}

export interface NoiseFrame extends AnyFrame {
  readonly step: NoiseStep;
  readonly message: Uint8Array;
}

export interface SealedFrame extends AnyFrame {
  readonly step: SealedStep;
  readonly sender: Role;
  /** 0 to 127, counted by the sender. */
  readonly nonce: number;
  /** The 16 bytes in front, which the seal covers too. */
  readonly header: Uint8Array;
  readonly sealed: Uint8Array;
}

/** A datagram taken apart. All bytes are views of it: copy what is kept. */
export type Frame = HelloFrame | RetryFrame | NoiseFrame | SealedFrame;

export type FrameFault = 'size' | 'version' | 'wrong-cluster' | 'malformed';

/** Whether a datagram is of this kind, of whatever version; it may still be malformed. */
export function looksLikeAdmission(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === MAGIC && (bytes[1] & 15) === KIND_ADMISSION;
}

/** Writes and reads the datagrams of one cluster. */
export class FrameCodec {
  readonly #clusterTag: Uint8Array;

  /** @param clusterTag 4 bytes [P-2.3]. */
  constructor(clusterTag: Uint8Array) {
    this.#clusterTag = new Uint8Array(clusterTag);
  }

  hello(connection: Uint8Array, fields: Pick<HelloFrame, 'cookie' | 'ephemeral'>): Uint8Array {
    const bytes = this.#begin('hello', connection, HELLO_BYTES);
    bytes.set(fields.cookie, FRAME_HEADER_BYTES);
    bytes.set(fields.ephemeral, FRAME_HEADER_BYTES + COOKIE_BYTES);
    return bytes;
  }

  retry(connection: Uint8Array, cookie: Uint8Array): Uint8Array {
    const bytes = this.#begin('retry', connection, RETRY_BYTES);
    bytes.set(cookie, FRAME_HEADER_BYTES);
    return bytes;
  }

  /** @throws RangeError where it gets longer than a datagram: credentials are checked before. */
  noise(step: NoiseStep, connection: Uint8Array, message: Uint8Array): Uint8Array {
    const bytes = this.#begin(step, connection, FRAME_HEADER_BYTES + message.length);
    bytes.set(message, FRAME_HEADER_BYTES);
    return bytes;
  }

  /** The 16 bytes that stand in front of a sealed payload, and are its associated data. */
  sealedHeader(step: SealedStep, connection: Uint8Array, from: { sender: Role; nonce: number }): Uint8Array {
    const bytes = this.#begin(step, connection, FRAME_HEADER_BYTES);
    bytes[OFFSET_ORDINAL] = from.nonce | (from.sender === 'responder' ? FROM_RESPONDER : 0);
    return bytes;
  }

  /** Never throws: whatever is no datagram of this cluster's handshakes is a fault. */
  decode(bytes: Uint8Array): Frame | { readonly fault: FrameFault } {
    if (bytes.length < RETRY_BYTES || bytes.length > DATAGRAM_BYTES_MAX) return { fault: 'size' };
    if (!looksLikeAdmission(bytes) || bytes[1] >> 4 !== PROTOCOL_VERSION) return { fault: 'version' };
    for (let i = 0; i < CLUSTER_TAG_BYTES; i++)
      if (bytes[OFFSET_CLUSTER_TAG + i] !== this.#clusterTag[i]) return { fault: 'wrong-cluster' };
    const step = STEPS[bytes[OFFSET_STEP] - 1];
    const ordinal = bytes[OFFSET_ORDINAL];
    const connection = bytes.subarray(OFFSET_CONNECTION, FRAME_HEADER_BYTES);
    const payload = bytes.subarray(FRAME_HEADER_BYTES);
    switch (step) {
      case 'hello':
        if (ordinal !== 0 || bytes.length !== HELLO_BYTES) return MALFORMED;
        return {
          step,
          connection,
          cookie: payload.subarray(0, COOKIE_BYTES),
          ephemeral: payload.subarray(COOKIE_BYTES),
        };
      case 'retry':
        if (ordinal !== 0 || bytes.length !== RETRY_BYTES) return MALFORMED;
        return { step, connection, cookie: payload };
      case 'response':
      case 'finish':
        if (ordinal !== 0 || payload.length < PAYLOAD_BYTES_MIN[step]) return MALFORMED;
        return { step, connection, message: payload };
      case undefined:
        return MALFORMED;
      default:
        if (payload.length < PAYLOAD_BYTES_MIN[step]) return MALFORMED;
        return {
          step,
          connection,
          sender: (ordinal & FROM_RESPONDER) === 0 ? 'initiator' : 'responder',
          nonce: ordinal & NONCE_MAX,
          header: bytes.subarray(0, FRAME_HEADER_BYTES),
          sealed: payload,
        };
    }
  }

  #begin(step: Step, connection: Uint8Array, length: number): Uint8Array {
    if (length > DATAGRAM_BYTES_MAX || connection.length !== CONNECTION_ID_BYTES)
      throw new RangeError(`${step}: expected at most ${DATAGRAM_BYTES_MAX} bytes; got ${length}`);
    const bytes = new Uint8Array(length);
    bytes[0] = MAGIC;
    bytes[1] = (PROTOCOL_VERSION << 4) | KIND_ADMISSION;
    bytes.set(this.#clusterTag, OFFSET_CLUSTER_TAG);
    bytes[OFFSET_STEP] = 1 + STEPS.indexOf(step);
    bytes.set(connection, OFFSET_CONNECTION);
    return bytes;
  }
}

const MALFORMED = { fault: 'malformed' } as const;

/** Whether all bytes are zeros. */
export function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
