import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { readBoardFacts } from '#device/board/board-facts.ts';
import { readBoardIdentity } from '#device/board/board-identity.ts';
import { readInterfaceFacts } from '#device/board/interface-facts.ts';
import { createBoardReader } from '#device/board/reader.ts';
import { createFakeSysroot } from '../../../support/boards/fake-sysroot.ts';

const CPUINFO = `processor\t: 0
CPU architecture: 8
CPU revision\t: 4

Revision\t: a020d3
Serial\t\t: 00000000f00dcafe
Model\t\t: Raspberry Pi 3 Model B Plus Rev 1.3
`;

test('the strings of the device tree are taken apart at their NULs and freed of control characters', () => {
  using root = createFakeSysroot();
  root.file('sys/firmware/devicetree/base/compatible', 'a,b\0\0c,\x1b[31md\0');
  root.file('proc/device-tree/compatible', 'not,this\0');
  root.file('proc/device-tree/model', 'Board\n1\0');
  assert.deepEqual(readBoardFacts(createBoardReader(root.path), 'arm64'), {
    compatible: ['a,b', 'c, [31md'],
    model: 'Board 1',
    arch: 'arm64',
  });
});

test("the board's revision is not taken for the core's", () => {
  using root = createFakeSysroot();
  root.file('proc/cpuinfo', CPUINFO);
  const reader = createBoardReader(root.path);
  assert.equal(readBoardFacts(reader, 'arm').revision, 'a020d3');
  assert.deepEqual(readBoardIdentity(reader), {
    serial: '00000000f00dcafe',
    serialFrom: 'cpuinfo',
    machineId: 'absent',
  });
  root.file('proc/cpuinfo', 'CPU revision\t: 4\n');
  assert.equal(readBoardFacts(reader, 'arm').revision, undefined);
});

test('DMI strings and containers are read', () => {
  using root = createFakeSysroot();
  root.file('sys/class/dmi/id/sys_vendor', 'QEMU\n');
  root.file('sys/class/dmi/id/product_name', '\n');
  root.file('proc/1/environ', 'PATH=/bin\0container=lxc\0');
  const reader = createBoardReader(root.path);
  assert.deepEqual(readBoardFacts(reader, 'x64'), {
    compatible: [],
    dmi: { sysVendor: 'QEMU' },
    container: 'lxc',
    arch: 'x64',
  });
  root.file('run/.containerenv', '');
  assert.equal(readBoardFacts(reader, 'x64').container, 'podman');
});

test('a serial number that is a filler counts as none', () => {
  for (const filler of ['0000000000000000', 'Default string', 'To be filled by O.E.M.', '', '\x1b[2J']) {
    using root = createFakeSysroot();
    root.file('sys/class/dmi/id/product_serial', `${filler}\n`);
    assert.equal(readBoardIdentity(createBoardReader(root.path)).serial, null, filler);
  }
});

test('a machine id of a template image is not taken for one', () => {
  for (const text of ['uninitialized\n', '00000000000000000000000000000000\n', 'abc']) {
    using root = createFakeSysroot();
    root.file('etc/machine-id', text);
    assert.equal(readBoardIdentity(createBoardReader(root.path)).machineId, 'uninitialized', text);
  }
});

test('what /sys says about an interface is read, and what it does not say is null', () => {
  using root = createFakeSysroot();
  root.networkInterface('eth0', { uevent: 'INTERFACE=eth0\nIFINDEX=2', mtu: '1492' });
  root.link('sys/class/net/eth0/device/driver', '../../bus/usb/drivers/lan78xx');
  root.networkInterface('wlan0', {
    uevent: 'DEVTYPE=wlan\nIFINDEX=3',
    operstate: 'dormant',
    flags: '0x1002',
  });
  root.networkInterface('tun0', {
    operstate: 'unknown',
    type: '65534',
    carrier: '',
    mtu: 'x',
    flags: '0x51',
  });
  root.file('sys/class/net/wlan0/wireless/status', '');
  root.file('sys/class/net/bonding_masters', '\n');
  const { interfaces, fault } = readInterfaceFacts(createBoardReader(root.path), () => ({}));
  const common = { addresses: [], wireless: false, devtype: null, driver: null };
  assert.equal(fault, null);
  assert.deepEqual(interfaces, [
    {
      ...common,
      name: 'eth0',
      up: true,
      carrier: true,
      multicast: true,
      type: 1,
      mtu: 1492,
      driver: 'lan78xx',
    },
    { ...common, name: 'tun0', up: true, carrier: null, multicast: false, type: 65_534, mtu: null },
    {
      ...common,
      name: 'wlan0',
      up: false,
      carrier: false,
      multicast: true,
      wireless: true,
      type: 1,
      devtype: 'wlan',
      mtu: 1500,
    },
  ]);
});

test('a copied tree cannot lead the reader out of it, nor block it with a pipe', () => {
  using root = createFakeSysroot();
  root.link('etc/machine-id', '/etc/passwd');
  root.link('proc/cpuinfo', '../../../../../../../../etc/passwd');
  root.file('run/systemd/x', '');
  execFileSync('mkfifo', [join(root.path, 'run/systemd/container')]);
  const reader = createBoardReader(root.path);
  assert.equal(reader.text('/etc/machine-id'), null);
  assert.equal(reader.text('/proc/cpuinfo'), null);
  assert.equal(reader.text('/run/systemd/container'), null);
  assert.equal(reader.text('/run/systemd'), null);
  assert.deepEqual(reader.list('/run/systemd/x'), []);
});

test('a file that never ends is cut', () => {
  using root = createFakeSysroot();
  root.file('proc/cpuinfo', 'x'.repeat(200_000));
  assert.equal(createBoardReader(root.path).text('/proc/cpuinfo')?.length, 131_072);
});
