import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnginePump } from '../../../support/engine-pump.ts';
import { itemOf, LyingPeer } from '../../../support/lying-peer.ts';

test('[P-7.3] in a large table whose buckets all differ, each bucket has its turn', () => {
  // B-76
  const pump = new EnginePump();
  const node = pump.add();
  const peer = new LyingPeer(pump);
  peer.introduce(node);
  for (let i = 0; i < 1_000; i++) {
    const owner = `${(i % 256).toString(16).padStart(2, '0')}${i.toString(16).padStart(30, '0')}`;
    const block = { owner, from: 0, to: 2 ** 32 + 1, gc: 0, items: [itemOf({ key: 'k' })] };
    peer.tell(node, { type: 'blocks', blocks: [block] });
  }
  const named = new Set<number>();
  for (let round = 0; round < 200; round++) {
    pump.run(1_000);
    const hashes = new Uint8Array(256).fill(round + 1);
    for (const answer of peer.read(peer.tell(node, { type: 'buckets', hashes })))
      if (answer.type === 'have') for (const bucket of answer.buckets) named.add(bucket);
  }
  assert.equal(named.size, 64);
});
