import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { formatPath } from '#device/config/config-path.ts';
import { effectiveTree, effectiveValues } from '#device/config/effective.ts';
import { type Given, load, problems } from './loading.ts';

describe('precedence', () => {
  const profile = { id: 'pi', values: { preset: 'wan', settings: { fanOut: 2 } } };

  test('flag over environment over file over profile over default, one key at a time', async (t) => {
    const layers = [
      [{ flags: { name: 'flag' } }, 'flag --name'],
      [{ env: { GRIDVINE_NAME: 'env' } }, 'environment GRIDVINE_NAME'],
      [{ yaml: '# comment\nname: file\n' }, 'file FILE:2'],
    ] as const;
    for (let weakest = 1; weakest <= layers.length; weakest++) {
      const given = Object.assign(
        {},
        ...layers.slice(layers.length - weakest).map(([layer]) => layer),
      ) as Given;
      const { config, file } = await load(t, given);
      const expected = layers[layers.length - weakest]?.[1].replace('FILE', file);
      assert.equal(config.origins.get('name')?.origin, expected);
      assert.equal(config.values.name, expected?.split(' ')[0]?.replace('environment', 'env'));
    }
    const { config } = await load(t, {});
    assert.equal(config.origins.get('name')?.origin, 'default');
  });

  test("a profile's value gives way to the file's, and replaces the default", async (t) => {
    const alone = await load(t, { profile });
    assert.equal(alone.config.values.preset, 'wan');
    assert.equal(alone.config.origins.get('preset')?.origin, 'profile pi');
    const under = await load(t, { profile, yaml: 'preset: lan\n' });
    assert.equal(under.config.values.preset, 'lan');
    assert.equal(under.config.values.settings.fanOut, 2);
  });

  test('sections are merged, lists are replaced', async (t) => {
    const { config } = await load(t, {
      yaml: 'tags: {a: x, b: y}\njoin: [10.0.0.1, 10.0.0.2]\n',
      flags: { join: ['10.0.0.3'], set: ['tags.b=z'] },
    });
    assert.deepEqual(config.values.tags, { a: 'x', b: 'z' });
    assert.deepEqual(config.values.join, [{ address: '10.0.0.3', port: 18262 }]);
  });
});

describe('defaults', () => {
  test('are those of the contract', async (t) => {
    const { config } = await load(t, {});
    const { dataDir, socket, cluster, bind, multicast, preset } = config.values;
    assert.deepEqual(
      { dataDir, socket, cluster, bind, multicast, preset },
      {
        dataDir: '/home/u/.local/state/gridvine',
        socket: '/run/user/1/gridvine/api.sock',
        cluster: 'gridvine',
        bind: [],
        multicast: true,
        preset: 'lan',
      },
    );
  });

  test('a section with everything in it commented out counts as absent', async (t) => {
    const { config } = await load(t, { yaml: 'mqtt:\n  # url: mqtt://broker\nsources:\ntags:\n' });
    assert.equal(config.values.mqtt, undefined);
    assert.deepEqual(config.values.sources, []);
  });

  test('an empty file is a configuration', async (t) => {
    assert.equal((await load(t, { yaml: '' })).config.values.cluster, 'gridvine');
  });
});

