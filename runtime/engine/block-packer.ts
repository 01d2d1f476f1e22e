import type { Block, Item } from '../wire/message.ts';

/** Bytes of a block without its items, at most: array head, owner, to, span, gc-span, items' array head. */
const BLOCK_BYTES = 1 + 17 + 9 + 9 + 9 + 3;
/** Bytes of the message around the blocks: array head and type. */
const MESSAGE_BYTES = 4;

/** Bytes of an item on the wire, at most. */
export function itemBytes(item: Item): number {
  const signature = item.signature === undefined ? 0 : 2 + item.signature.length;
  return 1 + 3 + item.body.length + 9 + signature;
}

/** Gathers blocks for one `blocks` message of at most `room` bytes. */
export class BlockPacker {
  readonly blocks: Block[] = [];
  #room: number;

  constructor(room: number) {
    this.#room = room - MESSAGE_BYTES;
  }

  /** What a further block's items may take. */
  get roomForItems(): number {
    return this.#room - BLOCK_BYTES;
  }

  /** @returns false, and unchanged, where the block doesn't fit. */
  tryAdd(block: Block): boolean {
    const bytes = block.items.reduce((sum, item) => sum + itemBytes(item), BLOCK_BYTES);
    if (bytes > this.#room) return false;
    this.#room -= bytes;
    this.blocks.push(block);
    return true;
  }
}
