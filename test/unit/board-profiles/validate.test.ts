import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkProfile, parseProfile } from '#profiles/validate.ts';

const good = { schema: 1, id: 'mine', title: 'Mine', extends: 'linux-common' };
const textsOf = (input: unknown) => {
  const check = checkProfile(input);
  return check.ok ? [] : check.problems.map(({ text }) => text);
};

const FAULTS: readonly [string, unknown, RegExp][] = [
  [
    'an unknown key',
    { ...good, sensor: {} },
    /^sensor: unknown key; expected one of schema, id, title, extends, /,
  ],
  [
    'an unknown key inside a rule',
    { ...good, interfaces: [{ id: 'wired', name: '^eth', mcast: 'full' }] },
    /^interfaces\[0\]\.mcast: unknown key; expected one of id, name, kind, .*multicast/,
  ],
  [
    'an unknown key of a DMI entry',
    { ...good, match: { dmi: [{ vendor: 'x' }] } },
    /^match\.dmi\[0\]\.vendor: unknown key; expected one of sysVendor/,
  ],
  ['another version', { ...good, schema: 2 }, /^schema: expected 1; got 2$/],
  ['a missing id', { schema: 1, title: 'x' }, /^id: missing; it is required$/],
  ['an id with capitals', { ...good, id: 'Mine' }, /^id: expected 1 to 48 of a-z.*; got "Mine"$/],
  [
    'a wrong word',
    { ...good, interfaces: [{ id: 'wired', multicast: 'on' }] },
    /^interfaces\[0\]\.multicast: expected one of "full", "discovery", "off"; got "on"$/,
  ],
  [
    'a number as text',
    { ...good, limits: { recordsMax: '5' } },
    /^limits\.recordsMax: expected number; got "5"$/,
  ],
  [
    'a number out of range',
    { ...good, limits: { recordsMax: 5 } },
    /^limits\.recordsMax: expected a whole number from 100 to 10000000; got 5$/,
  ],
  [
    'a bad pattern',
    { ...good, match: { model: '(' } },
    /^match\.model: expected a regular expression; got "\("/,
  ],
  [
    'a dangerous pattern',
    { ...good, match: { model: '(a+)+' } },
    /^match\.model: a group may only be followed by \?/,
  ],
  [
    'a star inside a compatible',
    { ...good, match: { compatible: ['a,*b'] } },
    /^match\.compatible\[0\]: .*a \* may only stand at the end; got "a,\*b"$/,
  ],
  [
    'a path that climbs',
    { ...good, sensors: { throttlePath: '/sys/../etc/shadow' } },
    /^sensors\.throttlePath: expected an absolute path/,
  ],
  [
    'a relative path',
    { ...good, serialPorts: [{ path: 'ttyS0', label: 'x' }] },
    /^serialPorts\[0\]\.path: expected an absolute path/,
  ],
  [
    'limits the wrong way round',
    { ...good, sensors: { warnCelsius: 80, critCelsius: 70 } },
    /^sensors\.critCelsius: expected more than warnCelsius \(80\); got 70$/,
  ],
  [
    'two rules of one id',
    {
      ...good,
      interfaces: [
        { id: 'a', name: 'x' },
        { id: 'a', name: 'y' },
      ],
    },
    /^interfaces\[1\]\.id: expected an id of its own; got "a", which interfaces\[0\] has too$/,
  ],
  ['a list', [], /^(profile|schema): /],
  ['nothing', null, /^profile: expected object; got null$/],
];

for (const [name, input, expected] of FAULTS) {
  test(`${name} is refused with its place, what was expected and what came`, () => {
    const texts = textsOf(input);
    assert.ok(
      texts.some((text) => expected.test(text)),
      texts.join('\n') || 'accepted',
    );
  });
}

test('several faults are all said, each line led by the file', () => {
  assert.throws(
    () => parseProfile({ ...good, id: '!', limits: { heapMiBMax: 1 } }, 'my.yaml'),
    (error: Error) => {
      const lines = error.message.split('\n');
      return lines.length === 2 && lines.every((line) => line.startsWith('my.yaml: ')) && 'code' in error;
    },
  );
});

test('checking never throws, whatever the value', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: false }), (value) => {
      const check = checkProfile(value);
      return check.ok || check.problems.every(({ text }) => text.length > 0);
    }),
  );
  assert.equal(textsOf({ ...good, limits: 5n }).length, 1);
});
