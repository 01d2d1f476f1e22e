import { NODE_ID_BYTES } from '../../core/ids.ts';
import { RECORD_BYTES_MAX } from '../../core/limits.ts';
import { type CborWriter, sizeOfBytes, sizeOfInt, sizeOfUint } from '../cbor-writer.ts';
import type { Block, Blocks, Item } from '../message.ts';
import { asBytes, asList, asNodeId, asUint, asVersion, readAll } from '../schema.ts';
import type { MessageCodec } from './codec.ts';
import { lineBelow } from './line.ts';

/** `blocks = [ 8, + block ]`. */
export const blocksCodec: MessageCodec<Blocks> = {
  type: 'blocks',
  code: 8,
  encode(writer, message) {
    writer.array(1 + message.blocks.length);
    writer.uint(8);
    for (const block of message.blocks) encodeBlock(writer, block);
  },
  decode(fields) {
    const blocks = fields.length > 1 ? readAll(fields, 1, decodeBlock) : undefined;
    return blocks === undefined ? undefined : { type: 'blocks', blocks };
  },
};

/** Bytes of an item: body, age, and signature where it has one. `ageMs` at the moment of sending. */
export function sizeOfItem(item: Item): number {
  const signature = item.signature === undefined ? 0 : sizeOfBytes(item.signature.length);
  return 1 + sizeOfBytes(item.body.length) + sizeOfUint(item.ageMs) + signature;
}

/** Bytes of a block without its items; the count decides the length of the list's header. */
export function sizeOfBlockHeader(block: Omit<Block, 'items' | 'owner'> & { itemCount: number }): number {
  const { from, to, gc, itemCount } = block;
  const lines = sizeOfUint(to) + sizeOfUint(to - from) + sizeOfInt(to - gc);
  return 1 + sizeOfBytes(NODE_ID_BYTES) + lines + sizeOfUint(itemCount);
}

/** Bytes of a `blocks` message without its blocks. */
export function sizeOfBlocksHeader(blockCount: number): number {
  return sizeOfUint(1 + blockCount) + 1;
}

/** `block = [ owner, to, span, gc-span, [ * item ], ? proof: item ]`. */
function encodeBlock(writer: CborWriter, block: Block): void {
  writer.array(block.proof === undefined ? 5 : 6);
  writer.nodeId(block.owner);
  writer.uint(block.to);
  writer.uint(block.to - block.from);
  writer.int(block.to - block.gc);
  writer.array(block.items.length);
  for (const item of block.items) encodeItem(writer, item);
  if (block.proof !== undefined) encodeItem(writer, block.proof);
}

function encodeItem(writer: CborWriter, item: Item): void {
  writer.array(item.signature === undefined ? 2 : 3);
  writer.bytes(item.body);
  writer.uint(item.ageMs);
  if (item.signature !== undefined) writer.bytes(item.signature);
}

function decodeBlock(raw: unknown): Block | undefined {
  if (!Array.isArray(raw)) return undefined;
  const owner = asNodeId(raw[0]);
  const to = asVersion(raw[1]);
  const span = asUint(raw[2], to);
  const gc = lineBelow(to, raw[3]);
  const items = asList(raw[4], 0, decodeItem);
  if (owner === undefined || to === undefined || span === undefined) return undefined;
  if (gc === undefined || items === undefined) return undefined;
  const block = { owner, from: to - span, to, gc, items };
  if (raw.length === 5) return block;
  const proof = decodeItem(raw[5]);
  return proof === undefined ? undefined : { ...block, proof };
}

function decodeItem(raw: unknown): Item | undefined {
  if (!Array.isArray(raw)) return undefined;
  // Not copied: most items are known already. Whoever keeps one copies it.
  const body = raw[0] instanceof Uint8Array ? raw[0] : undefined;
  const ageMs = asUint(raw[1]);
  if (body === undefined || body.length > RECORD_BYTES_MAX || ageMs === undefined) return undefined;
  if (raw.length === 2) return { body, ageMs };
  const signature = asBytes(raw[2]);
  return signature === undefined ? undefined : { body, ageMs, signature };
}
