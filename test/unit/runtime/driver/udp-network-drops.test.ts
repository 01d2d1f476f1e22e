import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HealthBoard } from '#runtime/driver/health-board.ts';
import { DROPS_POLL_MS, UdpNetwork } from '#runtime/driver/udp-network.ts';
import { Recorder } from '#runtime/testing/transport-suite.ts';
import type { BoundSocket } from '#runtime/transport/socket-drops.ts';
import { interfaceAddress } from '../../../support/interface-address.ts';
import { ManualTime } from '../../../support/manual-time.ts';

test('what the kernel drops is told, counted for its link, and shown until it is over for a minute', async (t) => {
  const time = new ManualTime();
  const health = new HealthBoard();
  const kernel = { lost: new Map<string, number>(), asked: [] as (readonly BoundSocket[])[] };
  const network = new UdpNetwork({
    bind: [{ address: '127.0.0.1', port: 0, link: 'lo' }],
    advertise: [],
    links: [{ name: 'lo', multicast: 'off' }],
    multicast: { group4: '239.255.71.86', group6: 'ff02::4756', port: 18262 },
    readInterfaces: () => [interfaceAddress('lo', '127.0.0.1/8')],
    scheduler: time,
    clock: time,
    health,
    log: () => undefined,
    socketDrops: {
      poll: (sockets) => {
        kernel.asked.push(sockets);
        return kernel.lost;
      },
    },
  });
  t.after(() => network.close());
  await network.open(new Recorder());
  const told: number[] = [];
  network.watchDrops((datagrams) => told.push(datagrams));
  const codes = () => health.items(time.nowMs()).map(({ code }) => code);
  const dropped = () => network.transports.flatMap((each) => each.traffic()).map((each) => each.rxDropped);

  time.advance(DROPS_POLL_MS);
  assert.deepEqual([told, codes()], [[], []]);
  assert.deepEqual(kernel.asked[0], [
    { link: 'lo', address: '127.0.0.1', port: network.view.endpoints[0]?.port },
  ]);
  kernel.lost = new Map([['lo', 12]]);
  time.advance(DROPS_POLL_MS);
  assert.deepEqual([told, dropped(), codes()], [[12], [12], ['receive-queue-full']]);
  kernel.lost = new Map();
  time.advance(60_000);
  assert.deepEqual([told, dropped(), codes()], [[12], [12], []]);
  await network.close();
  const { length } = kernel.asked;
  time.advance(60_000);
  assert.equal(kernel.asked.length, length);
});

test('pings that a link budget refuses count as lost within this machine, refused data does not', async (t) => {
  const time = new ManualTime();
  const health = new HealthBoard();
  const network = new UdpNetwork({
    bind: [{ address: '127.0.0.1', port: 0, link: 'lo' }],
    advertise: [],
    links: [{ name: 'lo', multicast: 'off' }],
    multicast: { group4: '239.255.71.86', group6: 'ff02::4756', port: 18262 },
    linkBytesPerSecond: { lo: 1_000 },
    readInterfaces: () => [interfaceAddress('lo', '127.0.0.1/8')],
    scheduler: time,
    clock: time,
    health,
    log: () => undefined,
    socketDrops: { poll: () => new Map() },
  });
  t.after(() => network.close());
  await network.open(new Recorder());
  const told: number[] = [];
  network.watchDrops((datagrams) => told.push(datagrams));
  const [unicast] = network.transports;
  const [endpoint] = network.view.endpoints;
  assert.ok(unicast !== undefined && endpoint !== undefined);
  const send = (trafficClass: 'liveness' | 'data') =>
    unicast.send({ kind: 'unicast', endpoint }, new Uint8Array(1_200), trafficClass);
  const shown = () => health.items(time.nowMs()).map(({ code, severity }) => `${code} ${severity}`);

  for (let i = 0; i < 20; i++) send('data');
  time.advance(DROPS_POLL_MS);
  assert.deepEqual([told, shown()], [[], ['link-budget warning']]);
  for (let i = 0; i < 20; i++) send('liveness');
  const refused = unicast.traffic()[0]?.txDropped.liveness ?? 0;
  assert.ok(refused > 0);
  time.advance(DROPS_POLL_MS);
  assert.deepEqual([told, shown()], [[refused], ['link-budget failure']]);
});
