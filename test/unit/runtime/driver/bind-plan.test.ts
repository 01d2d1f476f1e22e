import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advertised, planBinds } from '#runtime/driver/bind-plan.ts';
import { HealthBoard } from '#runtime/driver/health-board.ts';
import { InterfaceTable } from '#runtime/transport/interface-table.ts';
import { interfaceAddress } from '../../../support/interface-address.ts';

const table = new InterfaceTable([
  interfaceAddress('lo', '127.0.0.1/8'),
  interfaceAddress('eth0', '10.0.0.5/24'),
  interfaceAddress('eth0', '10.0.1.5/24'),
  interfaceAddress('eth0', 'fd00::5/64'),
  interfaceAddress('eth0', 'fe80::5/64'),
  interfaceAddress('wlan0', 'fe80::6/64'),
]);
const addresses = (binds: { address: string }[]) => binds.map((bind) => bind.address).sort();
const udp = (address: string, port = 7) => ({ transport: 'udp', address, port }) as const;

test('a wildcard stands for the addresses of its link and family', () => {
  assert.deepEqual(addresses(planBinds([{ address: '0.0.0.0', port: 1, link: 'eth0' }], table)), [
    '10.0.0.5',
    '10.0.1.5',
  ]);
});

test('link-local IPv6 addresses count only where a link has no others', () => {
  assert.deepEqual(addresses(planBinds([{ address: '::', port: 1, link: 'eth0' }], table)), ['fd00::5']);
  assert.deepEqual(addresses(planBinds([{ address: '::', port: 1, link: 'wlan0' }], table)), ['fe80::6']);
});

test('a fixed address stays planned even while the host does not have it', () => {
  const bind = { address: '10.9.9.9', port: 1, link: 'eth0' };
  assert.deepEqual(planBinds([bind], table), [bind]);
});

test('the same address and port is planned once', () => {
  const binds = [
    { address: '10.0.0.5', port: 1, link: 'eth0' },
    { address: '0.0.0.0', port: 1, link: 'eth0' },
  ];
  assert.deepEqual(addresses(planBinds(binds, table)), ['10.0.0.5', '10.0.1.5']);
});

test('loopback and link-local addresses are advertised only where there is nothing better', () => {
  assert.deepEqual(advertised([udp('127.0.0.1'), udp('fe80::5'), udp('10.0.0.5')]), [udp('10.0.0.5')]);
  assert.deepEqual(advertised([udp('127.0.0.1'), udp('fe80::5')]), [udp('fe80::5')]);
  assert.deepEqual(advertised([udp('127.0.0.1')]), [udp('127.0.0.1')]);
  assert.deepEqual(advertised([]), []);
});

// B-86
test('configured addresses replace the bound ones; port 0 is the bound one', () => {
  assert.deepEqual(advertised([udp('10.0.0.5', 4_242)], [udp('203.0.113.1', 0), udp('203.0.113.1', 9)]), [
    udp('203.0.113.1', 4_242),
    udp('203.0.113.1', 9),
  ]);
});

test('no more addresses are advertised than a node may have', () => {
  const many = Array.from({ length: 20 }, (_, n) => udp(`10.0.0.${n}`));
  assert.equal(advertised(many).length, 8);
});

test('a condition keeps its beginning while it is raised again, and ends when cleared or over', () => {
  const board = new HealthBoard();
  const notice = { severity: 'warning', title: 't', text: 'first' } as const;
  board.raise(1_000, 'a', notice);
  board.raise(2_000, 'a', { ...notice, text: 'second' });
  board.raise(2_000, 'b', notice, 500);
  assert.deepEqual(
    board.items(2_400).map(({ code, text, sinceMs }) => [code, text, sinceMs]),
    [
      ['a', 'second', 1_400],
      ['b', 'first', 400],
    ],
  );
  assert.deepEqual(
    board.items(2_500).map(({ code }) => code),
    ['a'],
  );
  board.raise(9_000, 'b', notice, 500);
  assert.equal(board.items(9_100).find(({ code }) => code === 'b')?.sinceMs, 100);
  board.clear('a');
  assert.deepEqual(
    board.items(9_100).map(({ code }) => code),
    ['b'],
  );
});
