import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Told } from '#runtime/engine/told.ts';
import { ANN, BEN } from '../../../support/wire.ts';

const line = (known: number, owner = ANN) => ({ owner, known, gc: 0 });

test('a peer whose line stays is told a few times at once, then at growing intervals', () => {
  const told = new Told();
  const times: number[] = [];
  for (let nowMs = 0; nowMs < 20_000; nowMs += 100) if (told.take(BEN, line(1), nowMs)) times.push(nowMs);
  const gaps = times.slice(1).map((at, i) => at - times[i]);
  assert.ok(gaps.length >= 5 && gaps.length <= 8, gaps.join(' '));
  for (let i = 1; i < gaps.length; i++) assert.ok(gaps[i] >= gaps[i - 1], gaps.join(' '));
  assert.ok(gaps.at(-1)! >= 8_000, gaps.join(' '));
});

test('a peer whose line moves is told again at once', () => {
  const told = new Told();
  for (let i = 0; i < 10; i++) told.take(BEN, line(1), i);
  assert.equal(told.take(BEN, line(1), 10), false);
  assert.equal(told.take(BEN, line(2), 11), true);
  assert.equal(told.take(BEN, line(1, 'c'.repeat(32)), 11), true);
});

test('what is kept is bounded, however many peers ask', () => {
  const told = new Told();
  for (let i = 0; i < 10_000; i++) told.take(`peer ${i % 100}`, line(1, `owner ${i}`), i);
  assert.ok(told.size <= 4_096);
});
