import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nic } from '#runtime/simulator/nic.ts';

test('datagrams leave one after another, as fast as the link is', () => {
  const nic = new Nic(10_000);
  assert.equal(nic.send(0, 72), 10);
  assert.equal(nic.send(0, 72), 20);
  assert.equal(nic.send(15, 72), 15);
  assert.equal(nic.send(1_000, 972), 100, 'an idle link has nothing saved up');
});

test('what finds the queue full is dropped and counted, and the queue drains', () => {
  const nic = new Nic(10_000);
  let taken = 0;
  while (nic.send(0, 972) !== undefined) taken++;
  assert.equal(taken, 8, 'eight thousand bytes wait');
  assert.equal(nic.dropped, 1);
  assert.equal(nic.send(50, 972), undefined);
  assert.equal(nic.send(300, 972), 600);
  assert.equal(nic.dropped, 2);
});

test('a fast link holds half a second of datagrams', () => {
  const nic = new Nic(1_000_000);
  let taken = 0;
  while (nic.send(0, 972) !== undefined) taken++;
  assert.equal(taken, 500);
});

test('without a limit nothing waits', () => {
  const nic = new Nic(Number.POSITIVE_INFINITY);
  for (let i = 0; i < 10_000; i++) assert.equal(nic.send(0, 1_200), 0);
  assert.equal(nic.dropped, 0);
});
