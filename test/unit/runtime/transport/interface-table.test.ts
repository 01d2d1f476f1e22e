import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InterfaceTable, readInterfaces } from '#runtime/transport/interface-table.ts';
import { interfaceAddress } from '../../../support/interface-address.ts';

const table = new InterfaceTable([
  interfaceAddress('lo', '127.0.0.1/8'),
  interfaceAddress('eth0', '10.0.0.5/16'),
  interfaceAddress('wlan0', '10.0.7.9/24'),
  interfaceAddress('eth0', 'fd00::5/64'),
  interfaceAddress('eth0', 'fe80::1/64'),
  interfaceAddress('wlan0', 'fe80::2/64'),
  interfaceAddress('ppp0', '192.0.2.9/31'),
]);

test('an address belongs to the link with the longest matching prefix', () => {
  assert.equal(table.linkOf('10.0.9.9'), 'eth0');
  assert.equal(table.linkOf('10.0.7.200'), 'wlan0');
  assert.equal(table.linkOf('127.9.9.9'), 'lo');
  assert.equal(table.linkOf('fd00::99'), 'eth0');
  assert.equal(table.linkOf('192.0.2.8'), 'ppp0');
});

test('an own address belongs to its link even inside another link’s subnet', () => {
  const nested = new InterfaceTable([
    interfaceAddress('eth0', '10.0.7.9/16'),
    interfaceAddress('wlan0', '10.0.7.1/24'),
  ]);
  assert.equal(nested.linkOf('10.0.7.9'), 'eth0');
});

test('foreign and link-local addresses and texts that are none belong to no link', () => {
  for (const address of ['192.0.2.10', '2001:db8::1', 'fe80::77', 'host.example', ''])
    assert.equal(table.linkOf(address), undefined, address);
  assert.equal(table.linkOf('fe80::2'), 'wlan0', 'but an own one does');
});

test('the fingerprint changes with addresses, prefixes and interface numbers, not with their order', () => {
  const entries = [...table.entries];
  const same = new InterfaceTable(entries.reverse());
  assert.equal(same.fingerprint(), table.fingerprint());
  const recreated = entries.map((entry) => ({ ...entry, scope: entry.scope + 1 }));
  assert.notEqual(new InterfaceTable(recreated).fingerprint(), table.fingerprint());
  assert.notEqual(new InterfaceTable(entries.slice(1)).fingerprint(), table.fingerprint());
});

test('the host’s own interfaces are read with canonical addresses', () => {
  const loopback = readInterfaces().find((entry) => entry.address === '127.0.0.1');
  assert.equal(loopback?.internal, true);
  assert.equal(loopback?.prefixLength, 8);
});