describe('values as people write them', () => {
  test('durations, lists with commas, on and off, and YAML in flags and environment', async (t) => {
    const { config } = await load(t, {
      env: {
        GRIDVINE_SETTINGS_PROBE_INTERVAL_MS: '2s',
        GRIDVINE_JOIN: '10.0.0.1, 10.0.0.2:9, https://gate.example',
        GRIDVINE_MULTICAST: 'off',
      },
      flags: { set: ['settings.fanOut=3', 'sources=[{kind: plant}]', 'sources[0].name=roof', 'name=123'] },
    });
    assert.equal(config.values.settings.probeIntervalMs, 2000);
    assert.deepEqual(config.values.join, [
      { address: '10.0.0.1', port: 18_262 },
      { address: '10.0.0.2', port: 9 },
      'https://gate.example',
    ]);
    assert.equal(config.values.multicast, false);
    assert.equal(config.values.settings.fanOut, 3);
    assert.equal(config.values.sources[0]?.name, 'roof');
    assert.equal(config.values.name, '123');
  });

  test('byte budgets of interfaces, in file, environment and flag', async (t) => {
    const { config } = await load(t, {
      yaml: 'interfaces:\n  budgets:\n    eth0: 20kB/s\n    wlan*: off\n    wwan0: 500B/s\n',
      flags: { set: ['interfaces.budgets.wwan0=8kB/s', 'interfaces.budgets.eth1=off'] },
    });
    assert.deepEqual(config.values.interfaces.budgets, {
      eth0: 20_000,
      'wlan*': null,
      wwan0: 8_000,
      eth1: null,
    });
    assert.match(config.origins.get('interfaces.budgets.eth0')?.origin ?? '', /^file .*:3$/);
    const { config: other } = await load(t, {
      env: { GRIDVINE_INTERFACES_BUDGETS: '{eth0: 1.5MB/s, eth1: false}' },
    });
    assert.deepEqual(other.values.interfaces.budgets, { eth0: 1_500_000, eth1: null });
  });

  test("files named in a configuration file count from that file's directory", async (t) => {
    const { config, file } = await load(t, {
      yaml: 'keyFile: cluster.key\nmqtt: {url: mqtt://b, tls: {caFile: ca.pem}}\n',
    });
    assert.equal(config.values.keyFile, join(dirname(file), 'cluster.key'));
    assert.equal(config.values.mqtt?.tls?.caFile, join(dirname(file), 'ca.pem'));
  });

  test('JSON is YAML', async (t) => {
    assert.equal((await load(t, { yaml: '{"name": "pump"}' })).config.values.name, 'pump');
  });

  test('an empty variable counts as absent, an unknown one is a warning with a suggestion', async (t) => {
    const { config } = await load(t, {
      env: { GRIDVINE_NAME: '', GRIDVINE_CLUSTR: 'x', GRIDVINE_FOO_BAR_BAZ: '1' },
    });
    assert.equal(config.origins.get('name')?.origin, 'default');
    assert.deepEqual(config.warnings, [
      'environment variable GRIDVINE_CLUSTR is ignored: it names no configuration key. Did you mean GRIDVINE_CLUSTER?',
      'environment variable GRIDVINE_FOO_BAR_BAZ is ignored: it names no configuration key',
    ]);
  });
});

