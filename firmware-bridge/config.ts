import * as v from 'valibot';
import { type SourceProblem, sourceProblems } from './config-checks.ts';
import { common, INTERVAL, NAME, NAME_PHRASE, silentAfter } from './config-common.ts';
import { modbusSchema, sunspecSchema, vedirectSchema } from './config-fieldbus.ts';
import { durationField, integerField, numberField, pathField, section, textField } from './config-fields.ts';
import { SOURCES_MAX } from './limits.ts';

const COMMAND_PHRASE = 'a list of a program and its arguments, such as [/usr/local/bin/tank, --fast]';

const systemSchema = section({
  kind: v.literal('system'),
  name: v.optional(textField(NAME_PHRASE, NAME), 'system'),
  interval: v.optional(durationField(INTERVAL), '5s'),
  diskPath: v.optional(pathField()),
  temperatureZones: v.optional(
    v.pipe(
      v.array(
        textField('the type of a thermal zone, such as cpu-thermal', /^\S{1,64}$/),
        'a list of types of thermal zones',
      ),
      v.minLength(1, 'at least one type of thermal zone'),
    ),
  ),
  throttlePath: v.optional(pathField()),
  ...common,
});

const inventorySchema = section({
  kind: v.literal('inventory'),
  name: v.optional(textField(NAME_PHRASE, NAME), 'inventory'),
  timeout: v.optional(durationField({ min: 1000, max: 300_000 }), '30s'),
  ...common,
});

const plantSchema = section({
  kind: v.literal('plant'),
  name: v.optional(textField(NAME_PHRASE, NAME), 'plant'),
  interval: v.optional(durationField(INTERVAL), '1s'),
  latitude: v.optional(numberField('degrees, north positive', { min: -90, max: 90 }), 47),
  longitude: v.optional(numberField('degrees, east positive', { min: -180, max: 180 }), 8),
  panelWatts: v.optional(numberField('W', { min: 1, max: 1e9 }), 5000),
  batteryWh: v.optional(numberField('Wh', { min: 1, max: 1e9 }), 10_000),
  batteryWattsMax: v.optional(numberField('W', { min: 1, max: 1e9 }), 3000),
  initialSoc: v.optional(numberField('%', { min: 0, max: 100 }), 50),
  loadWatts: v.optional(numberField('W, the mean over a day', { min: 1, max: 1e9 }), 800),
  speed: v.optional(numberField('simulated time per real time', { min: 0.01, max: 100_000 }), 1),
  seed: v.optional(integerField('for clouds and consumers', { min: 0, max: 0xffff_ffff }), 1),
  ...common,
});

const execSchema = section(
  {
    kind: v.literal('exec'),
    name: textField(NAME_PHRASE, NAME),
    command: v.pipe(
      v.array(textField('a text without NUL', /^[^\0]*$/), COMMAND_PHRASE),
      v.check((command) => (command[0] ?? '') !== '', COMMAND_PHRASE),
    ),
    cwd: v.optional(pathField()),
    env: v.optional(
      v.record(
        textField('a name of a variable', /^[A-Za-z_][A-Za-z0-9_]*$/),
        textField('a text without NUL', /^[^\0]*$/),
        'variables with their values',
      ),
    ),
    passEnv: v.optional(
      v.array(textField('a name of a variable', /^[A-Za-z_][A-Za-z0-9_]*$/), 'a list of names of variables'),
    ),
    keyPrefix: v.optional(
      textField(
        'a key without slashes at its ends, such as pump-house',
        /^[A-Za-z0-9._~:@/-]*[A-Za-z0-9._~:@-]$/,
      ),
    ),
    linesPerSecond: v.optional(numberField('lines a second', { min: 1, max: 10_000 }), 50),
    silentAfter: v.optional(silentAfter, '60s'),
    ...common,
  },
  { name: NAME_PHRASE, command: COMMAND_PHRASE },
);

/** One entry of `sources:`. Durations come in as text or milliseconds, and come out as milliseconds: idempotent. */
export const sourceSchema = v.variant(
  'kind',
  [systemSchema, inventorySchema, plantSchema, execSchema, vedirectSchema, modbusSchema, sunspecSchema],
  'one of system, inventory, plant, exec, vedirect, modbus, sunspec',
);

/** The `sources:` list of the configuration. */
export const sourcesSchema = v.pipe(
  v.array(sourceSchema, 'a list of sources'),
  v.maxLength(SOURCES_MAX, `at most ${SOURCES_MAX} sources`),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const { message, ...place } of sourceProblems(dataset.value)) {
      addIssue({ message, path: pathOf(dataset.value, place) });
    }
  }),
);

export type SourceConfig = v.InferOutput<typeof sourceSchema>;
export type SourceKind = SourceConfig['kind'];
/** The configuration of one kind of source. */
export type ConfigOf<Kind extends SourceKind> = Extract<SourceConfig, { kind: Kind }>;
export type MetricConfig = SourceConfig['metrics'][number];

type PathItem = v.ArrayPathItem | v.ObjectPathItem;

function pathOf(
  sources: readonly SourceConfig[],
  { index, field, item }: Omit<SourceProblem, 'message'>,
): [PathItem, ...PathItem[]] {
  const keys = [field, ...(item === undefined ? [] : [item.index, item.field])];
  const first: PathItem = {
    type: 'array',
    origin: 'value',
    input: [...sources],
    key: index,
    value: sources[index],
  };
  const path: [PathItem, ...PathItem[]] = [first];
  let at: unknown = sources[index];
  for (const key of keys) {
    const value = (at as Readonly<Record<string | number, unknown>>)[key];
    path.push(
      typeof key === 'number'
        ? { type: 'array', origin: 'value', input: at as unknown[], key, value }
        : { type: 'object', origin: 'value', input: at as Record<string, unknown>, key, value },
    );
    at = value;
  }
  return path;
}
