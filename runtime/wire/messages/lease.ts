import { fromHex, toHex } from '../../core/ids.ts';
import { BALLOT_MAX, LEASE_TTL_MS_MAX, LEASE_TTL_MS_MIN } from '../../core/limits.ts';
import { CborWriter } from '../cbor-writer.ts';
import type { LeaseAnswer, LeaseAsk, LeaseOperation, LeaseVerdict } from '../message.ts';
import { asBytes, asUint, asUint32, asVersion } from '../schema.ts';
import type { MessageCodec } from './codec.ts';
import { countOf, optionalField } from './mac.ts';

/** Bytes of a claim, and of a roster's mark. */
const NAME_BYTES = 8;
/** Bytes of a MAC between asker and voter: a promise is worth more to a forger than a sign of life [P-17.7]. */
export const LEASE_MAC_BYTES = 16;
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const OPERATIONS: readonly LeaseOperation[] = ['claim', 'release', 'read'];
/** In the order of their codes. */
export const LEASE_VERDICTS: readonly LeaseVerdict[] = [
  'granted',
  'taken',
  'ballot',
  'roster-old',
  'roster-unknown',
  'abstains',
  'full',
  'no-voter',
  'other-life',
];

/** `lease-ask = [ 13, number, operation, name, claim, ballot, fence, ttl-ms, roster-version, roster-mark, dest, ? mac ]`. */
export const leaseAskCodec: MessageCodec<LeaseAsk> = {
  type: 'lease-ask',
  code: 13,
  encode(writer, ask) {
    writer.array(11 + countOf([ask.mac]));
    writer.uint(13);
    writer.uint(ask.number);
    writer.uint(OPERATIONS.indexOf(ask.operation));
    writer.text(ask.name);
    writer.bytes(fromHex(ask.claim));
    writer.uint(ask.ballot);
    writer.uint(ask.fence);
    writer.uint(ask.ttlMs);
    writer.uint(ask.rosterVersion);
    writer.bytes(fromHex(ask.rosterMark));
    writer.uint(ask.dest);
    if (ask.mac !== undefined) writer.bytes(ask.mac);
  },
  decode(fields) {
    const number = asUint(fields[1]);
    const operation = OPERATIONS[asUint(fields[2]) ?? OPERATIONS.length];
    const claim = asBytes(fields[4], NAME_BYTES);
    const [ballot, fence] = [asUint(fields[5], BALLOT_MAX), asUint(fields[6], BALLOT_MAX)];
    const ttlMs = asUint(fields[7], LEASE_TTL_MS_MAX);
    const rosterVersion = asUint32(fields[8]);
    const mark = asBytes(fields[9], NAME_BYTES);
    const dest = asVersion(fields[10]);
    if (number === undefined || operation === undefined || claim === undefined) return undefined;
    if (ballot === undefined || fence === undefined || ttlMs === undefined) return undefined;
    if (rosterVersion === undefined || mark === undefined || dest === undefined) return undefined;
    const name = operation === 'read' ? '' : asName(fields[3]);
    if (name === undefined || (operation === 'claim' && (ballot < 1 || ttlMs < LEASE_TTL_MS_MIN)))
      return undefined;
    const mac = optionalField(fields[11], readMac);
    if (mac === null) return undefined;
    const rosterMark = toHex(mark);
    const about = { number, operation, name, claim: toHex(claim), ballot, fence, ttlMs, dest };
    return { type: 'lease-ask', ...about, rosterVersion, rosterMark, ...(mac && { mac }) };
  },
};

/** `lease-answer = [ 14, number, verdict, top, left-ms, roster-version, ? mac ]`. */
export const leaseAnswerCodec: MessageCodec<LeaseAnswer> = {
  type: 'lease-answer',
  code: 14,
  encode(writer, answer) {
    writer.array(6 + countOf([answer.mac]));
    writer.uint(14);
    writer.uint(answer.number);
    writer.uint(LEASE_VERDICTS.indexOf(answer.verdict));
    writer.uint(answer.top);
    writer.uint(answer.leftMs);
    writer.uint(answer.rosterVersion);
    if (answer.mac !== undefined) writer.bytes(answer.mac);
  },
  decode(fields) {
    const number = asUint(fields[1]);
    const verdict = asUint(fields[2]);
    const top = asUint(fields[3], BALLOT_MAX);
    const leftMs = asUint(fields[4]);
    const rosterVersion = asUint32(fields[5]);
    if (number === undefined || verdict === undefined || top === undefined) return undefined;
    if (leftMs === undefined || rosterVersion === undefined) return undefined;
    const mac = optionalField(fields[6], readMac);
    if (mac === null) return undefined;
    // A reason that a later version adds is no promise.
    const known = LEASE_VERDICTS[verdict] ?? 'abstains';
    return { type: 'lease-answer', number, verdict: known, top, leftMs, rosterVersion, ...(mac && { mac }) };
  },
};

/** What the MAC of such a message covers: all of it but the MAC. */
export function leaseContent(message: LeaseAsk | LeaseAnswer): Uint8Array {
  const { mac: _, ...bare } = message;
  const writer = new CborWriter();
  if (bare.type === 'lease-ask') leaseAskCodec.encode(writer, bare);
  else leaseAnswerCodec.encode(writer, bare);
  return writer.finish();
}

function asName(raw: unknown): string | undefined {
  return typeof raw === 'string' && NAME.test(raw) ? raw : undefined;
}

function readMac(raw: unknown): Uint8Array | undefined {
  return asBytes(raw, LEASE_MAC_BYTES);
}
