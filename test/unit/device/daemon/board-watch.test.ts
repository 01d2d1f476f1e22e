import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import { describe, type TestContext, test } from 'node:test';
import { detectBoard } from '#device/board/detect.ts';
import { BoardWatch } from '#device/daemon/board-watch.ts';
import { eventually } from '../../../support/eventually.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

function address(ipv4: string): NetworkInterfaceInfo[] {
  return [
    {
      family: 'IPv4',
      address: ipv4,
      netmask: '255.255.255.0',
      cidr: `${ipv4}/24`,
      mac: '02:00:00:00:00:01',
      internal: ipv4.startsWith('127.'),
    },
  ];
}

/** A board whose interfaces the test changes. */
async function setUp(
  t: TestContext,
  options: { readonly explicitBind?: boolean; readonly only?: string[] } = {},
) {
  const host: Record<string, NetworkInterfaceInfo[]> = {
    lo: address('127.0.0.1'),
    eth0: address('10.0.0.5'),
  };
  const detect = {
    sysroot: await temporaryDirectory(t),
    arch: 'arm64',
    networkInterfaces: () => host,
    interfaces: options.only === undefined ? {} : { only: options.only },
  };
  const clock = { nowMs: 0 };
  const watch = new BoardWatch({
    board: detectBoard(detect),
    detect,
    links: ['eth0'],
    explicitBind: options.explicitBind === true,
    nowMs: () => clock.nowMs,
    intervalMs: 1,
  });
  watch.start();
  t.after(() => watch.stop());
  return { host, watch, clock };
}

const codes = (watch: BoardWatch) => watch.health().map(({ code }) => code);

describe('watching the board', () => {
  test('reports the profile, how it was found, and each interface with its reason', async (t) => {
    const { watch } = await setUp(t);
    const { id, matchedBy, interfaces } = watch.report();
    assert.match(id, /arm64/);
    assert.equal(matchedBy, 'arch');
    const eth0 = interfaces.find(({ name }) => name === 'eth0');
    assert.equal(eth0?.used, true);
    assert.notEqual(eth0?.reason, '');
  });

  test('a new interface is named until it goes, and what the board itself has to say stays', async (t) => {
    const { host, watch } = await setUp(t);
    const before = codes(watch);
    host.eth1 = address('10.1.0.5');
    await eventually(() => codes(watch).includes('interface-new'));
    const item = watch.health().find(({ code }) => code === 'interface-new');
    assert.match(item?.text ?? '', /^eth1 came after the start/);
    delete host.eth1;
    await eventually(() => !codes(watch).includes('interface-new'));
    assert.deepEqual(codes(watch), before);
  });

  test('a named interface that is missing is reported until it is plugged in', async (t) => {
    const { host, watch } = await setUp(t, { only: ['usb0'] });
    assert.ok(codes(watch).includes('interface-not-found'));
    host.usb0 = address('10.2.0.5');
    await eventually(() => !codes(watch).includes('interface-not-found'));
  });

  test('with addresses named in the configuration, interfaces are nothing to report', async (t) => {
    const { host, watch } = await setUp(t, { explicitBind: true, only: ['usb0'] });
    host.eth1 = address('10.1.0.5');
    await eventually(() => watch.report().interfaces.some(({ name }) => name === 'eth1'));
    assert.ok(!codes(watch).some((code) => code.startsWith('interface-')));
  });
});