describe('errors name the key, what was expected, what came, and who said so', () => {
  const cases: readonly (readonly [string, Given, RegExp])[] = [
    [
      'an unknown key',
      { yaml: 'a: 1\nnmae: x\n' },
      /^a: expected one of the keys name, .*; got "a" \(file .*:1\)$/,
    ],
    [
      'a mistyped key',
      { yaml: 'nmae: x\n' },
      /^nmae: expected a known key; got "nmae" \(file .*:1\)\. Did you mean name\?$/,
    ],
    [
      'a key in kebab case',
      { yaml: 'key-file: x\n' },
      /^key-file: expected a known key; .*Did you mean keyFile\?$/,
    ],
    [
      'an unknown key in a section',
      { yaml: 'mqtt:\n  url: mqtt://b\n  pasword: x\n' },
      /^mqtt\.pasword: .*\(file .*:3\)/,
    ],
    [
      'an unknown key in a source',
      { yaml: 'sources:\n  - kind: plant\n    intervall: 1s\n' },
      /^sources\[0\]\.intervall: expected a known key; got "intervall" \(file .*:3\)\. Did you mean interval\?$/,
    ],
    [
      'an unknown kind of source',
      { yaml: 'sources: [{kind: foo}]' },
      /^sources\[0\]\.kind: expected one of system, inventory, plant, exec, .*; got "foo"/,
    ],
    ['a wrong type', { yaml: 'name: 5\n' }, /^name: expected 1 to 64 bytes of text.*; got 5 \(file .*:1\)$/],
    [
      'a name too long',
      { flags: { name: 'ä'.repeat(33) } },
      /^name: expected 1 to 64 bytes of text .*; got "ä+" \(flag --name\)$/,
    ],
    [
      'a name with a line break',
      { flags: { name: 'a\nb' } },
      /^name: expected .* without control characters; got "a\\nb"/,
    ],
    ['an empty cluster', { yaml: 'cluster: ""\n' }, /^cluster: expected 1 to 64 bytes/],
    [
      'a bad bind address',
      { flags: { bind: ['10.0.0.300'] } },
      /^bind\[0\]: expected ADDR\[:PORT\] .*; got "10.0.0.300" \(flag --bind\)$/,
    ],
    [
      'a host name to join',
      { flags: { join: ['pump.local'] } },
      /^join\[0\]: expected ADDR\[:PORT\] with a literal address/,
    ],
    [
      'port 0 to join',
      { flags: { join: ['10.0.0.1:0'] } },
      /^join\[0\]: expected .* a port other than 0; got "10.0.0.1:0"/,
    ],
    [
      'a list that is none',
      { yaml: 'bind: 10.0.0.1\n' },
      /^bind: expected a list of ADDR\[:PORT\]; got "10.0.0.1"/,
    ],
    [
      'a preset that is none',
      { flags: { set: ['preset=fast'] } },
      /^preset: expected one of lan, wan, radio, metered; got "fast" \(flag --set preset\)$/,
    ],
    [
      'a level that is none',
      { env: { GRIDVINE_LOG_LEVEL: 'loud' } },
      /^log\.level: expected one of debug, info, warn, error; got "loud" \(environment GRIDVINE_LOG_LEVEL\)$/,
    ],
    [
      'a group that is none',
      { yaml: 'multicastGroups: {ipv4: 10.0.0.1}\n' },
      /^multicastGroups\.ipv4: expected an IPv4 multicast address, such as 239\.255\.71\.86; got "10\.0\.0\.1" \(file .*:1\)$/,
    ],
    [
      'an IPv6 group that is none',
      { env: { GRIDVINE_MULTICAST_GROUPS_IPV6: 'fe80::1' } },
      /^multicastGroups\.ipv6: expected an IPv6 multicast address, such as ff02::4756; got "fe80::1"/,
    ],
    [
      'a port of the group that is none',
      { yaml: 'multicastPort: 0\n' },
      /^multicastPort: expected a UDP port from 1 to 65535; got 0/,
    ],
    [
      'multicast neither on nor off',
      { yaml: 'multicast: maybe\n' },
      /^multicast: expected on or off; got "maybe"/,
    ],
    [
      'a setting out of bounds',
      { yaml: 'settings: {probeHelpers: 9}\n' },
      /^settings\.probeHelpers: expected a whole number from 0 to 8; got 9/,
    ],
    [
      'a setting that is no number',
      { yaml: 'settings: {fanOut: many}\n' },
      /^settings\.fanOut: expected a whole number from 1 to 32; got "many"/,
    ],
    [
      'a fraction of a count',
      { yaml: 'settings: {fanOut: 1.5}\n' },
      /^settings\.fanOut: expected a whole number/,
    ],
    [
      'a duration too short',
      { yaml: 'settings: {probeIntervalMs: 10ms}\n' },
      /^settings\.probeIntervalMs: expected 200 to 60000 milliseconds, or a duration from 200ms to 1m; got "10ms"/,
    ],
    [
      'time-outs the wrong way round',
      { yaml: 'settings: {probeTimeoutMinMs: 900, probeTimeoutMaxMs: 200}\n' },
      /^settings\.probeTimeoutMaxMs: expected at least settings\.probeTimeoutMinMs; got 200/,
    ],
    [
      'a tag that is no text',
      { yaml: 'tags: {floor: 3}\n' },
      /^tags\.floor: expected text of at most 64 characters; got 3/,
    ],
    [
      'a socket path too long',
      { flags: { socket: `/${'x'.repeat(107)}` } },
      /^socket: expected .* of at most 107 bytes; got/,
    ],
    [
      'a profile id that is none',
      { flags: { profile: 'Raspberry Pi' } },
      /^profile: expected the id of a board profile; got "Raspberry Pi"/,
    ],
    [
      'an interface name that is none',
      { flags: { interface: ['eth 0'] } },
      /^interfaces\.only\[0\]: expected the name of an interface.*; got "eth 0" \(flag --interface\)$/,
    ],
    [
      'a budget without a unit',
      { yaml: 'interfaces: {budgets: {eth0: 20000}}\n' },
      /^interfaces\.budgets\.eth0: expected a budget such as 500B\/s, 20kB\/s or 1\.5MB\/s, from 100B\/s to 1GB\/s, or off; got 20000 \(file .*:1\)$/,
    ],
    [
      'a budget in bits',
      { flags: { set: ['interfaces.budgets.eth0=64kbit/s'] } },
      /^interfaces\.budgets\.eth0: expected a budget .*; got "64kbit\/s" \(flag --set interfaces\.budgets\.eth0\)$/,
    ],
    [
      'a budget that nobody can live on',
      { yaml: 'interfaces: {budgets: {eth0: 99B/s}}\n' },
      /^interfaces\.budgets\.eth0: expected a budget .* from 100B\/s to 1GB\/s.*; got "99B\/s"/,
    ],
    [
      'a budget of an interface whose name is none',
      { yaml: 'interfaces: {budgets: {"eth 0": 20kB/s}}\n' },
      /^interfaces\.budgets\.eth 0: expected the name of an interface, such as eth0 or wlan\*; got "eth 0"/,
    ],
    [
      'budgets that are no section',
      { yaml: 'interfaces: {budgets: 20kB/s}\n' },
      /^interfaces\.budgets: expected a section with a budget for each interface; got "20kB\/s"/,
    ],
    ['--set without a value', { flags: { set: ['name'] } }, /^--set: expected path=value, .*; got "name"$/],
    ['--set with a broken path', { flags: { set: ['a..b=1'] } }, /^--set: expected path=value/],
    ['a section that is a value', { yaml: 'mqtt: 5\n' }, /^mqtt: expected a section with keys; got 5/],
    [
      'a file that is a list',
      { yaml: '- name\n' },
      /^config: expected keys with values, .*; got \["name"\] \(file .*\)$/,
    ],
    ['a file that is no YAML', { yaml: 'name: [\n' }, /^config: expected YAML; got ".*" \(file .*:2\)$/],
    [
      'a key given twice',
      { yaml: 'name: a\nname: b\n' },
      /^config: expected YAML; got "Map keys must be unique/,
    ],
    [
      'a named file that is not there',
      { flags: { config: '/nonexistent/g.yaml' } },
      /^config: expected a readable configuration file; got "no such file" \(file \/nonexistent\/g\.yaml\)$/,
    ],
    [
      'a named file that is a directory',
      { flags: { config: '/' } },
      /^config: expected a readable configuration file; got/,
    ],
  ];
  for (const [what, given, expected] of cases) {
    test(what, async (t) => {
      assert.match((await problems(t, given))[0] ?? '', expected);
    });
  }

  test('all of them at once', async (t) => {
    const lines = await problems(t, {
      yaml: 'nmae: x\npreset: fast\nsettings: {fanOut: 99}\n',
      flags: { bind: ['x'] },
    });
    assert.deepEqual(lines.map((line) => line.split(':')[0]).sort(), [
      'bind[0]',
      'nmae',
      'preset',
      'settings.fanOut',
    ]);
  });

  test('every unknown key of a section, and not only the first', async (t) => {
    // B-127
    const lines = await problems(t, {
      yaml: 'nmae: x\nkeyfile: y\nsources:\n  - {kind: system, intervall: 5s, diskpath: /}\n',
    });
    assert.deepEqual(lines.map((line) => line.split(':')[0]).sort(), [
      'keyfile',
      'nmae',
      'sources[0].diskpath',
      'sources[0].intervall',
    ]);
  });

  test('an alias bomb is an error, and not the end of the process', async (t) => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `l${i}: &l${i} [${Array(9).fill(i === 0 ? 'x' : `*l${i - 1}`)}]`,
    );
    assert.match(
      (await problems(t, { yaml: `${levels.join('\n')}\n` }))[0] ?? '',
      /^config: expected YAML; got ".*alias/i,
    );
  });

  test('a key named __proto__ is unknown, and changes nothing', async (t) => {
    assert.match((await problems(t, { yaml: '__proto__: {polluted: 1}\n' })).join('\n'), /__proto__/);
    assert.equal(({} as { polluted?: number }).polluted, undefined);
  });
});

