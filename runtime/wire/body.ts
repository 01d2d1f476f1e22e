import { NODE_ID_BYTES, type NodeId, writeHex } from '../core/ids.ts';
import { BODY_BYTES_MAX } from '../core/limits.ts';
import { decodeCbor } from './cbor.ts';
import { CborWriter, sizeOfUint } from './cbor-writer.ts';
import type { Body, Message } from './message.ts';
import { codecOf, encodeMessage } from './messages/table.ts';
import { asArray, asBoot, asNodeId, asUint } from './schema.ts';

export { sizeOfBlockHeader, sizeOfBlocksHeader, sizeOfItem } from './messages/blocks.ts';
export { sizeOfDigestHeader } from './messages/digest.ts';
export { sizeOfHaveHeader, sizeOfWantHeader } from './messages/have-want.ts';
export { sizeOfLine } from './messages/line.ts';

/** The array's header, sender and boot stand in front; the header's length depends on how many messages follow. */
const ARRAY_HEADER_MAX = 3;
const FIXED_ITEMS = 2;
/** Most bodies are a probe or its answer; those with news grow. */
const BYTES_AT_FIRST = 128;

/** A place between two messages of a body. */
export interface BodyMark {
  readonly length: number;
  readonly count: number;
}

/** Fills one datagram's body, `[ sender, boot, * message ]`, message by message. */
export class BodyBuilder {
  readonly #writer: CborWriter;
  readonly #limit: number;
  #count = 0;

  /**
   * @param sender this node's id. @param boot its boot, 1 to 2^20 - 1.
   * @param limit the most bytes of the finished body; what one datagram carries unless told otherwise.
   */
  constructor(sender: NodeId, boot: number, limit: number = BODY_BYTES_MAX) {
    this.#limit = limit;
    this.#writer = new CborWriter(BYTES_AT_FIRST, ARRAY_HEADER_MAX);
    this.#writer.nodeId(sender);
    this.#writer.uint(boot);
  }

  /** Messages added so far. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of the body as it is now. */
  get size(): number {
    return this.#sizeWith(this.#count);
  }

  /** Bytes that one more message may take. */
  get room(): number {
    return this.#limit - this.#sizeWith(this.#count + 1);
  }

  /**
   * Adds a message if it fits. @returns false where it doesn't; the body is unchanged then.
   * @throws RangeError where a field is out of its range; the body is unchanged then too.
   */
  tryAdd(message: Message): boolean {
    const before = this.#writer.length;
    let fits = false;
    try {
      encodeMessage(this.#writer, message);
      fits = this.#sizeWith(this.#count + 1) <= this.#limit;
    } finally {
      if (fits) this.#count++;
      else this.#writer.truncate(before);
    }
    return fits;
  }

  /** What is in it now, to go back to. */
  get mark(): BodyMark {
    return { length: this.#writer.length, count: this.#count };
  }

  /** Takes out what was added after the mark. */
  rewind({ length, count }: BodyMark): void {
    this.#writer.truncate(length);
    this.#count = count;
  }

  /** The body's bytes; a view that the next `tryAdd` may overwrite. */
  finish(): Uint8Array {
    const items = FIXED_ITEMS + this.#count;
    const header = sizeOfUint(items);
    const body = this.#writer.view(ARRAY_HEADER_MAX - header);
    body[0] = header === 1 ? 0x80 | items : header === 2 ? 0x98 : 0x99;
    if (header === 2) body[1] = items;
    if (header === 3) {
      body[1] = items >> 8;
      body[2] = items & 255;
    }
    return body;
  }

  #sizeWith(count: number): number {
    return this.#writer.length - ARRAY_HEADER_MAX + sizeOfUint(FIXED_ITEMS + count);
  }
}

/**
 * Decodes and validates a whole body: gate, CBOR, schema. What it gives is copied out of the input, but for the bytes of records: most
 * are known already, and whoever keeps one copies it.
 * @returns undefined where anything in it breaks the specification, whatever else it holds. Never throws.
 */
export function decodeBody(bytes: Uint8Array): Body | undefined {
  const decoded = decodeCbor(bytes);
  const items = 'value' in decoded ? asArray(decoded.value) : undefined;
  if (items === undefined) return undefined;
  const sender = asNodeId(items[0]);
  const boot = asBoot(items[1], 1);
  if (sender === undefined || boot === undefined) return undefined;
  const messages: Message[] = [];
  let unknown = 0;
  for (let i = FIXED_ITEMS; i < items.length; i++) {
    const fields = asArray(items[i]);
    const code = fields === undefined ? undefined : asUint(fields[0]);
    if (fields === undefined || code === undefined) return undefined;
    const codec = codecOf(code);
    if (codec === undefined) {
      unknown++;
      continue;
    }
    const message = codec.decode(fields);
    if (message === undefined) return undefined;
    messages.push(message);
  }
  return { sender, boot, messages, unknown };
}

/** The 16 bytes of a node id. @throws RangeError for what is no id. */
export function idBytes(id: NodeId): Uint8Array {
  if (id.length !== 2 * NODE_ID_BYTES) throw new RangeError(`expected a node id of 32 hex digits; got ${id}`);
  const bytes = new Uint8Array(NODE_ID_BYTES);
  writeHex(id, bytes, 0);
  return bytes;
}
