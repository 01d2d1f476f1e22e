import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detectBoard, detectInterfaces } from '#device/board/detect.ts';
import type { NetworkInterfaces } from '#device/board/interface-facts.ts';
import { builtinCatalog } from '#profiles/catalog.ts';
import { createFakeSysroot } from '../../../support/boards/fake-sysroot.ts';

const address = (text: string, more: object = {}) => ({
  address: text,
  netmask: '255.255.255.0',
  family: 'IPv4' as const,
  mac: '02:00:00:00:00:01',
  internal: false,
  cidr: `${text}/24`,
  ...more,
});
const network =
  (all: ReturnType<NetworkInterfaces>): NetworkInterfaces =>
  () =>
    all;

test('a copied tree of a Pi gives its profile, its interfaces and why', () => {
  using root = createFakeSysroot();
  root.file('proc/device-tree/compatible', 'raspberrypi,model-zero-2-w\0brcm,bcm2837\0');
  root.file('proc/device-tree/model', 'Raspberry Pi Zero 2 W Rev 1.0\0');
  root.file('proc/device-tree/serial-number', '00000000deadbeef\0');
  root.file('etc/machine-id', '0123456789abcdef0123456789abcdef\n');
  root.networkInterface('wlan0', { 'phy80211/name': 'phy0' } as Record<string, string>);
  root.networkInterface('lo', { type: '772', flags: '0x9', mtu: '65536', operstate: 'unknown' });
  const board = detectBoard({ sysroot: root.path, arch: 'arm64' });
  assert.equal(board.profile.id, 'rpi-zero-2w');
  assert.equal(board.by, 'compatible');
  assert.deepEqual(board.identity, {
    serial: '00000000deadbeef',
    serialFrom: 'device-tree',
    machineId: 'present',
  });
  assert.deepEqual(
    board.interfaces.map((d) => [d.name, d.use, d.kind, d.multicast, d.why]),
    [
      ['wlan0', true, 'wifi', 'discovery', 'wifi, link up, addresses unknown'],
      ['lo', false, 'loopback', 'full', 'loopback: reaches only this machine'],
    ],
  );
  assert.deepEqual(board.notices, []);
});

test('an empty tree gives the generic profile and says that nothing is usable', () => {
  using root = createFakeSysroot();
  const board = detectBoard({ sysroot: root.path, arch: 'arm' });
  assert.equal(board.profile.id, 'generic-armv7');
  assert.deepEqual(
    board.notices.map((n) => n.code),
    ['board-unknown', 'no-usable-interface'],
  );
});

test('a tree that does not exist is as good as an empty one', () => {
  const board = detectBoard({ sysroot: '/nonexistent/gridvine', arch: 's390x' });
  assert.equal(board.profile.id, 'linux-common');
});

test('a named profile wins; an unknown one is an error that lists the known ones', () => {
  using root = createFakeSysroot();
  assert.equal(detectBoard({ sysroot: root.path, profileOverride: 'rpi-5' }).profile.id, 'rpi-5');
  assert.throws(() => detectBoard({ sysroot: root.path, profileOverride: 'pi' }), {
    code: 'E_CONFIG',
    message: /one of container, .*rpi-5.*; got "pi"$/,
  });
});

test('addresses come from the system and aliases belong to their interface', () => {
  using root = createFakeSysroot();
  root.networkInterface('eth0');
  const { interfaces } = detectInterfaces(builtinCatalog().get('rpi-4b'), {
    sysroot: root.path,
    networkInterfaces: network({
      eth0: [
        address('10.1.0.2'),
        address('fe80::5', { family: 'IPv6', cidr: 'fe80::5/64', scopeid: 7 }),
      ] as never,
      'eth0:1': [address('10.1.0.3')],
    }),
  });
  assert.equal(interfaces.length, 1);
  assert.deepEqual(
    interfaces[0]?.addresses.map((a) => [a.address, a.prefix, a.scopeId]),
    [
      ['10.1.0.2', 24, undefined],
      ['10.1.0.3', 24, undefined],
      ['fe80::5', 64, 7],
    ],
  );
});

test('a system without /sys still gives its interfaces', () => {
  using root = createFakeSysroot();
  const { interfaces } = detectInterfaces(builtinCatalog().get('linux-common'), {
    sysroot: root.path,
    networkInterfaces: network({ en0: [address('10.1.0.2')] }),
  });
  assert.deepEqual(
    interfaces.map((d) => [d.name, d.use, d.mtu, d.multicast]),
    [['en0', true, 1500, 'full']],
  );
});

test('a system that refuses to list its addresses gives an error to show, and no exception', () => {
  using root = createFakeSysroot();
  root.networkInterface('eth0');
  const { interfaces, notices } = detectInterfaces(builtinCatalog().get('linux-common'), {
    sysroot: root.path,
    networkInterfaces: () => {
      throw new Error('uv_interface_addresses returned Unknown system error 13');
    },
  });
  assert.equal(interfaces[0]?.use, true);
  assert.deepEqual(
    notices.map((n) => [n.code, n.severity]),
    [['interfaces-unreadable', 'error']],
  );
});

test('this machine can be detected, and loopback can be named', () => {
  const board = detectBoard({ interfaces: { only: ['lo'] } });
  assert.ok(board.reasons.length > 0);
  const lo = board.interfaces.find((d) => d.name === 'lo');
  assert.deepEqual([lo?.use, lo?.kind, lo?.why], [true, 'loopback', 'loopback, named explicitly']);
  assert.ok(lo?.addresses.some((a) => a.address === '127.0.0.1' || a.address === '::1'));
});
