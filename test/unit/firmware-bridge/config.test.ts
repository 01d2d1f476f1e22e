import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { type SourceConfig, sourcesSchema } from '#bridge/config.ts';

/** The problems as `path: expected phrase`, which is what the daemon prints before "; got ...". */
function problems(sources: unknown): string[] {
  const result = v.safeParse(v.object({ sources: sourcesSchema }), { sources });
  return (result.issues ?? []).map((issue) => `${v.getDotPath(issue) ?? ''}: expected ${issue.message}`);
}

function parse(sources: unknown): SourceConfig[] {
  return v.parse(sourcesSchema, sources);
}

test('short forms get their defaults', () => {
  const [system, plant, inventory] = parse([{ kind: 'system' }, { kind: 'plant' }, { kind: 'inventory' }]);
  assert.deepEqual(system, {
    kind: 'system',
    name: 'system',
    interval: 5000,
    metrics: [],
    readingsPerSecond: 20,
  });
  assert.equal(plant?.kind === 'plant' && plant.speed, 1);
  assert.equal(inventory?.kind === 'inventory' && inventory.timeout, 30_000);
});

test('durations are text or milliseconds, and a parsed configuration parses to itself', () => {
  const sources = parse([
    { kind: 'system', interval: '1.5s' },
    { kind: 'plant', interval: 250 },
    {
      kind: 'exec',
      name: 'tank',
      command: ['/opt/tank'],
      silentAfter: '2m',
      metrics: [{ key: 'tank/*', minInterval: '1s', maxInterval: '1m', min: 0, max: 100, deadband: 0.5 }],
    },
  ]);
  assert.deepEqual(
    sources.map((source) =>
      'interval' in source ? source.interval : 'silentAfter' in source && source.silentAfter,
    ),
    [1500, 250, 120_000],
  );
  assert.deepEqual(parse(structuredClone(sources)), sources);
});

test('each mistake names its place and what was expected', () => {
  const exec = { kind: 'exec', name: 'tank', command: ['/opt/tank'] };
  const duration = 'a duration from 100ms to 1d, such as 500ms, 30s or 5m, or a number of milliseconds';
  const cases: readonly [source: unknown, problem: string][] = [
    [{ kind: 'system', interval: 'soon' }, `sources.0.interval: expected ${duration}`],
    [{ kind: 'system', interval: 5 }, `sources.0.interval: expected ${duration}`],
    [{ kind: 'system', interval: true }, `sources.0.interval: expected ${duration}`],
    [
      { kind: 'sistem' },
      'sources.0.kind: expected one of system, inventory, plant, exec, vedirect, modbus, sunspec',
    ],
    [{}, 'sources.0.kind: expected one of system, inventory, plant, exec, vedirect, modbus, sunspec'],
    [{ kind: 'system', diskPath: 'data' }, 'sources.0.diskPath: expected an absolute path, such as /var/lib'],
    [
      { kind: 'plant', latitude: 91 },
      'sources.0.latitude: expected a number from -90 to 90 (degrees, north positive)',
    ],
    [
      { kind: 'plant', seed: 1.5 },
      'sources.0.seed: expected a whole number from 0 to 4294967295 (for clouds and consumers)',
    ],
    [
      { kind: 'exec', name: 'tank' },
      'sources.0.command: expected a list of a program and its arguments, such as [/usr/local/bin/tank, --fast]',
    ],
    [
      { ...exec, command: [] },
      'sources.0.command: expected a list of a program and its arguments, such as [/usr/local/bin/tank, --fast]',
    ],
    [
      { ...exec, command: '/opt/tank --fast' },
      'sources.0.command: expected a list of a program and its arguments, such as [/usr/local/bin/tank, --fast]',
    ],
    [
      { ...exec, name: 'a b' },
      'sources.0.name: expected a name of 1 to 32 letters, digits and . _ -, such as tank',
    ],
    [{ ...exec, env: { 'A B': 'x' } }, 'sources.0.env.A B: expected a name of a variable'],
    [
      { ...exec, metrics: [{ deadband: 1 }] },
      'sources.0.metrics.0.key: expected a key or a pattern such as battery/* or **',
    ],
    [{ ...exec, metrics: [{ key: 'a', scale: 0 }] }, 'sources.0.metrics.0.scale: expected a number (not 0)'],
    [
      { ...exec, metrics: [{ key: 'a', unit: '' }] },
      'sources.0.metrics.0.unit: expected a unit of 1 to 32 bytes, such as W/m²',
    ],
    [
      { ...exec, metrics: [{ key: 'a', min: 5, max: 4 }] },
      'sources.0.metrics.0.max: expected a number above min',
    ],
    [
      { ...exec, metrics: [{ key: 'a', minInterval: '2s', maxInterval: '1s' }] },
      'sources.0.metrics.0.maxInterval: expected a duration not shorter than minInterval',
    ],
  ];
  for (const [source, problem] of cases) assert.deepEqual(problems([source]), [problem]);
  assert.deepEqual(problems('none'), ['sources: expected a list of sources']);
});

