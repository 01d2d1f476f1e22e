import { sizeOfBlockHeader, sizeOfItem } from '../wire/body.ts';
import type { Block } from '../wire/message.ts';

/** Bytes of a block without its items, at most: array head, owner, to, span, gc-span, items' array head. */
const BLOCK_BYTES_MAX = 1 + 17 + 9 + 9 + 9 + 3;
/** Bytes of the message around the blocks: array head and type. */
const MESSAGE_BYTES = 4;

/** Gathers blocks for one `blocks` message of at most `room` bytes. */
export class BlockPacker {
  readonly blocks: Block[] = [];
  #room: number;

  constructor(room: number) {
    this.#room = room - MESSAGE_BYTES;
  }

  /** What a further block's items may take. */
  get roomForItems(): number {
    return this.#room - BLOCK_BYTES_MAX;
  }

  /** @returns false, and unchanged, where the block doesn't fit. */
  tryAdd(block: Block): boolean {
    const bytes = bytesOfBlock(block);
    if (bytes > this.#room) return false;
    this.#room -= bytes;
    this.blocks.push(block);
    return true;
  }
}

/** Bytes of a block with its items. */
export function bytesOfBlock({ from, to, gc, items, proof }: Block): number {
  let bytes = sizeOfBlockHeader({ from, to, gc, itemCount: items.length });
  for (const item of items) bytes += sizeOfItem(item);
  if (proof !== undefined) bytes += sizeOfItem(proof);
  return bytes;
}
