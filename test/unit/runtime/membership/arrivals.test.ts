import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Arrivals } from '#runtime/membership/arrivals.ts';

test('a burst at the start does not make every later rhythm look like an outage', () => {
  // B-78
  for (const gap of [0, 1]) {
    const arrivals = new Arrivals();
    for (let i = 0; i < 5; i++) arrivals.add(1_000 + gap * i);
    for (let i = 1; i <= 60; i++) arrivals.add(1_000 + 1_000 * i);
    assert.ok((arrivals.phi(62_000) ?? 0) < 2, `gap ${gap}: phi ${arrivals.phi(62_000)}`);
  }
});
