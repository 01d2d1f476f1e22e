const CHUNK_BYTES = 16_384;

let chunk = new ArrayBuffer(CHUNK_BYTES);
let used = 0;

/**
 * Zeroed bytes for something short-lived, such as a datagram: cut from a larger piece, because an array buffer of its own costs
 * about as much as sealing does. Don't keep them: each holds its whole piece in memory. Copy instead.
 */
export function shortLivedBytes(length: number): Uint8Array {
  if (length > CHUNK_BYTES / 4) return new Uint8Array(length);
  if (used + length > CHUNK_BYTES) {
    chunk = new ArrayBuffer(CHUNK_BYTES);
    used = 0;
  }
  const bytes = new Uint8Array(chunk, used, length);
  used += length;
  return bytes;
}
