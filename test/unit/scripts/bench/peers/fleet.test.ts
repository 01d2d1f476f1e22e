import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fleet, FleetProcess, sharesOf } from '../../../../../scripts/bench/peers/fleet.ts';

const PROGRAM = join(import.meta.dirname, '../../../../support/fleet-program.ts');

test('nodes are spread evenly, in order', () => {
  assert.deepEqual(sharesOf(10, 3), [
    { first: 0, count: 3 },
    { first: 3, count: 3 },
    { first: 6, count: 4 },
  ]);
  assert.deepEqual(sharesOf(1, 1), [{ first: 0, count: 1 }]);
});

test('an order that a process can not carry out fails with its words, and the next is answered', async () => {
  const one = new FleetProcess(PROGRAM);
  try {
    await assert.rejects(one.ask<'put'>({ type: 'put', node: 9, number: 1, bytes: 8 }), /no node 9/);
    assert.equal(await one.ask<'expect-down'>({ type: 'expect-down', id: 'a' }), null);
  } finally {
    await one.close();
  }
});

test('what was asked of a process that ends fails with its last words, and so does all that comes', async () => {
  const one = new FleetProcess(PROGRAM);
  await assert.rejects(one.ask<'crash'>({ type: 'crash', node: 1, how: 'closed' }), /exit code 3/);
  await assert.rejects(one.ask<'sample'>({ type: 'sample' }), /exit code 3/);
  await one.close();
});

test('a reply that is none fails what was asked', async () => {
  const one = new FleetProcess(PROGRAM);
  await assert.rejects(one.ask<'sample'>({ type: 'sample' }), /expected a reply; got /);
  await one.close();
});

test('an interruption ends the processes and what was asked of them', async () => {
  const stop = new AbortController();
  const fleet = new Fleet({ processes: 2, signal: stop.signal, program: PROGRAM });
  const asked = fleet.askAll<'await'>({
    type: 'await',
    condition: { type: 'joined', total: 5 },
    limitMs: 1_000,
  });
  stop.abort();
  await assert.rejects(asked, /interrupted/);
  await fleet.close();
});

test('nothing is started after the interruption', () => {
  const signal = AbortSignal.abort(new Error('stopped'));
  assert.throws(() => new Fleet({ processes: 1, signal, program: PROGRAM }), /stopped/);
});
