import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { formatPath, parsePath, withValue } from '#device/config/config-path.ts';
import { variableOf } from '#device/config/environment.ts';
import { nearest } from '#device/config/nearest.ts';
import { clientSocket, defaultDataDir, defaultSocket } from '#device/config/paths.ts';
import { configSchema } from '#device/config/schema.ts';
import { leavesOf } from '#device/config/schema-walk.ts';
import { SETTING_BOUNDS } from '#device/config/settings-schema.ts';
import { PRESETS, settingsOf } from '#runtime/engine/settings.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

describe('paths of configuration keys', () => {
  test('are read and written alike', () => {
    for (const text of ['name', 'mqtt.tls.caFile', 'sources[0].name', 'sources[0].metrics[12].key']) {
      assert.equal(formatPath(parsePath(text) ?? []), text);
    }
  });

  test('nonsense is no path', () => {
    for (const text of ['', '.', 'a.', '.a', 'a..b', '[0]', 'a[x]', 'a b', 'a[0', 'a=b']) {
      assert.equal(parsePath(text), undefined, text);
    }
  });

  test('setting a value leaves the original alone, and a list without holes', () => {
    const before = { a: { b: [1] } };
    assert.deepEqual(withValue(before, ['a', 'b', 5], 2), { a: { b: [1, 2] } });
    assert.deepEqual(before, { a: { b: [1] } });
  });
});

describe('suggestions', () => {
  const known = ['name', 'cluster', 'keyFile', 'probeIntervalMs'];
  for (const [word, meant] of [
    ['nmae', 'name'],
    ['Name', 'name'],
    ['key_file', 'keyFile'],
    ['clutser', 'cluster'],
    ['probeInterval', 'probeIntervalMs'],
    ['xyz', undefined],
    ['', undefined],
  ] as const) {
    test(`${JSON.stringify(word)} means ${meant}`, () => assert.equal(nearest(word, known), meant));
  }
});

describe('default places', () => {
  test('root keeps its state in /var/lib, others below their home', () => {
    assert.equal(defaultDataDir({ env: {}, root: true }), '/var/lib/gridvine');
    assert.equal(defaultDataDir({ env: { HOME: '/h' }, root: false }), '/h/.local/state/gridvine');
    assert.equal(defaultDataDir({ env: { XDG_STATE_HOME: '/s' }, root: false }), '/s/gridvine');
  });

  test('the system socket counts where it exists or can be made, else the one of the session', async (t) => {
    const sysroot = await temporaryDirectory(t);
    const env = { XDG_RUNTIME_DIR: '/run/user/7' };
    assert.equal(defaultSocket({ env, root: false, sysroot }), '/run/user/7/gridvine/api.sock');
    mkdirSync(join(sysroot, 'run'));
    const system = join(sysroot, 'run/gridvine/api.sock');
    assert.equal(defaultSocket({ env, root: false, sysroot }), system);
    mkdirSync(join(sysroot, 'run/gridvine'));
    writeFileSync(system, '');
    assert.equal(defaultSocket({ env, root: false, sysroot }), system);
  });

  test('a client looks at its flag, then the environment, then the default', () => {
    const context = { env: { GRIDVINE_SOCKET: '/e' }, root: false };
    assert.equal(clientSocket('/f', context), '/f');
    assert.equal(clientSocket(undefined, context), '/e');
  });
});

describe('the schema', () => {
  test('every preset is within the bounds of every setting', () => {
    for (const preset of Object.keys(PRESETS) as (keyof typeof PRESETS)[]) {
      for (const [key, value] of Object.entries(settingsOf(preset))) {
        const { min, max } = SETTING_BOUNDS[key as keyof typeof SETTING_BOUNDS];
        assert.ok(value >= min && value <= max, `${preset}.${key}: ${value} is not in ${min}..${max}`);
      }
    }
  });

  test('no two keys share an environment variable', () => {
    const names = leavesOf(configSchema).map(variableOf);
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.includes('GRIDVINE_KEY_FILE'));
    assert.ok(names.includes('GRIDVINE_MQTT_PASSWORD_FILE'));
  });

  test('the README has a row for each top-level key', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../../../device/README.md'), 'utf8');
    const section = readme.split('## Configuration')[1]?.split('\n## ')[0] ?? '';
    const listed = new Set([...section.matchAll(/^\| `(\w+)/gm)].map((match) => match[1]));
    assert.deepEqual([...listed].sort(), Object.keys(configSchema.entries).sort());
  });
});
