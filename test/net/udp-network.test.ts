import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeUdpPort } from '#device/demo/free-port.ts';
import { HealthBoard } from '#runtime/driver/health-board.ts';
import { INTERFACE_POLL_MS, type NetworkView, UdpNetwork } from '#runtime/driver/udp-network.ts';
import { Recorder } from '#runtime/testing/transport-suite.ts';
import { readInterfaces } from '#runtime/transport/interface-table.ts';
import { eventually } from '../support/eventually.ts';
import { interfaceAddress } from '../support/interface-address.ts';
import { ManualTime } from '../support/manual-time.ts';

const LOOPBACK = interfaceAddress('lo', '127.0.0.1/8');
const SECOND = interfaceAddress('lo', '127.0.0.9/8');

async function bench(first = [LOOPBACK], port = 0) {
  const host = { interfaces: first, failing: false };
  const time = new ManualTime();
  const health = new HealthBoard();
  const network = new UdpNetwork({
    bind: [{ address: '0.0.0.0', port, link: 'lo' }],
    advertise: [],
    links: [{ name: 'lo', multicast: 'full' }],
    multicast: { group4: '239.255.71.86', group6: 'ff02::4756', port: await freeUdpPort() },
    readInterfaces: () => {
      if (host.failing) throw new Error('EMFILE');
      return host.interfaces;
    },
    scheduler: time,
    clock: time,
    health,
    log: () => undefined,
  });
  const codes = () => health.items(time.nowMs()).map((item) => item.code);
  const addresses = (view: NetworkView) => view.endpoints.map((endpoint) => endpoint.address);
  return { host, time, network, codes, addresses };
}

test('a wildcard follows the addresses of its link as they come and go', async (t) => {
  const { host, time, network, codes, addresses } = await bench();
  t.after(() => network.close());
  await network.open(new Recorder());
  assert.deepEqual(addresses(network.view), ['127.0.0.1']);
  const views: NetworkView[] = [];
  network.watch((view) => views.push(view));
  host.interfaces = [LOOPBACK, SECOND];
  time.advance(INTERFACE_POLL_MS);
  await eventually(() => views.length === 1);
  assert.deepEqual(addresses(views[0]).sort(), ['127.0.0.1', '127.0.0.9']);
  host.interfaces = [SECOND];
  await eventually(() => time.pending === 1);
  time.advance(INTERFACE_POLL_MS);
  await eventually(() => views.length === 2);
  assert.deepEqual(addresses(views[1]), ['127.0.0.9']);
  assert.deepEqual(views[1].links, [{ name: 'lo', multicast: 'full' }]);
  assert.deepEqual(codes(), []);
});

test('without any address the node waits, says so, and goes on when one comes', async (t) => {
  const { host, network, codes } = await bench([]);
  t.after(() => network.close());
  await network.open(new Recorder());
  assert.deepEqual(codes(), ['no-interface', 'multicast-unavailable']);
  assert.deepEqual(network.view, { endpoints: [], links: [{ name: 'lo', multicast: 'off' }] });
  host.interfaces = readInterfaces();
  assert.equal(await network.refresh(), true);
  assert.deepEqual(codes(), []);
  assert.equal(network.view.links[0].multicast, 'full');
});

test('looking again where nothing has changed tells nobody', async (t) => {
  const { network } = await bench();
  t.after(() => network.close());
  await network.open(new Recorder());
  assert.equal(await network.refresh(), false);
});

test('a new address that can not be bound is a condition, and the old ones stay', async (t) => {
  const { host, network, codes, addresses } = await bench();
  t.after(() => network.close());
  await network.open(new Recorder());
  host.interfaces = [LOOPBACK, interfaceAddress('lo', '203.0.113.7/24')];
  await network.refresh();
  assert.deepEqual(codes(), ['bind-failed']);
  assert.deepEqual(addresses(network.view), ['127.0.0.1']);
  host.interfaces = [LOOPBACK];
  await network.refresh();
  assert.deepEqual(codes(), []);
});

test('an address that can not be bound yet does not stop the start; a port that is taken does', async (t) => {
  const early = await bench([LOOPBACK, interfaceAddress('lo', '203.0.113.7/24')]);
  t.after(() => early.network.close());
  await early.network.open(new Recorder());
  assert.deepEqual(early.codes(), ['bind-failed']);
  assert.deepEqual(early.addresses(early.network.view), ['127.0.0.1']);
  const second = await bench([LOOPBACK], early.network.view.endpoints[0].port);
  await assert.rejects(second.network.open(new Recorder()), { code: 'E_ADDRESS_IN_USE' });
  await second.network.close();
});

test('interfaces that can not be read for a moment change nothing', async (t) => {
  const { host, network, codes, addresses } = await bench();
  t.after(() => network.close());
  await network.open(new Recorder());
  host.failing = true;
  assert.equal(await network.refresh(), false);
  assert.deepEqual([addresses(network.view), codes()], [['127.0.0.1'], []]);
});

test('after close nothing is watched any more', async () => {
  const { network, time } = await bench();
  await network.open(new Recorder());
  network.watch(() => assert.fail('called'));
  await network.close();
  assert.equal(time.pending, 0);
});
