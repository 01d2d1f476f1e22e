import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Wants } from '#runtime/engine/wants.ts';

const ANN = '01'.repeat(16);
const BEN = '02'.repeat(16);
const endpoint = { transport: 'udp', address: '10.0.0.1', port: 1 } as const;
const nothing = () => 0;

test('a want is repeated so many times, and then given up', () => {
  const wants = new Wants();
  wants.add({ owner: ANN, upTo: 5, peer: BEN, endpoint });
  assert.equal(wants.turn(nothing, 2).length, 1);
  assert.equal(wants.turn(nothing, 2).length, 1);
  assert.equal(wants.turn(nothing, 2).length, 0);
  assert.equal(wants.size, 0);
});

test('a want ends when what was wanted has come', () => {
  const wants = new Wants();
  wants.add({ owner: ANN, upTo: 5, peer: BEN, endpoint });
  assert.deepEqual(
    wants.turn(() => 4, 9).map(({ owner }) => owner),
    [ANN],
  );
  assert.deepEqual(
    wants.turn(() => 5, 9),
    [],
  );
  assert.equal(wants.size, 0);
});

test('wanting more of an owner replaces the want, wanting less does not', () => {
  const wants = new Wants();
  wants.add({ owner: ANN, upTo: 5, peer: BEN, endpoint });
  wants.add({ owner: ANN, upTo: 3, peer: ANN, endpoint });
  assert.equal(wants.turn(nothing, 9)[0].peer, BEN);
  wants.add({ owner: ANN, upTo: 7, peer: ANN, endpoint });
  assert.equal(wants.turn(nothing, 9)[0].peer, ANN);
});

test('a peer that claims endless owners does not fill memory with wants', () => {
  const wants = new Wants();
  for (let i = 0; i < 5_000; i++)
    wants.add({ owner: i.toString(16).padStart(32, '0'), upTo: 5, peer: BEN, endpoint });
  assert.ok(wants.size <= 1_024);
});