test('an unknown key is reported at its place, as an issue that expects nothing there', () => {
  const { issues = [] } = v.safeParse(sourcesSchema, [{ kind: 'system', intervall: '5s' }]);
  assert.deepEqual(
    issues.map((issue) => [v.getDotPath(issue), issue.kind, issue.expected]),
    [['0.intervall', 'schema', 'never']],
  );
});

test('two sources cannot have the same name', () => {
  assert.deepEqual(problems([{ kind: 'system' }, { kind: 'plant' }, { kind: 'system' }]), [
    'sources.2.name: expected a name that no other source has',
  ]);
});

test('a serial port belongs to one source, or to several that read the same Modbus bus', () => {
  const port = '/dev/serial/by-id/usb-1';
  const registers = [{ key: 'a', at: 0 }];
  const modbus = (name: string, more: object = {}) => ({
    kind: 'modbus',
    name,
    address: port,
    registers,
    ...more,
  });
  const vedirect = (name: string) => ({ kind: 'vedirect', name, address: port });
  assert.equal(parse([modbus('a'), modbus('b', { unitId: 2 })]).length, 2);
  assert.equal(parse([vedirect('a'), { ...vedirect('b'), address: '/dev/ttyUSB9' }]).length, 2);
  for (const sources of [
    [modbus('a'), modbus('b', { baudRate: 19_200 })],
    [vedirect('a'), vedirect('b')],
    [vedirect('a'), modbus('b')],
  ]) {
    assert.deepEqual(problems(sources), [
      'sources.1.address: expected a serial port that no other source uses, or uses as another Modbus bus with the same line settings',
    ]);
  }
});

test('each mistake in a field bus names its place and what was expected', () => {
  const register = { key: 'a', at: 0 };
  const modbus = { kind: 'modbus', name: 'meter', address: 'tcp://10.0.0.7', registers: [register] };
  const cases: readonly [source: unknown, problem: RegExp][] = [
    [{ ...modbus, baudRate: 9601 }, /^sources\.0\.baudRate: expected one of 1200, 2400, 4800, 9600, 19200/],
    [
      { ...modbus, address: 'rtu+tcp://10.0.0.7' },
      /^sources\.0\.address: expected tcp:\/\/HOST\[:502\], rtu\+tcp/,
    ],
    [{ ...modbus, address: 'http://10.0.0.7' }, /^sources\.0\.address: expected tcp/],
    [{ ...modbus, registers: [] }, /^sources\.0\.registers: expected a list of registers, such as/],
    [
      { ...modbus, registers: [{ key: 'a' }] },
      /^sources\.0\.registers\.0\.at: expected an address, counted from 0/,
    ],
    [
      { ...modbus, registers: [{ ...register, at: 65_536 }] },
      /registers\.0\.at: expected a whole number from 0 to 65535/,
    ],
    [
      { ...modbus, registers: [{ ...register, type: 'text' }] },
      /registers\.0\.length: expected a length in registers/,
    ],
    [
      { ...modbus, registers: [{ ...register, bit: 3 }] },
      /registers\.0\.bit: expected a bit from 0 to 15 with type bit/,
    ],
    [
      { kind: 'vedirect', name: 'mppt', address: 'tcp://10.0.0.7' },
      /^sources\.0\.address: expected a serial port such as/,
    ],
    [{ kind: 'vedirect', name: 'mppt' }, /^sources\.0\.address: expected a serial port such as/],
  ];
  for (const [source, problem] of cases) assert.match(problems([source]).join('\n'), problem);
});

