import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MqttSlot } from '#device/daemon/mqtt-slot.ts';
import type { MqttConfig } from '#device/mqtt/config.ts';

const config = (url: string): MqttConfig => ({
  url,
  protocol: '3.1.1',
  baseTopic: 'gridvine',
  keys: ['**'],
  keepaliveS: 20,
  window: 32,
});

/** A slot whose bridges tell what happens to them. */
function setUp() {
  const told: string[] = [];
  const slot = new MqttSlot({
    make: async ({ url }) => ({
      start: () => void told.push(`start ${url}`),
      stop: async () => void told.push(`stop ${url}`),
      isLeased: url === 'mqtt://b',
      health: () => [{ code: `at-${url}`, severity: 'warning', title: '', text: '', sinceMs: 0 }],
    }),
  });
  return { told, slot };
}

describe('the place of the MQTT bridge', () => {
  test('starts its bridge with the daemon, and replaces it when its configuration changes', async () => {
    const { told, slot } = setUp();
    await slot.use(config('mqtt://a'));
    assert.deepEqual(told, []);
    slot.start();
    await slot.use(config('mqtt://a'));
    assert.deepEqual(told, ['start mqtt://a'], 'the same again changes nothing');
    await slot.use(config('mqtt://b'));
    assert.deepEqual(told, ['start mqtt://a', 'stop mqtt://a', 'start mqtt://b']);
    assert.deepEqual(
      slot.health().map(({ code }) => code),
      ['at-mqtt://b'],
    );
    assert.equal(slot.isLeased, true);
  });

  test('is empty without a broker, and where publishing is switched off', async () => {
    const { told, slot } = setUp();
    slot.start();
    await slot.use(undefined);
    await slot.use(config('mqtt://a'));
    await slot.use({ ...config('mqtt://a'), enabled: false });
    assert.deepEqual([told, slot.health()], [['start mqtt://a', 'stop mqtt://a'], []]);
  });

  test('starts nothing any more once it is stopped, also in the midst of a change', async () => {
    const { told, slot } = setUp();
    slot.start();
    const change = slot.use(config('mqtt://a'));
    await slot.stop();
    await change;
    await slot.use(config('mqtt://b'));
    assert.deepEqual(told, []);
  });
});
