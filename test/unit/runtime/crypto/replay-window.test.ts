import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReplayWindow, WindowSlab } from '#runtime/crypto/replay-window.ts';

function windowWith(...counters: number[]): ReplayWindow {
  const window = new ReplayWindow(new WindowSlab());
  for (const counter of counters) {
    assert.ok(window.isFresh(counter), `${counter} should be fresh`);
    window.accept(counter);
  }
  return window;
}

test('[P-3.6] a counter is fresh once', () => {
  const window = windowWith(5, 9, 7);
  for (const seen of [5, 7, 9]) assert.equal(window.isFresh(seen), false);
  for (const unseen of [1, 4, 6, 8, 10]) assert.equal(window.isFresh(unseen), true);
});

test('[P-3.6] the 1024 counters below the highest are the window, those below it are too old', () => {
  const window = windowWith(2_000);
  assert.equal(window.isFresh(976), true);
  assert.equal(window.isFresh(975), false);
  window.accept(976);
  assert.equal(window.isFresh(976), false);
});

test('a jump keeps what still lies in the window and forgets the rest', () => {
  const window = windowWith(100, 101, 1_125);
  assert.equal(window.isFresh(100), false);
  assert.equal(window.isFresh(101), false);
  assert.equal(window.isFresh(102), true);
  window.accept(5_000);
  assert.equal(window.isFresh(1_125), false);
  for (let counter = 3_976; counter < 5_000; counter++) assert.ok(window.isFresh(counter), `${counter}`);
});

test('asking changes nothing', () => {
  const window = windowWith(10);
  assert.equal(window.isFresh(1_000_000), true);
  assert.equal(window.highest, 10);
  assert.equal(window.isFresh(9), true);
});

test('what is no counter is never fresh', () => {
  const window = windowWith(1);
  for (const counter of [0, -1, 1.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY])
    assert.equal(window.isFresh(counter), false, String(counter));
  assert.equal(window.isFresh(Number.MAX_SAFE_INTEGER), true);
});

test('windows share a slab without touching each other, and a bitmap given back comes out empty', () => {
  const slab = new WindowSlab();
  const windows = Array.from({ length: 40 }, () => new ReplayWindow(slab));
  for (const [index, window] of windows.entries()) {
    window.accept(100);
    window.accept(100 - index);
  }
  for (const [index, window] of windows.entries()) {
    for (let counter = 61; counter < 100; counter++)
      assert.equal(window.isFresh(counter), counter !== 100 - index, `window ${index}, counter ${counter}`);
  }
  windows[3].release();
  const reused = new ReplayWindow(slab);
  reused.accept(100);
  reused.accept(50);
  assert.equal(reused.isFresh(97), true);
});

test('a salt heard once takes no bitmap', () => {
  const slab = new WindowSlab();
  const before = slab.words.length;
  for (let i = 0; i < 10_000; i++) new ReplayWindow(slab).accept(i + 1);
  assert.equal(slab.words.length, before);
});
