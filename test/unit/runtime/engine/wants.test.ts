import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Wants } from '#runtime/engine/wants.ts';
import { Session } from '#runtime/wire/session.ts';

const ANN = '01'.repeat(16);
const BEN = '02'.repeat(16);
const endpoint = { transport: 'udp', address: '10.0.0.1', port: 1 } as const;
const session = new Session(BEN, 1, 0);
session.noteEcho({ drawnMs: 0, nowMs: 1, place: endpoint });
const nothing = () => 0;

test('a want is repeated so many times, and then given up', () => {
  const wants = new Wants();
  wants.add({ owner: ANN, upTo: 5, peer: BEN, endpoint, session });
  assert.equal(wants.turn(nothing, 2).turn.length, 1);
  assert.equal(wants.turn(nothing, 2).turn.length, 1);
  assert.equal(wants.turn(nothing, 2).turn.length, 0);
  assert.equal(wants.size, 0);
});

test('a want ends when what was wanted has come', () => {
  const wants = new Wants();
  wants.add({ owner: ANN, upTo: 5, peer: BEN, endpoint, session });
  assert.deepEqual(
    wants.turn(() => 4, 9).turn.map(({ owner }) => owner),
    [ANN],
  );
  assert.deepEqual(wants.turn(() => 5, 9).turn, []);
  assert.equal(wants.size, 0);
});

test('wanting more of an owner replaces the want, wanting less does not', () => {
  const wants = new Wants();
  wants.add({ owner: ANN, upTo: 5, peer: BEN, endpoint, session });
  wants.add({ owner: ANN, upTo: 3, peer: ANN, endpoint, session });
  assert.equal(wants.turn(nothing, 9).turn[0].peer, BEN);
  wants.add({ owner: ANN, upTo: 7, peer: ANN, endpoint, session });
  assert.equal(wants.turn(nothing, 9).turn[0].peer, ANN);
});

test('a peer that claims endless owners does not fill memory with wants', () => {
  const wants = new Wants();
  for (let i = 0; i < 5_000; i++)
    wants.add({ owner: i.toString(16).padStart(32, '0'), upTo: 5, peer: BEN, endpoint, session });
  assert.ok(wants.size <= 1_024);
});

test('[P-7.11] a want of somebody that was never shown to be there waits for a proof, and not for ever', () => {
  const wants = new Wants();
  const stranger = new Session(BEN, 1, 0);
  wants.add({ owner: ANN, upTo: 5, peer: BEN, endpoint, session: stranger });
  for (let i = 0; i < 5; i++) {
    const { turn, waiting } = wants.turn(nothing, 2);
    assert.deepEqual([turn.length, waiting.length], [0, 1]);
  }
  stranger.noteEcho({ drawnMs: 0, nowMs: 1, place: endpoint });
  assert.equal(wants.turn(nothing, 2).turn.length, 1);
  wants.add({ owner: BEN, upTo: 5, peer: BEN, endpoint, session: new Session(BEN, 1, 0) });
  for (let i = 0; i < 20; i++) wants.turn(nothing, 2);
  assert.equal(wants.size, 0);
});
