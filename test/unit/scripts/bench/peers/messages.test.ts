import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Order, parseReply, parseRequest } from '../../../../../scripts/bench/peers/messages.ts';

const ORDERS: readonly Order[] = [
  { type: 'start', first: 0, count: 5 },
  { type: 'join', seeds: [{ transport: 'udp', address: '127.0.0.1', port: 4000 }], total: 5, overMs: 0 },
  { type: 'put', node: 1, number: 2, bytes: 256 },
  { type: 'expect-down', id: 'a1' },
  { type: 'crash', node: 1, how: 'silent' },
  { type: 'await', condition: { type: 'joined', total: 5 }, limitMs: 1_000 },
  { type: 'await', condition: { type: 'updated', number: 2 }, limitMs: 1_000 },
  { type: 'await', condition: { type: 'down', id: 'a1' }, limitMs: 1_000 },
  { type: 'watch-loop', on: true },
  { type: 'sample' },
];

test('every order is understood', () => {
  for (const order of ORDERS) assert.deepEqual(parseRequest({ id: 1, order }), { id: 1, order });
});

test('what is no order is refused with what came', () => {
  const wrong = [
    undefined,
    null,
    { order: ORDERS[0] },
    { id: 1 },
    { id: 1, order: { type: 'dance' } },
    { id: 1, order: { type: 'toString' } },
    { id: 1, order: { type: 'start', first: -1, count: 5 } },
    { id: 1, order: { type: 'crash', node: 1, how: 'loud' } },
    { id: 1, order: { type: 'await', condition: { type: 'joined' }, limitMs: 5 } },
    { id: 1, order: { type: 'await', limitMs: 5 } },
  ];
  for (const message of wrong)
    assert.throws(
      () => parseRequest(message),
      /expected a request with an order; got /,
      JSON.stringify(message),
    );
});

test('an answer and an error are replies', () => {
  assert.deepEqual(parseReply({ id: 1, answer: null }), { id: 1, answer: null });
  assert.deepEqual(parseReply({ id: 1, error: 'no' }), { id: 1, error: 'no' });
});

test('what is neither is refused', () => {
  for (const message of [undefined, {}, { id: 1 }, { answer: null }, { id: 1, error: 5 }])
    assert.throws(() => parseReply(message), /expected a reply; got /, JSON.stringify(message));
});
