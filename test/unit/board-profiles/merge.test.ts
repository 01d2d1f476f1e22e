import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCatalog } from '#profiles/catalog.ts';
import { BUILTIN_PROFILES } from '#profiles/data/builtin.ts';
import type { ProfileSource } from '#profiles/schema.ts';

const make = (source: Partial<ProfileSource>): ProfileSource => ({
  schema: 1,
  id: 'mine',
  title: 'Mine',
  ...source,
});
const resolve = (...sources: ProfileSource[]) => createCatalog([...BUILTIN_PROFILES, ...sources]).get('mine');

test('sections merge key by key, a list or null replaces what is inherited', () => {
  const profile = resolve(
    make({
      extends: 'rpi-4b',
      sensors: { thermalZones: ['x'], throttlePath: null },
      limits: { ownersMax: 7 },
    }),
  );
  assert.deepEqual(profile.lineage, ['mine', 'rpi-4b', 'rpi-common', 'linux-common']);
  assert.deepEqual(profile.sensors, {
    thermalZones: ['x'],
    throttlePath: null,
    undervoltageHwmon: 'rpi_volt',
    warnCelsius: 70,
    critCelsius: 80,
  });
  assert.deepEqual(profile.limits, { heapMiBMax: 192, recordsMax: 100_000, ownersMax: 7 });
  assert.equal(profile.clock.rtc, 'none');
  assert.equal(profile.match, null);
});

test('a rule of a known id changes the inherited one in its place, a new one comes first', () => {
  const base = createCatalog(BUILTIN_PROFILES).get('linux-common');
  const profile = resolve(
    make({
      extends: 'linux-common',
      interfaces: [
        { id: 'wifi', multicast: 'off' },
        { id: 'radio', name: '^radio', kind: 'wifi' },
      ],
    }),
  );
  assert.deepEqual(
    profile.interfaces.map((r) => r.id),
    ['radio', ...base.interfaces.map((r) => r.id)],
  );
  const wifi = base.interfaces.find((r) => r.id === 'wifi');
  assert.deepEqual(
    profile.interfaces.find((r) => r.id === 'wifi'),
    { ...wifi, multicast: 'off' },
  );
});

test('resolving leaves the parent as it was', () => {
  const before = JSON.stringify(BUILTIN_PROFILES);
  resolve(make({ extends: 'rpi-5', interfaces: [{ id: 'wifi', priority: 1 }], serialPorts: [] }));
  assert.equal(JSON.stringify(BUILTIN_PROFILES), before);
});

const REFUSED: readonly [string, ProfileSource[], RegExp][] = [
  [
    'a circle',
    [make({ extends: 'b' }), make({ id: 'b', extends: 'c' }), make({ id: 'c', extends: 'b' })],
    /extends itself \(.*b -> c -> b\)/,
  ],
  ['a profile that extends itself', [make({ extends: 'mine' })], /extends itself \(mine -> mine\)/],
  [
    'an unknown parent',
    [make({ extends: 'nope' })],
    /^profile mine: extends: expected the id of a profile, one of container, .*; got "nope"$/,
  ],
  [
    'two profiles of one id',
    [make({ extends: 'rpi-5' }), make({ extends: 'rpi-4b' })],
    /^profile mine: expected one profile of this id; got two$/,
  ],
  [
    'a chain without the common base',
    [make({ clock: { rtc: 'none' } })],
    /^profile mine: sensors\.thermalZones, .* missing; add them, or "extends": "linux-common"$/,
  ],
  [
    'a rule without a name that nobody has',
    [make({ extends: 'linux-common', interfaces: [{ id: 'fiber' }] })],
    /rule "fiber" has no name pattern/,
  ],
  [
    'a warning above the inherited alarm',
    [make({ extends: 'rpi-5', sensors: { warnCelsius: 90 } })],
    /sensors\.critCelsius: expected more than warnCelsius \(90\); got 80$/,
  ],
  [
    'a chain that is too long',
    [
      make({ extends: 'p0' }),
      ...Array.from({ length: 9 }, (_, i) =>
        make({ id: `p${i}`, extends: i === 8 ? 'linux-common' : `p${i + 1}` }),
      ),
    ],
    /expected at most 8 profiles in a chain/,
  ],
];

for (const [name, sources, expected] of REFUSED) {
  test(`${name} is refused`, () => {
    assert.throws(() => createCatalog([...BUILTIN_PROFILES, ...sources]), {
      code: 'E_CONFIG',
      message: expected,
    });
  });
}
