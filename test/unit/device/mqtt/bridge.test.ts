import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import * as v from 'valibot';
import { MqttBridge } from '#device/mqtt/bridge.ts';
import { MqttConfigSchema } from '#device/mqtt/config.ts';
import { ACK_TIMEOUT_MS } from '#device/mqtt/limits.ts';
import { FakeBroker } from '../../../support/mqtt/fake-broker.ts';
import { FakeFeed, OWN_ID, PEER_ID } from '../../../support/mqtt/fake-feed.ts';
import { HandClock } from '../../../support/mqtt/hand-clock.ts';

const STATE = 'gridvine/site/bridge/roof/state';

function setUp(options: { readonly config?: object; readonly feed?: FakeFeed } = {}) {
  const clock = new HandClock();
  const broker = new FakeBroker();
  const feed = options.feed ?? new FakeFeed();
  const log: string[] = [];
  const bridge = new MqttBridge({
    feed,
    config: v.parse(MqttConfigSchema, { url: 'mqtt://broker', ...options.config }),
    build: { version: '0.1.0', commit: 'abc' },
    clock,
    random: { next: () => 1 },
    dialer: broker,
    log: ({ event }) => log.push(event),
  });
  return { bridge, broker, clock, feed, log };
}

const topicsOf = (messages: readonly { readonly topic: string }[]) => messages.map(({ topic }) => topic);