describe('showing the configuration', () => {
  test('secrets are not in it, nor in errors', async (t) => {
    const yaml = 'sources: [{kind: exec, name: t, command: [/bin/true], env: {API_TOKEN: hunter2}}]\n';
    const { config } = await load(t, { yaml });
    assert.doesNotMatch(JSON.stringify(effectiveTree(config)), /hunter2/);
    assert.match(JSON.stringify(effectiveTree(config)), /"API_TOKEN":"\[redacted\]"/);
    const lines = await problems(t, { yaml: 'mqtt: {url: "mqtt://me:hunter2@broker", password: hunter2}\n' });
    assert.doesNotMatch(lines.join('\n'), /hunter2/);
  });

  test('every value has an origin, the settings of the preset too', async (t) => {
    const { config } = await load(t, { yaml: 'settings: {fanOut: 2}\n', flags: { set: ['preset=radio'] } });
    const origins = new Map(effectiveValues(config).map(({ path, origin }) => [formatPath(path), origin]));
    assert.match(origins.get('settings.fanOut') ?? '', /^file .*:1$/);
    assert.equal(origins.get('settings.digestIntervalMs'), 'preset radio');
    assert.equal(origins.get('preset'), 'flag --set preset');
    assert.equal(origins.get('cluster'), 'default');
  });
});