test('what would make keys that nobody may write is refused before anything is read', () => {
  const registers = [{ key: 'a', at: 0 }];
  const modbus = { kind: 'modbus', name: 'meter', address: 'tcp://10.0.0.7', registers };
  const reserved = 'expected a prefix of keys: a key outside the reserved node, accuse, sys';
  assert.deepEqual(problems([{ ...modbus, name: 'sys' }]), [`sources.0.name: ${reserved}`]);
  assert.deepEqual(problems([{ ...modbus, keyPrefix: 'node/a' }]), [`sources.0.keyPrefix: ${reserved}`]);
  assert.deepEqual(problems([{ ...modbus, name: 'sys', keyPrefix: 'meter' }]), []);
  const segments = 'segments of letters, digits and . _ ~ : @ - split by single slashes';
  assert.deepEqual(problems([{ ...modbus, registers: [{ key: 'a//b', at: 0 }] }]), [
    `sources.0.registers: expected keys that are ${segments}`,
  ]);
});

test('registers that would give wrong or no data without a word are refused', () => {
  const modbus = { kind: 'modbus', name: 'meter', address: 'tcp://10.0.0.7' };
  const register = { key: 'a', at: 0 };
  const of = (more: object, source: object = {}) => [
    { ...modbus, registers: [{ ...register, ...more }], ...source },
  ];
  const at = 'sources.0.registers.0';
  const cases: readonly [sources: readonly unknown[], problem: string][] = [
    [
      [{ ...modbus, registers: [register, { key: 'a', at: 1 }] }],
      'sources.0.registers.1.key: expected a key that no other register has',
    ],
    [
      [...of({}), { ...modbus, name: 'other', keyPrefix: 'meter', registers: [register] }],
      'sources.1.registers.0.key: expected a key that no other register has',
    ],
    [of({ min: 9, max: 1 }), `${at}.max: expected a number above min`],
    [
      of({ minInterval: '2s', maxInterval: '1s' }),
      `${at}.maxInterval: expected a duration not shorter than minInterval`,
    ],
    [of({ at: 65_535, type: 'f32' }), `${at}.at: expected an address from 0 to 65534 for f32`],
    [
      of({ table: 'coil', type: 'f32' }),
      `${at}.table: expected holding or input with a type, an order or none: coils are switches`,
    ],
    [
      of({ unitId: 248 }, { address: '/dev/ttyUSB0' }),
      `${at}.unitId: expected a unit id from 1 to 247 on a serial line`,
    ],
    [
      of({}, { unitId: 0, address: 'rtu+tcp://10.0.0.7:4196' }),
      'sources.0.unitId: expected a unit id from 1 to 247 on a serial line',
    ],
    [
      of({}, { interval: '5m', silentAfter: '60s' }),
      'sources.0.silentAfter: expected a duration not shorter than interval',
    ],
  ];
  for (const [sources, problem] of cases) assert.deepEqual(problems(sources), [problem]);
  assert.deepEqual(problems(of({ unitId: 0 })), []);
  assert.deepEqual(problems(of({ at: 65_535 })), []);
  assert.deepEqual(problems(of({}, { interval: '5m' })), []);
});

test('points whose keys nobody may write, or that would mix repetitions, are refused', () => {
  const point = (point: string, key: string) =>
    problems([
      { kind: 'sunspec', name: 'roof', address: 'tcp://10.0.0.9', points: [{ model: 160, point, key }] },
    ]);
  assert.match(point('N', 'a//b/').join(), /^sources\.0\.points\.0\.key: expected segments of letters/);
  assert.deepEqual(point('module/*/Tmp', 'mppt/temperature'), [
    'sources.0.points.0.key: expected a key with as many * as module/*/Tmp has',
  ]);
  assert.deepEqual(point('module/*/Tmp', 'mppt/*/temperature'), []);
});
