/** Commands to a device. */
export const HEX_COMMAND = { ping: 1, version: 3, product: 4, get: 7 } as const;
/** What devices answer, or say by themselves. */
export const HEX_ANSWER = { done: 1, unknown: 3, error: 4, ping: 5, get: 7, set: 8, async: 0xa } as const;

/** Command and bytes add up to this with the checksum, modulo 256. */
const CHECK_SUM = 0x55;

export type HexFault = 'too-short' | 'odd-length' | 'checksum';

export type DecodedHex =
  | { readonly kind: 'frame'; readonly command: number; readonly data: Uint8Array }
  | { readonly kind: 'damaged'; readonly fault: HexFault };

/** Decodes the hex digits between `:` and the newline: a command of one digit, bytes of two, the last one the checksum. */
export function decodeHexFrame(text: string): DecodedHex {
  if (text.length < 3) return { kind: 'damaged', fault: 'too-short' };
  if (text.length % 2 === 0) return { kind: 'damaged', fault: 'odd-length' };
  const command = Number.parseInt(text.slice(0, 1), 16);
  const bytes = new Uint8Array((text.length - 1) / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(1 + 2 * i, 3 + 2 * i), 16);
  const sum = bytes.reduce((total, byte) => total + byte, command);
  if ((sum & 0xff) !== CHECK_SUM) return { kind: 'damaged', fault: 'checksum' };
  return { kind: 'frame', command, data: bytes.subarray(0, -1) };
}

/** A frame to send, with its colon, checksum and newline. @param command 0 to 15 */
export function encodeHexFrame(command: number, data: Uint8Array): Uint8Array {
  const sum = data.reduce((total, byte) => total + byte, command);
  const digits = [...data, (CHECK_SUM - sum) & 0xff].map((byte) => byte.toString(16).padStart(2, '0'));
  return new TextEncoder().encode(`:${command.toString(16)}${digits.join('')}\n`.toUpperCase());
}

/** Asks for a register, 0 to 65535. */
export function encodeGet(register: number): Uint8Array {
  return encodeHexFrame(HEX_COMMAND.get, Uint8Array.of(register & 0xff, register >> 8, 0));
}

/** Why a device gives no value for a register. */
export type RegisterRefusal = 'unknown-register' | 'not-supported' | 'parameter-error';

/** A register's value, asked for or told unasked; or why there is none. */
export type RegisterAnswer =
  | { readonly register: number; readonly data: Uint8Array }
  | { readonly register: number; readonly refused: RegisterRefusal };

/** What a frame says about a register; undefined where it says nothing of the kind. */
export function registerAnswer(frame: DecodedHex): RegisterAnswer | undefined {
  if (frame.kind !== 'frame' || frame.data.length < 3) return undefined;
  if (frame.command !== HEX_ANSWER.get && frame.command !== HEX_ANSWER.async) return undefined;
  const [low = 0, high = 0, flags = 0] = frame.data;
  const register = low | (high << 8);
  if (flags & 1) return { register, refused: 'unknown-register' };
  if (flags & 2) return { register, refused: 'not-supported' };
  if (flags & 4) return { register, refused: 'parameter-error' };
  return { register, data: frame.data.subarray(3) };
}
