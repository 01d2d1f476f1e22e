import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import * as v from 'valibot';
import { configSchema } from '#device/config/schema.ts';
import { longitudeOfHour, memberConfig, memberPaths } from '#device/demo/member-config.ts';
import { daemonNames } from '#device/demo/names.ts';

const noon = Date.UTC(2026, 5, 21, 12);

function configOf(index: number, brokerUrl?: string) {
  return memberConfig({
    name: daemonNames(3)[index] ?? '',
    index,
    cluster: 'demo-1',
    keyFile: '/tmp/d/cluster.key',
    multicastPort: 50_000,
    directory: `/tmp/d/${index}`,
    nowMs: noon,
    ...(brokerUrl === undefined ? {} : { brokerUrl }),
  });
}

describe('the configuration of a demo daemon', () => {
  it('passes the checks of any configuration, once defaults are added', () => {
    const defaults = {
      security: { mode: 'psk' },
      bind: [],
      advertise: [],
      join: [],
      udp: 'on',
      http: { listen: [], advertise: [], proxy: 'environment', call: 'members' },
      multicast: 'on',
      multicastGroups: { ipv4: '239.255.71.86', ipv6: 'ff02::4756' },
      preset: 'lan',
      tags: {},
      leases: { version: 1, voters: [], previous: [] },
      fleet: { accept: 'on' },
      handlers: [],
      log: { level: 'info' },
      api: { group: 'gridvine' },
    };
    const config = configOf(0, 'mqtt://127.0.0.1:1883') as { readonly interfaces: object };
    const whole = { ...defaults, ...config, interfaces: { exclude: [], budgets: {}, ...config.interfaces } };
    const { issues } = v.safeParse(configSchema, whole);
    assert.deepEqual(
      (issues ?? []).map((issue) => `${v.getDotPath(issue)}: ${issue.message}`),
      [],
    );
  });

  it("names no peer, and keeps to the loopback interface, free ports and the demo's own group", () => {
    const config = configOf(1) as Record<string, unknown>;
    assert.equal('join' in config, false);
    assert.deepEqual(config.bind, ['127.0.0.1:0']);
    assert.deepEqual(config.interfaces, { only: ['lo'] });
    assert.equal(config.multicastPort, 50_000);
  });

  it('lets only those publish that are given a broker', () => {
    assert.deepEqual((configOf(0, 'mqtt://127.0.0.1:1') as { mqtt?: unknown }).mqtt, {
      url: 'mqtt://127.0.0.1:1',
    });
    assert.equal('mqtt' in configOf(1), false);
  });

  it('gives every daemon files of its own', () => {
    const [a, b] = [memberPaths('/tmp/d/a'), memberPaths('/tmp/d/b')];
    for (const key of ['config', 'dataDir', 'socket', 'log'] as const) assert.notEqual(a[key], b[key]);
  });

  it('puts the simulated plant where it is morning now', () => {
    assert.equal(longitudeOfHour(9, noon), -45);
    assert.equal(longitudeOfHour(9, noon - 3 * 3_600_000), 0);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (nowMs) => {
        const longitude = longitudeOfHour(9, nowMs);
        assert.ok(longitude >= -180 && longitude <= 180);
        const hour = ((((nowMs / 3_600_000) % 24) + longitude / 15 + 48) % 24) - 9;
        assert.ok(Math.abs(hour) < 0.01 || Math.abs(Math.abs(hour) - 24) < 0.01, `${hour}`);
      }),
    );
  });
});
