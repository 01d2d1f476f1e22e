import { NODE_ID_BYTES } from '../core/ids.ts';
import { BOOT_MAX } from '../core/version.ts';
import { sizeOfUint } from '../wire/cbor-writer.ts';
import type { Padding, Ping } from '../wire/message.ts';

/** Restarts of the target that this node may not have heard of: its boot may take more bytes by now. */
const RESTARTS = 16;
/** The array, its code and the number that is echoed. */
const ECHO_BYTES = 7;
const UPTIME_BYTES_MAX = 9;
const MAC_BYTES = 9;
const ANSWER_BYTES = 17;
/** The array that a body is, and its sender. */
const HEAD_BYTES = 1 + 1 + NODE_ID_BYTES;

/** A message of padding without any. */
const PADDING_BYTES_MIN = 3;

/**
 * What a body with these pings lacks, to be as long as the longest that answers them [P-6.28]: nobody can be made to send more than it
 * took, and nobody has to leave an answer away for that.
 * @param size bytes of the body without padding. @param roomBytes for what else the answer may hold.
 * @returns undefined where it is long enough.
 */
export function paddingFor(size: number, pings: readonly Ping[], roomBytes = 0): Padding | undefined {
  if (pings.length === 0) return undefined;
  const lacking = longestAnswerBytes(pings) + roomBytes - size;
  return lacking <= 0 ? undefined : { type: 'padding', length: Math.max(0, lacking - PADDING_BYTES_MIN) };
}

/** Bytes that this ping would take of a body if its receiver sent it. @param boot this node's. */
export function bytesOfPingBack({ mac }: Ping, boot: number): number {
  return ECHO_BYTES + sizeOfUint(boot) + (mac ? MAC_BYTES : 0);
}

/** Bytes of a body with this ping and its padding. */
export function bodyBytes(ping: Ping, roomBytes: number): number {
  return longestAnswerBytes([ping]) + roomBytes;
}

/** Bytes that a padding takes in a body. */
export function bytesOfPadding(padding: Padding | undefined): number {
  return padding === undefined ? 0 : 2 + sizeOfUint(padding.length) + padding.length;
}

function longestAnswerBytes(pings: readonly Ping[]): number {
  const boot = Math.max(...pings.map(bootBytes));
  return HEAD_BYTES + boot + pings.reduce((sum, ping) => sum + answerBytes(ping), 0);
}

/** An `ack` or a `gone`: to who isn't proven only with what a MAC covers. */
function answerBytes(ping: Ping): number {
  const { mac, relay } = ping;
  const gone = ECHO_BYTES + bootBytes(ping) + (mac ? MAC_BYTES : 0);
  const ack = ECHO_BYTES + (mac ? UPTIME_BYTES_MAX + MAC_BYTES : 0) + (relay ? ANSWER_BYTES : 0);
  return Math.max(gone, ack);
}

/** Of the target's boot, as far as it is known. */
function bootBytes({ destBoot }: Ping): number {
  return sizeOfUint(destBoot === 0 ? BOOT_MAX : Math.min(destBoot + RESTARTS, BOOT_MAX));
}
