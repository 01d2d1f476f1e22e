import { isDeepStrictEqual } from 'node:util';
import { layerOfFile } from '#device/config/config-file.ts';
import { formatPath, isTree, parsePath, valueAt, withValue } from '#device/config/config-path.ts';
import { readEnvironment, variableOf } from '#device/config/environment.ts';
import { layerOfFlags } from '#device/config/flags.ts';
import { layerOfTree } from '#device/config/layers.ts';
import { defaultTree, resolveConfig } from '#device/config/load-config.ts';
import { configSchema } from '#device/config/schema.ts';
import { leavesOf } from '#device/config/schema-walk.ts';
import { parseYamlFile } from '#device/config/yaml-file.ts';
import { checkProfile } from '#profiles/validate.ts';
import { GridvineError } from '#runtime/core/errors.ts';
import { type FuzzTarget, promise, textOf, utf8 } from '../contract.ts';
import { joined } from '../mutator.ts';

const EXAMPLE = `name: pump-house
cluster: hillside
keyFile: /etc/gridvine/key
dataDir: /var/lib/gridvine
socket: /run/gridvine/api.sock
bind: [10.0.0.7, "[fd00::7]:9000"]
interfaces:
  only: [eth0, wlan*]
  exclude: []
  budgets: { eth0: 20kB/s, wlan0: off }
advertise: []
join: [10.0.0.8, 10.0.0.9:9000, 'https://gate.example/site']
udp: on
http: { listen: ['0.0.0.0:8080'], advertise: [], tls: { certFile: a.pem, keyFile: b.pem }, proxy: environment }
multicast: on
multicastPort: 18263
multicastGroups: { ipv4: 239.255.71.86, ipv6: "ff02::4756" }
preset: lan
settings: { probeIntervalMs: 500, suspicionMultiplier: 1.5 }
tags: { site: hill, role: inverter }
log: { level: debug }
sources:
  - { kind: system, name: host, interval: 10s }
  - { kind: exec, name: meter, command: [/bin/cat, x], metrics: { power: { unit: W, scale: 0.1 } } }
mqtt:
  url: mqtts://broker:8883
  username: u
  passwordFile: pw
api: { group: gridvine }
`;
const ANCHORS = `a: &a [1, 2]\nb: *a\nc: &c { x: *a }\n<<: *c\n`;
const PROFILE = `id: my-board
title: My board
extends: linux-common
match: { model: ["^My Board"] }
interfaces:
  - { id: lan, names: [eth*], multicast: full }
`;
const WORDS = [
  ...Object.keys(configSchema.entries),
  'kind: exec',
  'kind: plant',
  'metrics',
  'extends',
  '&a ',
  '*a',
  '{',
  '}',
  'mqtt:\n  url: ',
];

/** The configuration file as people and programs write it: every mistake is a ConfigError with a place. */
export const configFile: FuzzTarget = {
  name: 'config-file',
  about: 'the configuration file and profiles, YAML or JSON, up to the checked configuration',
  shape: 'text',
  bytesMax: 3_000,
  weight: 1,
  words: WORDS,
  reaches: ['configuration', 'E_CONFIG'],
  seeds: () => [
    utf8(EXAMPLE),
    utf8(ANCHORS),
    utf8(PROFILE),
    utf8('{"name": "x", "sources": []}'),
    utf8('[1]'),
    utf8('name: a\n'),
    utf8('sources: &s [{ kind: system, name: *s }]\ntags: &t { a: *t }\n'),
    utf8(`{"tags":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`),
  ],
  prepare: () => async (input) => {
    try {
      const text = textOf(input);
      const { value } = parseYamlFile('f.yaml', text);
      checkProfile(value);
      const file = await layerOfFile('f.yaml', text);
      if (!isTree(value)) return 'no section';
      const { values } = resolveConfig({
        flags: [],
        environment: [],
        file,
        defaults: DEFAULTS,
        filePath: 'f.yaml',
        warnings: [],
      });
      promise(values.name.length > 0 && values.sources.length <= 64, 'a configuration out of its limits');
      return 'configuration';
    } catch (error) {
      if (!(error instanceof GridvineError)) throw error;
      promise(error.message.length > 0 && error.message.length < 200_000, 'a message that helps nobody');
      return error.code;
    }
  },
};

const DEFAULTS = layerOfTree(defaultTree({ name: 'x', dataDir: '/d', socket: '/s' }), 'default');

/** `--set path=value` and environment variables: text that is read by what the schema expects. */
export const configText: FuzzTarget = {
  name: 'config-text',
  about: '--set and environment variables',
  shape: 'text',
  prefixBytes: 1,
  bytesMax: 400,
  weight: 1,
  words: [...WORDS, '=', '[0]', '.', 'settings.', 'sources[0]', 'tags.', 'GRIDVINE_'],
  reaches: ['configuration', 'E_CONFIG'],
  seeds: () =>
    [
      'name=roof',
      'settings.probeIntervalMs=500',
      'sources[0].kind=plant',
      'join=[10.0.0.1, 10.0.0.2]',
      'sources={kind: system}',
      'tags.a.b=1',
      'x',
      '__proto__.x=1',
      'bind=10.0.0.1,10.0.0.2',
    ]
      .map((text) => joined(Uint8Array.of(0), utf8(text)))
      .concat(
        ['roof', '10.0.0.1', '[a, b]', '500', 'off'].flatMap((text) =>
          [1, 5, 9].map((which) => joined(Uint8Array.of(which), utf8(text))),
        ),
      ),
  prepare: () => async (input) => {
    const text = textOf(input.subarray(1));
    const which = input[0] ?? 0;
    checkPath(text.split('=', 1)[0]);
    try {
      const flags = which === 0 ? await layerOfFlags(configSchema, { set: [text] }) : [];
      const env =
        which === 0
          ? {}
          : { [VARIABLES[which % VARIABLES.length]]: text, [`GRIDVINE_${text.slice(0, 20)}`]: text };
      const { layer: environment } = await readEnvironment(configSchema, env);
      resolveConfig({ flags, environment, file: [], defaults: DEFAULTS, filePath: undefined, warnings: [] });
      return 'configuration';
    } catch (error) {
      if (!(error instanceof GridvineError)) throw error;
      return error.code;
    } finally {
      promise(({} as Record<string, unknown>).x === undefined, 'the prototype of all objects was changed');
    }
  },
};

const VARIABLES = leavesOf(configSchema).map(variableOf);

function checkPath(text: string): void {
  const path = parsePath(text);
  if (path === undefined) return;
  promise(formatPath(path).length <= text.length, 'a path that grows');
  const tree = withValue({}, path, 7);
  if (path.every((step) => step === 0 || typeof step === 'string'))
    promise(isDeepStrictEqual(valueAt(tree, path), 7), 'a value that is not where it was put');
}
