import { DATAGRAM_BYTES_MAX } from '../../core/limits.ts';
import { FRAME_BYTES_MIN, FRAMES_AT_ONCE, FRAMES_PER_BODY_MAX } from './limits.ts';

const LENGTH_BYTES = 2;

/** Bytes that a datagram takes in a body. */
export function frameBytes(datagram: Uint8Array): number {
  return LENGTH_BYTES + datagram.length;
}

/** A body: each datagram behind its length, 16 bits, big-endian [P-19.3]. */
export function encodeFrames(datagrams: readonly Uint8Array[]): Uint8Array {
  const body = new Uint8Array(datagrams.reduce((sum, datagram) => sum + frameBytes(datagram), 0));
  let at = 0;
  for (const datagram of datagrams) {
    body[at] = datagram.length >> 8;
    body[at + 1] = datagram.length & 255;
    body.set(datagram, at + LENGTH_BYTES);
    at += frameBytes(datagram);
  }
  return body;
}

/** @returns undefined where the body isn't made of at most 256 whole datagrams of 32 to 1200 bytes; copies otherwise. */
export function decodeFrames(body: Uint8Array): Uint8Array[] | undefined {
  const datagrams: Uint8Array[] = [];
  let at = 0;
  while (at < body.length) {
    if (at + LENGTH_BYTES > body.length) return undefined;
    const length = (body[at] << 8) | body[at + 1];
    const end = at + LENGTH_BYTES + length;
    if (length < FRAME_BYTES_MIN || length > DATAGRAM_BYTES_MAX || end > body.length) return undefined;
    if (datagrams.length === FRAMES_PER_BODY_MAX) return undefined;
    datagrams.push(Uint8Array.from(body.subarray(at + LENGTH_BYTES, end)));
    at = end;
  }
  return datagrams;
}

/** Hands datagrams over one by one, those of a long body in turns, so that nothing else waits for all of them; then calls `done`. */
export function handOver(
  datagrams: readonly Uint8Array[],
  take: (datagram: Uint8Array) => void,
  done: () => void,
): void {
  for (const datagram of datagrams.slice(0, FRAMES_AT_ONCE)) take(datagram);
  if (datagrams.length <= FRAMES_AT_ONCE) done();
  else setImmediate(() => handOver(datagrams.slice(FRAMES_AT_ONCE), take, done));
}
