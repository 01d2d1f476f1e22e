import type { Expected, Found, Framing } from './answer-scanner.ts';
import { dataBytesOf, encodeReadPdu, READ_FUNCTION } from './read-request.ts';

const NONE: Found = { kind: 'none' };
const SHORT: Found = { kind: 'short' };
const DAMAGED: Found = { kind: 'damaged' };
const LATE: Found = { kind: 'late' };

/** Transaction (2), protocol (2), length (2), unit; then function and one byte more. */
const HEADER_BYTES = 9;
/** What the length field of an exception says: unit, function, code. */
const EXCEPTION_LENGTH = 3;

/** Modbus TCP (Messaging on TCP/IP 1.0b, section 3.1.3): a header with the number of the request in place of a CRC. */
export const tcpFraming: Framing = {
  frameBytesMax: 260,
  encode(request, transaction) {
    const pdu = encodeReadPdu(request);
    const head = [transaction >> 8, transaction & 0xff, 0, 0, 0, pdu.length + 1, request.unitId];
    return Uint8Array.of(...head, ...pdu);
  },
  find({ bytes }, at, expected) {
    const frameBytes = frameBytesAt(bytes, at, expected);
    if (frameBytes === undefined) return NONE;
    if (bytes.length - at < Math.max(HEADER_BYTES, frameBytes)) return SHORT;
    const { request, transaction } = expected;
    const isException = (bytes[at + 7]! & 0x80) !== 0;
    if (!isException && bytes[at + 8] !== frameBytes - HEADER_BYTES) return DAMAGED;
    if (((bytes[at]! << 8) | bytes[at + 1]!) !== transaction) return LATE;
    if (isException) {
      return { kind: 'answer', answer: { kind: 'exception', code: bytes[at + 8]! }, length: frameBytes };
    }
    const data = bytes.slice(at + HEADER_BYTES, at + frameBytes);
    if (data.length !== dataBytesOf(request)) return DAMAGED;
    return { kind: 'answer', answer: { kind: 'data', data }, length: frameBytes };
  },
};

/**
 * How long the frame is that may begin here, as far as its bytes have come: of our unit, and of our function or its
 * exception. Undefined where none begins.
 */
function frameBytesAt(bytes: Uint8Array, at: number, { request }: Expected): number | undefined {
  const mayBe = (offset: number, ...values: readonly number[]) => {
    const byte = bytes[at + offset];
    return byte === undefined || values.includes(byte);
  };
  const fn = READ_FUNCTION[request.table];
  if (!mayBe(2, 0) || !mayBe(3, 0) || !mayBe(4, 0) || !mayBe(6, request.unitId) || !mayBe(7, fn, fn | 0x80)) {
    return undefined;
  }
  const told = bytes[at + 5] ?? EXCEPTION_LENGTH;
  const isException = bytes[at + 7] === (fn | 0x80);
  if (told < EXCEPTION_LENGTH || (isException && told !== EXCEPTION_LENGTH)) return undefined;
  return told + 6;
}
