import type { Expected, Found, Framing, Stretch } from './answer-scanner.ts';
import { crc16 } from './crc16.ts';
import { dataBytesOf, encodeReadPdu, READ_FUNCTION, type ReadRequest } from './read-request.ts';

const NONE: Found = { kind: 'none' };
const SHORT: Found = { kind: 'short' };
const SHORT_OR_DAMAGED: Found = { kind: 'short', isDamaged: true };
const LATE: Found = { kind: 'late' };
const DAMAGED: Found = { kind: 'damaged' };

/** A request of a master that reads, or writes one value: unit, function 1 to 6, address, count or value, CRC. */
const REQUEST_BYTES = 8;
const EXCEPTION_BYTES = 5;
const FRAME_BYTES_MAX = 260;

/** Serial line framing: unit, function, data, CRC. The same bytes also travel through TCP gateways. */
export const rtuFraming: Framing = {
  frameBytesMax: FRAME_BYTES_MAX,
  encode(request) {
    const body = Uint8Array.of(request.unitId, ...encodeReadPdu(request));
    const crc = crc16(body);
    return Uint8Array.of(...body, crc & 0xff, crc >> 8);
  },
  find(stretch, at, expected) {
    const answer = answerAt(stretch, at, expected.request);
    if (answer.kind === 'answer') return answer;
    const theirs = theirAnswerAt(stretch, at, expected);
    if (theirs.kind === 'theirs') return theirs;
    // Before requests: the answer with 17 to 24 coils looks like one.
    const late = expected.previous === undefined ? NONE : answerAt(stretch, at, expected.previous);
    if (late.kind === 'answer') return LATE;
    const request = requestAt(stretch, at, expected);
    if (request.kind !== 'none' && request.kind !== 'short') return request;
    if (![request, theirs, late].some(({ kind }) => kind === 'short')) return answer;
    return answer.kind === 'damaged' ? SHORT_OR_DAMAGED : SHORT;
  },
};

function answerAt({ bytes, crcs }: Stretch, at: number, request: ReadRequest): Found {
  if (bytes[at] !== request.unitId) return NONE;
  const left = bytes.length - at;
  if (left < 2) return SHORT;
  const fn = READ_FUNCTION[request.table];
  if (bytes[at + 1] === (fn | 0x80)) {
    if (left < EXCEPTION_BYTES) return SHORT;
    if (!crcs.isRight(at, at + 3)) return DAMAGED;
    return { kind: 'answer', answer: { kind: 'exception', code: bytes[at + 2]! }, length: EXCEPTION_BYTES };
  }
  if (bytes[at + 1] !== fn) return NONE;
  if (left < 3) return SHORT;
  const size = dataBytesOf(request);
  if (bytes[at + 2] !== size) return NONE;
  if (left < size + 5) return SHORT;
  if (!crcs.isRight(at, at + 3 + size)) return DAMAGED;
  return {
    kind: 'answer',
    answer: { kind: 'data', data: bytes.slice(at + 3, at + 3 + size) },
    length: size + 5,
  };
}

/** Our own request come back, or another master's. */
function requestAt({ bytes, crcs }: Stretch, at: number, { sent, mayEcho }: Expected): Found {
  const left = bytes.length - at;
  if (left < 2) return SHORT;
  const fn = bytes[at + 1]!;
  if (fn < 1 || fn > 6) return NONE;
  if (left < REQUEST_BYTES) return SHORT;
  if (!crcs.isRight(at, at + REQUEST_BYTES - 2)) return NONE;
  const isOurs = mayEcho && sent.every((byte, i) => byte === bytes[at + i]);
  if (isOurs) return { kind: 'echo', length: REQUEST_BYTES };
  const count = ((bytes[at + 4] ?? 0) << 8) | (bytes[at + 5] ?? 0);
  const dataBytes = fn > 4 ? 3 : fn > 2 ? 2 * count : Math.ceil(count / 8);
  return { kind: 'foreign', request: { unitId: bytes[at] ?? 0, fn, answerBytes: dataBytes + 5 } };
}

/** The answer to another master's request: what comes behind it is nobody's but ours again. */
function theirAnswerAt({ bytes, crcs }: Stretch, at: number, { foreign }: Expected): Found {
  if (foreign === undefined || bytes[at] !== foreign.unitId) return NONE;
  const left = bytes.length - at;
  if (left < 2) return SHORT;
  const isException = bytes[at + 1] === (foreign.fn | 0x80);
  if (!isException && bytes[at + 1] !== foreign.fn) return NONE;
  const length = isException ? EXCEPTION_BYTES : foreign.answerBytes;
  if (length > FRAME_BYTES_MAX) return NONE;
  if (left < length) return SHORT;
  return crcs.isRight(at, at + length - 2) ? { kind: 'theirs' } : NONE;
}
