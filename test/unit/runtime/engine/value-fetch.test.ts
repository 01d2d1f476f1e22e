import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ValueFetch } from '#runtime/engine/value-fetch.ts';
import { ANN, BEN } from '../../../support/wire.ts';

const endpoint = { transport: 'udp' as const, address: '10.0.0.1', port: 18262 };

function fetchOf(length: number): ValueFetch {
  const large = { length, hash: new Uint8Array(32) };
  return new ValueFetch({ large, name: 'x', owner: ANN, keys: new Set(), restMs: 0, untilMs: 0 });
}

const PART = new Uint8Array(1_024);

test('only a new part of the source that is asked now counts as an answer', () => {
  const fetch = fetchOf(3_000);
  fetch.turnTo({ peer: ANN, endpoint }, 0);
  fetch.tries = 2;
  fetch.nextParts(4);
  assert.equal(fetch.questionParts, 3);
  assert.equal(fetch.add(0, PART, ANN), 'wait');
  assert.equal(fetch.tries, 0);
  fetch.tries = 2;
  assert.equal(fetch.add(0, PART, ANN), 'old');
  assert.equal(fetch.tries, 2);
  fetch.turnTo({ peer: BEN, endpoint }, 0);
  fetch.tries = 2;
  // Kept, and no reason to wait for who is asked now.
  assert.equal(fetch.add(2, PART.subarray(0, 952), ANN), 'old');
  assert.equal(fetch.tries, 2);
  assert.equal(fetch.nextParts(4), 0b010);
  assert.equal(fetch.add(1, PART, BEN), 'more');
  assert.ok(fetch.isComplete);
});
