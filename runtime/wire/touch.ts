import { MAGIC } from './header.ts';

/** Kind of a datagram that only asks the host's kernel whether anybody listens [P-6.9]. */
const KIND_TOUCH = 4;

/** A touch, whole: the same bytes in all versions of the protocol. */
export const TOUCH: Uint8Array = Uint8Array.of(MAGIC, (1 << 4) | KIND_TOUCH);

/** Whether a datagram is a touch: whoever has the port open ignores it. Longer ones of its kind are none. */
export function isTouch(bytes: Uint8Array): boolean {
  return bytes.length === TOUCH.length && bytes[0] === TOUCH[0] && bytes[1] === TOUCH[1];
}
