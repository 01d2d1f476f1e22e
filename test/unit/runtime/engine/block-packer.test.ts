import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockPacker, bytesOfBlock } from '#runtime/engine/block-packer.ts';
import type { Block } from '#runtime/wire/message.ts';
import { itemOf } from '../../../support/lying-peer.ts';

function blockOf(bytes: number, sequence: number): Block {
  const version = 2 ** 32 + sequence;
  const item = itemOf({ key: 'k', version, value: 'x'.repeat(bytes) });
  return { owner: '11'.repeat(16), from: version - 1, to: version, gc: 0, items: [item] };
}

test('what does not fit is passed over, and what comes after it and fits is taken', () => {
  // B-52
  const [large, small, smaller] = [blockOf(600, 1), blockOf(200, 2), blockOf(20, 3)];
  const packer = new BlockPacker(500);
  assert.deepEqual(
    [large, small, smaller].map((block) => packer.tryAdd(block)),
    [false, true, true],
  );
  assert.deepEqual(packer.blocks, [small, smaller]);
});

test('a block takes what it says, to the last byte, and one that was refused takes nothing', () => {
  // B-52
  const block = blockOf(100, 1);
  const bytes = bytesOfBlock(block);
  const roomFor = (count: number) => {
    // Four bytes are the message's own.
    const packer = new BlockPacker(4 + count);
    return [packer.tryAdd(blockOf(600, 2)), packer.tryAdd(block), packer.blocks.length];
  };
  assert.deepEqual(roomFor(bytes), [false, true, 1]);
  assert.deepEqual(roomFor(bytes - 1), [false, false, 0]);
});
