/** A node's identity: 32 lower-case hex digits, the first 16 bytes of the hash of its public key [P-1.2]. */
export type NodeId = string;

export const NODE_ID_BYTES = 16;

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** Lower-case hex of bytes. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += HEX[bytes[i]];
  return text;
}

/** Writes 2n hex digits as n bytes. @throws RangeError for another character. */
export function writeHex(hex: string, target: Uint8Array, at: number): void {
  for (let i = 0; i < hex.length; i += 2) {
    const byte = (nibble(hex.charCodeAt(i)) << 4) | nibble(hex.charCodeAt(i + 1));
    if (byte < 0) throw new RangeError(`expected hex digits; got ${hex}`);
    target[at + (i >> 1)] = byte;
  }
}

function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 102) return code - 87;
  if (code >= 65 && code <= 70) return code - 55;
  return -1;
}

/** The bytes of a hex text. @throws RangeError where it isn't an even number of hex digits. */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0) throw new RangeError('expected an even number of hex digits');
  const bytes = new Uint8Array(text.length / 2);
  writeHex(text, bytes, 0);
  return bytes;
}

/** Whether the text has the form of a node id. */
export function isNodeId(text: string): text is NodeId {
  return /^[0-9a-f]{32}$/.test(text);
}
