import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jitter, randomBelow, SeededRandom, sample, shuffle } from '#runtime/core/random.ts';

test('equal seeds give equal runs, other seeds and streams other ones', () => {
  const run = (seed: number, stream?: number) => {
    const random = new SeededRandom(seed, stream);
    return Array.from({ length: 20 }, () => random.uint32()).join();
  };
  assert.equal(run(1, 2), run(1, 2));
  const runs = [run(1), run(2), run(1, 1), run(1 + 2 ** 32), run(0)];
  assert.equal(new Set(runs).size, runs.length);
});

test('numbers stay in their ranges and come about equally often', () => {
  const random = new SeededRandom(7);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) {
    counts[randomBelow(random, 10)]++;
    const next = random.next();
    assert.ok(next >= 0 && next < 1);
    const moved = jitter(random, 100, 0.2);
    assert.ok(moved >= 80 && moved <= 120);
  }
  for (const count of counts) assert.ok(count > 800 && count < 1_200, String(counts));
});

test('a sample is distinct items of the list, and the list stays as it was', () => {
  const random = new SeededRandom(7);
  const items = Array.from({ length: 20 }, (_, i) => i);
  for (let count = 0; count <= 25; count++) {
    const picked = sample(random, items, count);
    assert.equal(picked.length, Math.min(count, 20));
    assert.equal(new Set(picked).size, picked.length);
    assert.ok(picked.every((item) => items.includes(item)));
  }
  assert.deepEqual(
    items,
    Array.from({ length: 20 }, (_, i) => i),
  );
  assert.deepEqual(sample(random, [], 3), []);
});

test('shuffling keeps all items and reaches every order', () => {
  const random = new SeededRandom(7);
  const orders = new Set<string>();
  for (let i = 0; i < 300; i++) orders.add(shuffle(random, [1, 2, 3]).join(''));
  assert.deepEqual([...orders].sort(), ['123', '132', '213', '231', '312', '321']);
});