describe('the MQTT bridge', () => {
  it('says on each connection that it is online, what it is, and everything that it knows', () => {
    const { bridge, broker, clock, feed } = setUp();
    feed.member(PEER_ID, { name: 'shed', state: 'alive' });
    feed.put('system/cpu', 12.5, { unit: '%' });
    feed.put('battery/soc', 80, { owner: PEER_ID, unit: '%' });
    bridge.start();
    const birth = [
      STATE,
      'gridvine/site/bridge/roof/info',
      'gridvine/site/member/roof/state',
      'gridvine/site/member/shed/state',
      'gridvine/site/data/roof/system/cpu',
      'gridvine/site/data/shed/battery/soc',
    ];
    for (let i = 0; i < 2; i++) {
      const link = broker.accept();
      link.answerAll();
      assert.deepEqual(topicsOf(link.received), birth);
      assert.equal(link.last(STATE), 'online');
      assert.equal(link.last('gridvine/site/member/shed/state'), 'alive');
      link.listener.down('gone');
      clock.advance(1_000);
    }
  });

  it('leaves a will that says offline', () => {
    const { bridge, broker } = setUp();
    bridge.start();
    assert.deepEqual(broker.link.will, { topic: STATE, payload: 'offline' });
  });

  it('publishes a change with everything that a reader needs to judge it', () => {
    const { bridge, broker, clock, feed } = setUp();
    bridge.start();
    broker.accept().answerAll();
    const { version } = feed.put('battery/soc', 80.5, { unit: '%', quality: 'sub', ageMs: 250 });
    assert.deepEqual(JSON.parse(broker.link.last('gridvine/site/data/roof/battery/soc') ?? ''), {
      value: 80.5,
      unit: '%',
      quality: 'sub',
      ageMs: 250,
      ttlMs: null,
      version,
      key: 'battery/soc',
      node: 'roof',
      id: OWN_ID,
      boot: 3,
      publishedAtMs: clock.wallMs(),
    });
  });

  it('says in its JSON schema what its payload holds', async () => {
    const { bridge, broker, feed } = setUp();
    bridge.start();
    broker.accept().answerAll();
    feed.put('k', { bytes: new Uint8Array([1, 2]), big: 2n ** 60n });
    const payload = JSON.parse(broker.link.last('gridvine/site/data/roof/k') ?? '');
    const schema = JSON.parse(
      await readFile(new URL('../../../../device/mqtt/record.schema.json', import.meta.url), 'utf8'),
    );
    assert.deepEqual(Object.keys(payload).sort(), Object.keys(schema.properties).sort());
    assert.deepEqual(Object.keys(payload).sort(), schema.required.toSorted());
    assert.deepEqual(payload.value, { bytes: { $bytes: 'AQI=' }, big: { $int: '1152921504606846976' } });
  });

  it('states the age at the moment of sending, however long a value waited for room', () => {
    const { bridge, broker, clock, feed } = setUp({ config: { window: 1 } });
    bridge.start();
    const link = broker.accept();
    feed.put('a', 1, { ageMs: 100 });
    clock.advance(5_000);
    link.answerAll();
    assert.equal(JSON.parse(link.last('gridvine/site/data/roof/a') ?? '').ageMs, 5_100);
  });

  it('deletes the retained message of a record that is deleted or expires', () => {
    const { bridge, broker, feed } = setUp();
    feed.put('a', 1);
    feed.put('b', 1);
    bridge.start();
    const link = broker.accept();
    link.answerAll();
    feed.remove('a');
    feed.remove('b', { change: 'expire' });
    assert.equal(link.last('gridvine/site/data/roof/a'), '');
    assert.equal(link.last('gridvine/site/data/roof/b'), '');
  });

  it('makes up for a deletion that happened while the broker was away', () => {
    const { bridge, broker, clock, feed } = setUp();
    feed.put('a', 1);
    bridge.start();
    broker.accept().answerAll();
    broker.link.listener.down('gone');
    feed.remove('a');
    clock.advance(1_000);
    const link = broker.accept();
    link.answerAll();
    assert.equal(link.last('gridvine/site/data/roof/a'), '');
  });

  it('repeats a deletion that the broker did not acknowledge before the link broke', () => {
    const { bridge, broker, clock, feed } = setUp();
    feed.put('a', 1);
    bridge.start();
    broker.accept().answerAll();
    feed.remove('a');
    broker.link.listener.down('gone');
    clock.advance(1_000);
    assert.equal(broker.accept().last('gridvine/site/data/roof/a'), '');
  });

  it('follows the state of every member', () => {
    const { bridge, broker, feed } = setUp();
    bridge.start();
    const link = broker.accept();
    link.answerAll();
    for (const state of ['alive', 'suspect', 'down'] as const) {
      feed.member(PEER_ID, { name: 'shed', state });
      link.answerAll();
      assert.equal(link.last('gridvine/site/member/shed/state'), state);
    }
  });

  it('deletes everything of a member that is forgotten', () => {
    const { bridge, broker, feed } = setUp();
    feed.member(PEER_ID, { name: 'shed', state: 'left' });
    feed.put('a', 1, { owner: PEER_ID });
    bridge.start();
    const link = broker.accept();
    link.answerAll();
    feed.forget(PEER_ID);
    link.answerAll();
    assert.equal(link.last('gridvine/site/member/shed/state'), '');
    assert.equal(link.last('gridvine/site/data/shed/a'), '');
  });

  it('moves the topics of a node whose name becomes known or changes', () => {
    const { bridge, broker, feed } = setUp();
    feed.put('a', 1, { owner: PEER_ID });
    bridge.start();
    const link = broker.accept();
    link.answerAll();
    assert.notEqual(link.last(`gridvine/site/data/${PEER_ID}/a`), undefined);
    feed.member(PEER_ID, { name: 'shed', state: 'alive' });
    link.answerAll();
    assert.equal(link.last(`gridvine/site/data/${PEER_ID}/a`), '');
    assert.equal(JSON.parse(link.last('gridvine/site/data/shed/a') ?? '').id, PEER_ID);
  });

  it('keeps two nodes of one name apart', () => {
    const { bridge, broker, feed } = setUp();
    feed.member(PEER_ID, { name: 'roof', state: 'alive' });
    feed.put('a', 1);
    feed.put('a', 2, { owner: PEER_ID });
    bridge.start();
    const link = broker.accept();
    link.answerAll();
    assert.equal(JSON.parse(link.last('gridvine/site/data/roof/a') ?? '').value, 1);
    assert.equal(JSON.parse(link.last('gridvine/site/data/roof~bbbbbbbb/a') ?? '').value, 2);
  });

  it('publishes only keys that the filter names, and never the engine’s own', () => {
    const { bridge, broker, feed } = setUp({ config: { keys: ['system/*', 'battery/**'] } });
    for (const key of ['system/cpu', 'system/disk/free', 'battery/1/soc', 'door', 'node', 'accuse/1']) {
      feed.put(key, 1);
    }
    bridge.start();
    const link = broker.accept();
    link.answerAll();
    const data = topicsOf(link.received).filter((topic) => topic.includes('/data/'));
    assert.deepEqual(data, ['gridvine/site/data/roof/system/cpu', 'gridvine/site/data/roof/battery/1/soc']);
  });

  it('sends no more than its window, nor than the broker allows, and then the newest value of each key', () => {
    for (const [window, receiveMaximum, expected] of [
      [4, 65_535, 4],
      [32, 3, 3],
    ]) {
      const { bridge, broker, feed } = setUp({ config: { window } });
      bridge.start();
      const link = broker.accept(receiveMaximum);
      for (let value = 0; value < 1_000; value++) feed.put(`k${value % 10}`, value);
      assert.equal(link.received.length, expected);
      assert.equal(bridge.status().inFlight, expected);
      assert.ok(bridge.status().waiting <= 13, `${bridge.status().waiting} wait`);
      link.answerAll();
      assert.equal(JSON.parse(link.last('gridvine/site/data/roof/k7') ?? '').value, 997);
      // The birth, each of the ten keys, and once more those of them that were under way already.
      assert.equal(link.received.length, 3 + 10 + (expected - 3));
    }
  });

  it('holds nothing while the broker is away but what has to be deleted', () => {
    const { bridge, broker, feed } = setUp();
    bridge.start();
    broker.link.listener.down('ECONNREFUSED');
    for (let value = 0; value < 1_000; value++) feed.put(`k${value}`, value);
    assert.equal(bridge.status().waiting, 0);
    feed.remove('k1');
    assert.equal(bridge.status().waiting, 1);
  });

  it('reports a broker that is not there as one health item that clears itself, and logs it once', () => {
    const { bridge, broker, clock, log } = setUp();
    bridge.start();
    assert.deepEqual(bridge.health(), []);
    for (let i = 0; i < 5; i++) {
      broker.link.listener.down('connect ECONNREFUSED 127.0.0.1:1883');
      clock.advance(60_000);
    }
    const [item, ...rest] = bridge.health();
    assert.deepEqual(rest, []);
    assert.equal(item.code, 'mqtt-unreachable');
    assert.equal(item.sinceMs, 300_000);
    assert.match(
      item.text,
      /mqtt:\/\/broker: connect ECONNREFUSED .*failed 5 times in a row.*Check mqtt\.url/,
    );
    broker.accept().answerAll();
    assert.deepEqual(bridge.health(), []);
    assert.deepEqual(log, ['mqtt-unreachable', 'mqtt-connected']);
  });

  it('gives up a broker that accepts messages and acknowledges none', () => {
    const { bridge, broker, clock, feed } = setUp();
    bridge.start();
    const link = broker.accept();
    clock.advance(ACK_TIMEOUT_MS - 1);
    assert.equal(link.closed, undefined);
    clock.advance(1);
    assert.equal(link.closed, 'cut');
    assert.equal(bridge.health()[0]?.code, 'mqtt-unreachable');
    assert.match(bridge.health()[0]?.text ?? '', /acknowledges nothing/);
    feed.put('a', 1);
    clock.advance(1_000);
    const again = broker.accept();
    again.answerAll();
    assert.notEqual(again.last('gridvine/site/data/roof/a'), undefined);
  });

  it('keeps a slow broker that acknowledges now and then', () => {
    const { bridge, broker, clock } = setUp({ config: { window: 1 } });
    bridge.start();
    const link = broker.accept();
    for (let i = 0; i < 3; i++) {
      clock.advance(ACK_TIMEOUT_MS - 1_000);
      link.answer();
    }
    assert.equal(link.closed, undefined);
    assert.equal(link.received.length, 3);
    clock.advance(10 * ACK_TIMEOUT_MS);
    assert.equal(link.closed, undefined, 'silence with nothing under way is no fault');
  });

  it('goes on when the broker refuses a topic, and says so', () => {
    const { bridge, broker, feed, log } = setUp();
    bridge.start();
    const link = broker.accept();
    link.answerAll();
    feed.put('secret', 1);
    link.answer(1, new Error('Publish error: Not authorized'));
    feed.put('open', 1);
    link.answerAll();
    assert.equal(bridge.status().refused, 1);
    assert.equal(bridge.health()[0]?.code, 'mqtt-refused');
    assert.match(bridge.health()[0]?.text ?? '', /data\/roof\/secret: Publish error: Not authorized/);
    assert.deepEqual(log, ['mqtt-connected', 'mqtt-refused']);
  });

  it('says offline before it stops, and disconnects in an orderly way', async () => {
    const { bridge, broker, clock, feed } = setUp();
    broker.prompt = true;
    bridge.start();
    const link = broker.accept();
    await bridge.stop();
    assert.equal(link.last(STATE), 'offline');
    assert.equal(link.closed, 'clean');
    assert.equal(feed.listeners, 0);
    assert.equal(clock.pending, 0);
  });

  it('stops in time also when the broker hangs, and leaves the rest to the will', async () => {
    const { bridge, broker, clock } = setUp();
    bridge.start();
    const link = broker.accept();
    const stopped = bridge.stop();
    clock.advance(1_500);
    await stopped;
    assert.equal(link.closed, 'cut');
    assert.equal(clock.pending, 0);
  });

  it('stops at once where it never reached a broker', async () => {
    const { bridge, broker, clock } = setUp();
    bridge.start();
    broker.link.listener.down('no');
    await bridge.stop();
    assert.equal(clock.pending, 0);
  });

  it('stops at once when the link breaks during the goodbye', async () => {
    const { bridge, broker, clock } = setUp();
    bridge.start();
    broker.accept();
    const stopped = bridge.stop();
    broker.link.listener.down('gone');
    await stopped;
    clock.advance(600_000);
    assert.equal(broker.links.length, 1);
  });

  it('shows no secret in what it publishes about itself', () => {
    const { bridge, broker } = setUp({
      config: { username: 'pv', passwordFile: '/etc/gridvine/mqtt-password' },
    });
    bridge.start();
    const link = broker.accept();
    link.answerAll();
    const info = JSON.parse(link.last('gridvine/site/bridge/roof/info') ?? '');
    assert.deepEqual(info, {
      schema: 'gridvine.mqtt-bridge/1',
      version: '0.1.0',
      commit: 'abc',
      id: OWN_ID,
      node: 'roof',
      cluster: 'site',
      boot: 3,
      lease: null,
      keys: ['**'],
    });
  });
});
