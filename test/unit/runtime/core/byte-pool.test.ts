import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortLivedBytes } from '#runtime/core/byte-pool.ts';

test('pieces are zeroed, of the length asked for, and none lies over another', () => {
  const pieces = Array.from({ length: 200 }, (_, i) => shortLivedBytes(1 + i * 7));
  pieces.forEach((piece, i) => {
    assert.equal(piece.length, 1 + i * 7);
    assert.ok(piece.every((byte) => byte === 0));
  });
  for (const [i, piece] of pieces.entries()) piece.fill(1 + (i % 255));
  for (const [i, piece] of pieces.entries())
    assert.ok(
      piece.every((byte) => byte === 1 + (i % 255)),
      `piece ${i}`,
    );
});

test('a long piece has memory of its own: who keeps it keeps nothing else', () => {
  const long = shortLivedBytes(10_000);
  assert.equal(long.buffer.byteLength, 10_000);
  assert.ok(shortLivedBytes(10).buffer.byteLength > 10);
});
