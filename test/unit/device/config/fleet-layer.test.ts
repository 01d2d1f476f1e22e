import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { formatPath } from '#device/config/config-path.ts';
import { effectiveValues } from '#device/config/effective.ts';
import { checkFleetConfig, FLEET_KEYS, fleetLayer } from '#device/config/fleet-layer.ts';
import { localLayer, resolveConfig } from '#device/config/load-config.ts';
import { configSchema } from '#device/config/schema.ts';
import { leavesOf } from '#device/config/schema-walk.ts';
import { type Given, sourcesOf } from './loading.ts';

const ORIGIN = 'fleet 12/3f0c9a12';
const PROFILE = { id: 'revpi', values: { preset: 'metered', settings: { ownersMax: 500 } } };

/** What counts on a board, and who said so, with settings for all boards. */
async function withFleet(t: TestContext, given: Given, fleet: Record<string, unknown>) {
  const sources = await sourcesOf(t, given);
  const config = resolveConfig(sources, PROFILE, fleetLayer(fleet, ORIGIN, localLayer(sources)));
  const said = new Map(
    effectiveValues(config).map(({ path, value, origin }) => [formatPath(path), { value, origin }]),
  );
  return { values: config.values, said };
}

describe('settings for all boards, on one board', () => {
  test('count over the profile and the defaults, and are shown with their origin', async (t) => {
    const { said } = await withFleet(t, {}, { preset: 'radio', log: { level: 'warn' } });
    assert.deepEqual(said.get('preset'), { value: 'radio', origin: ORIGIN });
    assert.deepEqual(said.get('log.level'), { value: 'warn', origin: ORIGIN });
    assert.deepEqual(said.get('settings.ownersMax'), { value: 500, origin: 'profile revpi' });
    assert.equal(said.get('settings.probeTimeoutMinMs')?.origin, 'preset radio');
  });

  test('give way, key by key, to what the board says itself', async (t) => {
    const given = { yaml: 'settings: {fanOut: 2}\nlog: {level: debug}\n' };
    const { said } = await withFleet(t, given, {
      settings: { fanOut: 9, batchIntervalMs: 70 },
      log: { level: 'warn' },
    });
    assert.equal(said.get('settings.fanOut')?.value, 2);
    assert.match(said.get('settings.fanOut')?.origin ?? '', /^file .*:1$/);
    assert.deepEqual(said.get('settings.batchIntervalMs'), { value: 70, origin: ORIGIN });
    assert.equal(said.get('log.level')?.value, 'debug');
    const byFlag = await withFleet(t, { flags: { set: ['settings.fanOut=3'] } }, { settings: { fanOut: 9 } });
    assert.equal(byFlag.said.get('settings.fanOut')?.value, 3);
    const byVariable = await withFleet(
      t,
      { env: { GRIDVINE_LOG_LEVEL: 'error' } },
      { log: { level: 'warn' } },
    );
    assert.equal(byVariable.said.get('log.level')?.value, 'error');
  });

  test('leave the engine of a board alone that names its preset: its link is another', async (t) => {
    const { said } = await withFleet(
      t,
      { yaml: 'preset: metered\n' },
      { preset: 'lan', settings: { probeIntervalMs: 500 }, log: { level: 'warn' } },
    );
    assert.equal(said.get('preset')?.value, 'metered');
    assert.equal(said.get('settings.probeIntervalMs')?.value, 60_000);
    assert.equal(said.get('log.level')?.value, 'warn');
  });

  test('join a board to a broker, or leave it with the one that it names', async (t) => {
    const fleet = { mqtt: { url: 'mqtt://10.0.0.1', keys: ['pv/**'] } };
    const { values } = await withFleet(t, {}, fleet);
    assert.deepEqual([values.mqtt?.url, values.mqtt?.keys], ['mqtt://10.0.0.1', ['pv/**']]);
    for (const own of ['url: mqtt://10.0.0.9', 'servers: [mqtt://10.0.0.9]']) {
      const yaml = `mqtt: {${own}, username: u, passwordFile: p}\n`;
      const { values: kept } = await withFleet(t, { yaml }, fleet);
      assert.deepEqual(
        [kept.mqtt?.url ?? kept.mqtt?.servers?.[0], kept.mqtt?.keys],
        ['mqtt://10.0.0.9', ['pv/**']],
      );
    }
  });

  test("never send a board's credentials to a broker that it doesn't name", async (t) => {
    for (const yaml of [
      'mqtt: {username: u, passwordFile: p}\n',
      'mqtt: {username: u}\n',
      'mqtt: {tls: {certFile: c, keyFile: k}}\n',
    ])
      await assert.rejects(withFleet(t, { yaml }, { mqtt: { url: 'mqtt://10.6.6.6' } }), {
        code: 'E_CONFIG',
        message: /mqtt\.url: expected nothing: this board has mqtt\..* Name the broker beside/,
      });
  });

  test('are refused on a board where they contradict what it says', async (t) => {
    const given = { yaml: 'settings: {probeTimeoutMinMs: 3000}\n' };
    await assert.rejects(withFleet(t, given, { settings: { probeTimeoutMaxMs: 1_000 } }), {
      code: 'E_CONFIG',
      message:
        /settings\.probeTimeoutMaxMs: expected at least settings\.probeTimeoutMinMs; got 1000 \(fleet 12\/3f0c9a12\)/,
    });
  });

  test('are keys of the configuration, and none that holds a secret, a path or an address of one board', () => {
    const known = leavesOf(configSchema).map((path) => path.join('.'));
    for (const key of FLEET_KEYS) assert.ok(known.includes(key), key);
    for (const key of FLEET_KEYS)
      assert.doesNotMatch(key, /file|password|username|tls|bind|socket|dir|clientId/i);
  });

  test('leave all boards the patience to hear of what takes them back', () => {
    const settings = { probeTimeoutMaxMs: '50ms', suspicionMultiplier: 0.5, retryIntervalMs: '1h' };
    assert.throws(() => checkFleetConfig({ settings: { ...settings, probeTimeoutMinMs: 10 } }, 'fleet'), {
      code: 'E_CONFIG',
      message:
        /probeTimeoutMaxMs: expected from 1000 .*got 50.*\n.*suspicionMultiplier: .*\n.*retryIntervalMs: expected up to 300000/,
    });
    checkFleetConfig({ settings: { probeTimeoutMaxMs: '1s', retryIntervalMs: '5m' } }, 'fleet');
  });

  test('are checked by themselves, all problems at once, and empty sections say nothing', () => {
    checkFleetConfig({ settings: {}, mqtt: {}, preset: 'wan' }, 'fleet');
    assert.throws(() => checkFleetConfig({ preset: 'x', settings: { fanOut: 99 }, bind: ['::'] }, 'fleet'), {
      code: 'E_CONFIG',
      message: /preset: .*\n(?:.*\n)*settings\.fanOut: .*/,
    });
  });
});

test('fleet.accept is on unless a board says off', async (t) => {
  assert.equal((await withFleet(t, {}, {})).values.fleet.accept, true);
  assert.equal((await withFleet(t, { yaml: 'fleet: {accept: off}\n' }, {})).values.fleet.accept, false);
});
