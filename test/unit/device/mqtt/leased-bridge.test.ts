import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as v from 'valibot';
import { MqttBridge } from '#device/mqtt/bridge.ts';
import { MqttConfigSchema } from '#device/mqtt/config.ts';
import {
  UPLINK_NOBODY_MS,
  UPLINK_RETRY_MS,
  UPLINK_STAND_BACK_MS,
  UPLINK_YIELD_MS,
} from '#device/mqtt/limits.ts';
import { GridvineError } from '#runtime/core/errors.ts';
import { FakeBroker } from '../../../support/mqtt/fake-broker.ts';
import { FakeFeed } from '../../../support/mqtt/fake-feed.ts';
import { FakeLeases, settle } from '../../../support/mqtt/fake-leases.ts';
import { HandClock } from '../../../support/mqtt/hand-clock.ts';

const STATE = 'gridvine/site/bridge/roof/state';
const SOC = 'gridvine/site/data/roof/battery/soc';

function setUp(leases = new FakeLeases()) {
  const clock = new HandClock();
  const broker = new FakeBroker();
  const feed = new FakeFeed();
  const log: string[] = [];
  const bridge = new MqttBridge({
    feed,
    leases,
    config: v.parse(MqttConfigSchema, { url: 'mqtt://broker', lease: 'uplink' }),
    build: { version: '0.1.0', commit: 'abc' },
    clock,
    random: { next: () => 1 },
    dialer: broker,
    log: ({ event }) => log.push(event),
  });
  bridge.start();
  const codes = () => bridge.health().map(({ code }) => code);
  return { bridge, broker, clock, feed, leases, log, codes };
}

describe('an MQTT bridge under a lease', () => {
  it('connects only once it holds the lease, and says under which fence', async () => {
    const { bridge, broker, leases, log } = setUp();
    assert.deepEqual([broker.links.length, bridge.status().role], [0, 'standby']);
    await leases.grant();
    broker.accept().answerAll();
    assert.deepEqual([bridge.status().role, bridge.status().state], ['active', 'online']);
    const info = JSON.parse(broker.link.last('gridvine/site/bridge/roof/info') ?? '{}');
    assert.deepEqual(info.lease, { name: 'uplink', fence: 1 });
    assert.deepEqual(log, ['mqtt-active', 'mqtt-connected']);
  });

  it('cuts its link when the lease is lost, so that the will says offline, and asks again', async () => {
    const { bridge, broker, clock, feed, leases, log } = setUp();
    await leases.grant();
    const link = broker.accept();
    link.answerAll();
    await leases.lose();
    assert.deepEqual([link.closed, bridge.status().role], ['cut', 'standby']);
    const sent = link.received.length;
    feed.put('battery/soc', 80);
    assert.equal(link.received.length, sent);
    assert.equal(log.at(-1), 'mqtt-standby');
    assert.equal(leases.asked, 1);
    clock.advance(UPLINK_RETRY_MS);
    assert.equal(leases.asked, 2);
    await leases.grant();
    broker.accept().answerAll();
    assert.ok(broker.link.last(SOC)?.includes('80'));
  });

  it('publishes nothing once the time of the lease is over, also where nobody has told it yet', async () => {
    const { broker, feed, leases } = setUp();
    await leases.grant();
    const link = broker.accept();
    link.answerAll();
    const sent = link.received.length;
    leases.lapse();
    feed.put('battery/soc', 80);
    assert.equal(link.received.length, sent);
  });

  it('makes up for deletions that the one before had no time for', async () => {
    const { broker, feed, leases, clock } = setUp();
    await leases.grant();
    feed.put('battery/soc', 80);
    broker.accept().answerAll();
    await leases.lose();
    feed.remove('battery/soc');
    clock.advance(UPLINK_RETRY_MS);
    await leases.grant();
    broker.accept().answerAll();
    assert.equal(broker.link.last(SOC), '');
  });

  it('lets others try where it reaches no broker, and stands back for a while', async () => {
    const { bridge, broker, clock, leases } = setUp();
    await leases.grant();
    broker.link.listener.down('no route');
    clock.advance(UPLINK_YIELD_MS);
    await settle();
    assert.deepEqual([bridge.status().role, leases.isAsked], ['standby', false]);
    clock.advance(UPLINK_STAND_BACK_MS - 1);
    assert.equal(leases.isAsked, false);
    clock.advance(1);
    assert.equal(leases.isAsked, true);
  });

  it('keeps the lease through a short outage of the broker', async () => {
    const { bridge, broker, clock, leases } = setUp();
    await leases.grant();
    broker.accept().answerAll();
    clock.advance(10 * UPLINK_YIELD_MS);
    broker.link.listener.down('restarted');
    clock.advance(UPLINK_YIELD_MS - 1);
    broker.accept();
    clock.advance(UPLINK_YIELD_MS);
    assert.equal(bridge.status().role, 'active');
  });

  it('says goodbye, and lets the lease go after it', async () => {
    const { bridge, broker, leases } = setUp();
    await leases.grant();
    const link = broker.accept();
    link.answerAll();
    const stopped = bridge.stop();
    assert.equal(link.last(STATE), 'offline');
    assert.equal(bridge.status().role, 'active', 'held until the broker has it');
    link.answerAll();
    await stopped;
    assert.deepEqual([link.closed, bridge.status().state], ['clean', 'stopped']);
    await leases.grant();
    assert.equal(broker.links.length, 1, 'it asks no more');
  });

  it('asks no more once it is stopped, also where it waits', async () => {
    const { bridge, broker, clock, leases } = setUp();
    await bridge.stop();
    assert.equal(leases.isAsked, false);
    clock.advance(10 * UPLINK_STAND_BACK_MS);
    assert.deepEqual([leases.asked, broker.links.length], [1, 0]);
  });

  it('says so where nobody feeds the brokers for long, and why it can not ask', async () => {
    const leases = new FakeLeases();
    leases.problem = new GridvineError('E_LEASE', 'lease uplink: no voters are configured');
    const { bridge, clock, codes } = setUp(leases);
    await settle();
    assert.deepEqual(codes(), []);
    clock.advance(UPLINK_NOBODY_MS);
    await settle();
    assert.deepEqual(codes(), ['mqtt-no-uplink']);
    assert.match(bridge.health()[0]?.text ?? '', /no voters are configured/);
    leases.problem = undefined;
    leases.isHeld = true;
    assert.deepEqual(codes(), [], 'another node holds it');
  });

  it('refuses to be made without a place where leases come from, and a lease that is a path', () => {
    const config = v.parse(MqttConfigSchema, { url: 'mqtt://broker', lease: 'uplink' });
    const build = { version: '0.1.0', commit: 'abc' };
    assert.throws(() => new MqttBridge({ feed: new FakeFeed(), config, build }), TypeError);
    assert.equal(v.safeParse(MqttConfigSchema, { url: 'mqtt://broker', lease: '../x' }).success, false);
  });
});
