import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallGuard } from '#runtime/transport/http/callable.ts';
import { CALLS_MAX } from '#runtime/transport/http/limits.ts';
import { withoutCredentials } from '#runtime/transport/http/proxies.ts';

const INSIDE = ['127.0.0.1', '127.9.9.9', '::1', '169.254.169.254', 'fe80::1'];
const NOWHERE = ['0.0.0.0', '::', '224.0.0.1', 'ff02::1', '255.255.255.255'];

test('[P-19.15] a member can not make a node call its own host, its link or nobody', () => {
  const guard = new CallGuard('members', ['10.0.0.1', '0.0.0.0', '::', 'fd00::1']);
  for (const address of [...INSIDE, ...NOWHERE])
    assert.equal(guard.mayCall({ address }, false), false, address);
  for (const address of ['10.0.0.2', 'fd00::2', '203.0.113.7'])
    assert.equal(guard.mayCall({ address }, false), true, address);
  for (const address of INSIDE) assert.equal(guard.mayCall({ address }, true), true, 'a person named it');
});

test('[P-19.15] a member can not make a node call an address of its own host, whichever it has by then', () => {
  const own = new Set(['10.0.0.7', 'fd00::7', '127.0.0.1']);
  const guard = new CallGuard('members', ['127.0.0.1', '10.0.0.7'], (address) => own.has(address));
  const mayCall = (address: string) => guard.mayCall({ address }, false);
  for (const address of ['10.0.0.7', 'fd00::7', '::ffff:10.0.0.7', '64:ff9b::10.0.0.7'])
    assert.equal(mayCall(address), false, address);
  assert.deepEqual(['127.0.0.1', '10.0.0.8', 'fd00::8'].map(mayCall), [true, true, true]);
  own.add('10.0.0.8');
  assert.equal(mayCall('10.0.0.8'), false);
  assert.equal(guard.mayCall({ address: '10.0.0.7' }, true), true, 'a person named it');
});

test('[P-19.15] a member can not make a node call what clouds tell their machines, nor its host through a translator', () => {
  const guard = new CallGuard('members', ['10.0.0.1']);
  const mayCall = (address: string) => guard.mayCall({ address }, false);
  for (const address of [
    '100.100.100.200',
    '168.63.129.16',
    'fd00:ec2::254',
    '64:ff9b::169.254.169.254',
    '64:ff9b::127.0.0.1',
  ])
    assert.equal(mayCall(address), false, address);
  assert.equal(mayCall('64:ff9b::203.0.113.7'), true);
});

test('[P-19.15] where a node is itself bound to its host or link alone, so may its members be', () => {
  const guard = new CallGuard('members', ['127.0.0.1']);
  assert.equal(guard.mayCall({ address: '::1' }, false), true);
  assert.equal(guard.mayCall({ address: '169.254.169.254' }, false), false);
  for (const address of NOWHERE) assert.equal(guard.mayCall({ address }, false), false, address);
});

// B-7
test('[P-19.15] a node calls those that a person named, or nobody, where it is told to', () => {
  const address = '10.0.0.2';
  assert.deepEqual(
    [true, false].map((isNamed) => new CallGuard('seeds', []).mayCall({ address }, isNamed)),
    [true, false],
  );
  assert.deepEqual(
    [true, false].map((isNamed) => new CallGuard('off', []).mayCall({ address }, isNamed)),
    [false, false],
  );
});

test('[P-19.15] who names ever new listeners is followed slowly', () => {
  const guard = new CallGuard('members', []);
  let taken = 0;
  for (let i = 0; i < 1_000; i++) if (guard.takeNew(0)) taken++;
  assert.equal(taken, CALLS_MAX);
  assert.equal(guard.takeNew(1_000), false);
  assert.equal(guard.takeNew(10_000), true);
});

test('[P-19.15] the password of a proxy is not spent on listeners that members name', () => {
  const bare = withoutCredentials({ HTTPS_PROXY: 'http://user:secret@proxy:3128', NO_PROXY: '10.0.0.1' });
  assert.deepEqual(bare, { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '10.0.0.1' });
});
