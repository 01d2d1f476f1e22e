import { NODE_ID_BYTES, type NodeId, writeHex } from '../core/ids.ts';
import type { AppValue } from '../core/value.ts';
import { LINK_BYTES } from '../wire/messages/presence.ts';

/** The record in which a node states where its chains begin [P-6.25]. */
export const PRESENCE_KEY = 'sys/presence';
export const CHAIN_LENGTH_MAX = 4_096;
const SLOT_MS_MAX = 3_600_000;

/** Where a chain begins, as its owner signed it. Link i is let out in slot i, from `startMs + (i - 1) * slotMs` of its uptime on. */
export interface PresenceAnchor {
  readonly startMs: number;
  readonly slotMs: number;
  /** Links after the anchor, 1 to 4096. */
  readonly length: number;
  /** Link 0. */
  readonly anchor: Uint8Array;
}

/** The slot of a chain that this uptime falls into, from 1 on; undefined: outside of it. */
export function slotOf({ startMs, slotMs, length }: PresenceAnchor, uptimeMs: number): number | undefined {
  const slot = Math.floor((uptimeMs - startMs) / slotMs) + 1;
  return slot >= 1 && slot <= length ? slot : undefined;
}

const LABEL = new TextEncoder().encode('gridvine/1 link');
const OWNER_AT = LABEL.length;
const BOOT_AT = OWNER_AT + NODE_ID_BYTES;
const PLACE_AT = BOOT_AT + 4;
const LINK_AT = PLACE_AT + 4;

/** Walks one owner's chains of one boot, a hash a step: `link(i - 1) = first 16 bytes of SHA-256(label | owner | boot | i | link(i))`. */
export class ChainWalk {
  readonly #sha256: (data: Uint8Array) => Uint8Array;
  /** 55 bytes: as much as one block of SHA-256 holds. */
  readonly #input = new Uint8Array(LINK_AT + LINK_BYTES);
  readonly #view = new DataView(this.#input.buffer);

  constructor(sha256: (data: Uint8Array) => Uint8Array, owner: NodeId, boot: number) {
    this.#sha256 = sha256;
    this.#input.set(LABEL);
    writeHex(owner, this.#input, OWNER_AT);
    this.#view.setUint32(BOOT_AT, boot);
  }

  /** Link `to`, from link `from`, which lies at or behind it. */
  down(link: Uint8Array, from: number, to: number): Uint8Array {
    let present = link;
    for (let place = from; place > to; place--) {
      this.#view.setUint32(PLACE_AT, place);
      this.#input.set(present, LINK_AT);
      present = this.#sha256(this.#input).subarray(0, LINK_BYTES);
    }
    return present;
  }
}

/** An owner's chain: made from its end, kept as every n-th link, so that neither memory nor time is spent on all of it. */
export class PresenceChain implements PresenceAnchor {
  readonly startMs: number;
  readonly slotMs: number;
  readonly length: number;
  readonly anchor: Uint8Array;
  readonly #walk: ChainWalk;
  readonly #stride: number;
  /** Links `stride`, `2 * stride`, ... and the last one, one behind the other. */
  readonly #kept: Uint8Array;
  /** The links up to the checkpoint that was asked for last, which is link `#sectionEnd`. */
  readonly #section: Uint8Array;
  #sectionEnd = 0;

  /** @param about `seed`: 16 random bytes, the last link. */
  constructor(walk: ChainWalk, about: Omit<PresenceAnchor, 'anchor'> & { readonly seed: Uint8Array }) {
    this.startMs = about.startMs;
    this.slotMs = about.slotMs;
    this.length = about.length;
    this.#walk = walk;
    this.#stride = Math.ceil(Math.sqrt(about.length));
    const count = Math.ceil(about.length / this.#stride);
    this.#kept = new Uint8Array(count * LINK_BYTES);
    this.#section = new Uint8Array(this.#stride * LINK_BYTES);
    let link = about.seed;
    let place = about.length;
    for (let i = count - 1; i >= 0; i--) {
      this.#kept.set(link, i * LINK_BYTES);
      link = walk.down(link, place, i * this.#stride);
      place = i * this.#stride;
    }
    this.anchor = new Uint8Array(link);
  }

  /** Bytes kept of it. */
  get bytes(): number {
    return this.#kept.length + this.#section.length;
  }

  /** Link `place`, 1 to `length`. */
  link(place: number): Uint8Array {
    const index = Math.ceil(place / this.#stride) - 1;
    const start = index * this.#stride;
    const end = Math.min(start + this.#stride, this.length);
    if (this.#sectionEnd !== end) this.#unfold(index, start, end);
    const at = (place - start - 1) * LINK_BYTES;
    return this.#section.slice(at, at + LINK_BYTES);
  }

  #unfold(index: number, start: number, end: number): void {
    let link = this.#kept.subarray(index * LINK_BYTES, (index + 1) * LINK_BYTES);
    for (let place = end; place > start; place--) {
      this.#section.set(link, (place - start - 1) * LINK_BYTES);
      link = this.#walk.down(link, place, place - 1);
    }
    this.#sectionEnd = end;
  }
}

/** `presence-value = [ start-ms, slot-ms, length, anchor ]`. */
export function encodeAnchor({ startMs, slotMs, length, anchor }: PresenceAnchor): AppValue {
  return [startMs, slotMs, length, anchor];
}

/** @returns undefined where it breaks the specification. */
export function decodeAnchor(value: AppValue): PresenceAnchor | undefined {
  if (!Array.isArray(value)) return undefined;
  const [startMs, slotMs, length, anchor] = value as readonly unknown[];
  if (!isFrom(startMs, 0, Number.MAX_SAFE_INTEGER) || !isFrom(slotMs, 1, SLOT_MS_MAX)) return undefined;
  if (!isFrom(length, 1, CHAIN_LENGTH_MAX)) return undefined;
  if (!(anchor instanceof Uint8Array) || anchor.length !== LINK_BYTES) return undefined;
  return { startMs, slotMs, length, anchor };
}

function isFrom(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}
