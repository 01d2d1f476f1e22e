import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import mqtt from 'mqtt';
import * as v from 'valibot';
import { MqttBridge, type MqttLog } from '#device/mqtt/bridge.ts';
import { MqttConfigSchema } from '#device/mqtt/config.ts';
import { AedesBroker } from '../support/mqtt/aedes-broker.ts';
import { selfSignedCertificate } from '../support/mqtt/certificate.ts';
import { FakeFeed, PEER_ID } from '../support/mqtt/fake-feed.ts';
import { until } from '../support/mqtt/until.ts';

const STATE = 'gridvine/site/bridge/roof/state';
const CPU = 'gridvine/site/data/roof/system/cpu';

describe('the MQTT bridge and a real broker', () => {
  let broker: AedesBroker;
  let feed: FakeFeed;
  let bridges: MqttBridge[];

  beforeEach(async () => {
    broker = new AedesBroker();
    await broker.start();
    feed = new FakeFeed();
    feed.put('system/cpu', 7, { unit: '%' });
    bridges = [];
  });

  afterEach(async () => {
    await Promise.all(bridges.map((bridge) => bridge.stop()));
    await broker.stop();
  });

  function startBridge(config: object = {}, log: MqttLog = () => {}): MqttBridge {
    const bridge = new MqttBridge({
      feed,
      config: v.parse(MqttConfigSchema, { url: broker.url, ...config }),
      build: { version: '0.1.0', commit: 'abc' },
      // Retries at once: these tests are about what happens on a connection, not about the waits.
      random: { next: () => 0.02 },
      log,
    });
    bridges.push(bridge);
    bridge.start();
    return bridge;
  }

  it('publishes everything retained and with QoS 1', async () => {
    const bridge = startBridge();
    await until(() => bridge.status().published === 4, 'the birth was acknowledged');
    assert.deepEqual(
      broker.publications.map(({ topic, qos, retain }) => ({ topic, qos, retain })),
      [
        STATE,
        'gridvine/site/bridge/roof/info',
        'gridvine/site/member/roof/state',
        'gridvine/site/data/roof/system/cpu',
      ].map((topic) => ({ topic, qos: 1, retain: true })),
    );
    assert.deepEqual(broker.connected, ['gridvine-aaaaaaaaaaaa']);
  });

  it('takes nothing from the broker: it subscribes to no topic, and what comes all the same is no record', async () => {
    const bridge = startBridge();
    await until(() => bridge.status().published === 4, 'the birth was acknowledged');
    const before = [...feed.records()];
    for (const topic of [CPU, STATE, 'gridvine/site/data/roof/setpoint/pump', '$SYS/x'])
      await broker.press(topic, '{"value":666}');
    feed.put('system/cpu', 8, { unit: '%' });
    await until(() => broker.last(CPU)?.includes('"value":8') === true, 'it goes on');
    assert.deepEqual(broker.subscriptions, []);
    assert.equal([...feed.records()].length, before.length);
    assert.deepEqual(
      broker.publications.filter(({ payload }) => payload.includes('666')),
      [],
    );
  });

  it('gives a dashboard that comes later the newest value and every state, and takes deleted ones away', async () => {
    feed.put('door', 'open');
    const bridge = startBridge();
    await until(() => bridge.status().published === 5, 'the birth was acknowledged');
    feed.put('system/cpu', 8, { unit: '%' });
    feed.remove('door');
    feed.member(PEER_ID, { name: 'shed', state: 'suspect' });
    await until(() => bridge.status().published === 8, 'the changes were acknowledged');

    const seen = new Map<string, string>();
    const dashboard = mqtt.connect(broker.url);
    dashboard.on('message', (topic, payload) => seen.set(topic, payload.toString()));
    await dashboard.subscribeAsync('gridvine/#');
    await until(() => seen.size >= 5, 'the retained messages came');
    await dashboard.endAsync();
    assert.equal(seen.get(STATE), 'online');
    assert.equal(seen.get('gridvine/site/member/shed/state'), 'suspect');
    assert.equal(JSON.parse(seen.get(CPU) ?? '').value, 8);
    assert.equal(seen.has('gridvine/site/data/roof/door'), false);
  });

  it('is called offline by the broker when its link dies', async () => {
    const bridge = startBridge();
    await until(() => bridge.status().published === 4, 'the birth was acknowledged');
    broker.cut();
    await until(
      () => broker.publications.some(({ payload }) => payload === 'offline'),
      'the will was published',
    );
    await until(() => broker.last(STATE) === 'online', 'the bridge was back');
  });

  it('says offline itself when it stops, and the broker has no will to publish', async () => {
    const bridge = startBridge();
    await until(() => bridge.status().published === 4, 'the birth was acknowledged');
    await bridge.stop();
    assert.equal(broker.last(STATE), 'offline');
    assert.equal(broker.publications.filter(({ payload }) => payload === 'offline').length, 1);
  });

  it('says everything again after the broker was restarted without memory', async () => {
    const bridge = startBridge();
    await until(() => bridge.status().published === 4, 'the birth was acknowledged');
    await broker.stop();
    await until(() => bridge.health()[0]?.code === 'mqtt-unreachable', 'the loss was reported');
    feed.put('system/cpu', 99);
    broker.publications.length = 0;
    await broker.start();
    await until(() => bridge.status().inFlight === 0 && broker.publications.length === 4, 'the second birth');
    assert.equal(JSON.parse(broker.last(CPU) ?? '').value, 99);
    assert.deepEqual(bridge.health(), []);
  });

  it('waits for a broker that is down at the start, without a flood in the log', async () => {
    await broker.stop();
    const log: string[] = [];
    const bridge = startBridge({}, ({ event }) => log.push(event));
    await until(() => bridge.status().attempts >= 3, 'it tried three times');
    assert.equal(bridge.health()[0]?.code, 'mqtt-unreachable');
    assert.match(bridge.health()[0]?.text ?? '', /ECONNREFUSED/);
    await broker.start();
    await until(() => broker.last(CPU) !== undefined, 'the value arrived');
    assert.deepEqual(log, ['mqtt-unreachable', 'mqtt-connected']);
  });

  it('goes to the next broker of its list', async () => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const { port } = free.address() as { port: number };
    await new Promise<void>((resolve) => free.close(() => resolve()));
    const bridge = startBridge({ url: undefined, servers: [`mqtt://127.0.0.1:${port}`, broker.url] });
    await until(() => bridge.status().state === 'online', 'it was connected');
    assert.equal(bridge.status().server, broker.url);
  });

  it('keeps to its window when the broker acknowledges nothing, and holds one value a key', async () => {
    broker.mute();
    const bridge = startBridge({ window: 16 });
    await until(() => bridge.status().state === 'online', 'it was connected');
    for (let value = 0; value < 5_000; value++) feed.put(`k${value % 50}`, value);
    assert.equal(bridge.status().inFlight, 16);
    assert.ok(bridge.status().waiting <= 50);
  });

  it('carries names and keys with wildcards, slashes and empty levels', async () => {
    feed = new FakeFeed({ cluster: 'north/+#' });
    feed.member(PEER_ID, { name: 'shed #2', state: 'alive' });
    feed.put('a//+', 1, { owner: PEER_ID });
    const bridge = startBridge();
    await until(() => bridge.status().published === 5, 'the birth was acknowledged');
    const topic = 'gridvine/north%2F%2B%23/data/shed %232/a/%00/%2B';
    assert.equal(JSON.parse(broker.last(topic) ?? '').key, 'a//+');
  });

  it('names the file when the password can’t be read, and connects once it can', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gridvine-mqtt-'));
    try {
      const passwordFile = join(directory, 'password');
      const bridge = startBridge({ username: 'pv', passwordFile });
      await until(() => bridge.health().length > 0, 'the fault was reported');
      assert.match(
        bridge.health()[0]?.text ?? '',
        /mqtt\.passwordFile: expected a readable file at .*got ENOENT/,
      );
      await writeFile(passwordFile, 'secret\n');
      await until(() => bridge.status().state === 'online', 'it was connected');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  describe('over TLS', () => {
    let directory: string;
    const certificate = selfSignedCertificate('broker.test');

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'gridvine-mqtt-'));
      await writeFile(join(directory, 'ca.pem'), certificate.cert);
      await broker.stop();
      await broker.start(certificate);
    });

    afterEach(() => rm(directory, { recursive: true }));

    const secureUrl = () => broker.url.replace('mqtt:', 'mqtts:');

    it('publishes to a broker whose certificate comes from the named authority', async () => {
      const tls = { caFile: join(directory, 'ca.pem'), serverName: 'broker.test' };
      startBridge({ url: secureUrl(), tls });
      await until(() => broker.last(CPU), 'the value arrived');
    });

    it('refuses a broker of another authority, and one of another name', async () => {
      const caFile = join(directory, 'ca.pem');
      for (const [tls, reason] of [
        [{ serverName: 'broker.test' }, /self-signed certificate/],
        [{ caFile, serverName: 'other.test' }, /other\.test/],
      ] as const) {
        const bridge = startBridge({ url: secureUrl(), tls });
        const [item] = await until(() => bridge.health().length > 0 && bridge.health(), 'it was refused');
        assert.match(item?.text ?? '', reason);
      }
      assert.deepEqual(broker.connected, []);
    });
  });
});
