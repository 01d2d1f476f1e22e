import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { REQUIREMENTS } from '#device/conformance/conformance.ts';
import { DROP_REASONS } from '#runtime/core/counters.ts';
import { LAN } from '#runtime/engine/settings.ts';
import { codecOf, MESSAGE_TYPES } from '#runtime/wire/messages/table.ts';
import { withExamples } from '../../scripts/vectors/examples.ts';

const text = readFileSync(join(import.meta.dirname, '../../runtime/spec/protocol.md'), 'utf8');
/** Of this implementation alone: nothing that came from outside is dropped for them. */
const LOCAL_REASONS = ['outbox-full', 'send-failed'];
/** Names that CDDL itself defines (RFC 8610 appendix D). */
const PRELUDE = [
  'uint',
  'int',
  'float',
  'bool',
  'tstr',
  'bstr',
  'any',
  'null',
  'true',
  'false',
  'size',
  'regexp',
  'cbor',
];

test('the worked examples are those of the vectors', () => {
  assert.equal(withExamples(text), text, 'run npm run vectors');
});

test('every number is given once, and the conformance checks cite numbers that exist', () => {
  const numbers = [...text.matchAll(/^- \*\*\[(P-[\d.]+)\]\*\*/gm)].map(([, number]) => number);
  assert.deepEqual(
    numbers.filter((number, i) => numbers.indexOf(number) !== i),
    [],
  );
  const missing = REQUIREMENTS.filter(({ id }) => !numbers.includes(id));
  assert.deepEqual(missing, []);
});

test('the table of drops names every reason, and no other', () => {
  const table = text.slice(text.indexOf('| reason |'), text.indexOf('**[P-3.10]**'));
  const named = [...table.matchAll(/^\| (.+?) \|/gm)].flatMap(
    ([, cell]) => cell.match(/(?<=`)[\w-]+(?=`)/g) ?? [],
  );
  const counted = DROP_REASONS.filter((reason) => !LOCAL_REASONS.includes(reason));
  assert.deepEqual([...named].sort(), [...counted].sort());
});

test('the CDDL defines every name that it uses, and the codes of all messages', () => {
  const cddl = [...text.matchAll(/```cddl\n(.*?)```/gs)].map(([, block]) => block).join('\n');
  const rules = cddl.replace(/"[^"]*"/g, '').replace(/;.*$/gm, '');
  // A rule's own parameters are defined by its head: `signed<type, content> = ...`.
  const heads = [...rules.matchAll(/^([a-z][\w-]*(?:<[^>]*>)?) *=/gm)].map(([, head]) => head);
  const defined = new Set(heads.flatMap((head) => head.match(/[a-z][\w-]*/g) ?? []));
  const undefinedNames = [...rules.matchAll(/(?<![\w-])([a-z][\w-]*)(?![\w-])(?!\s*:)(?!\s*=[^>])/g)]
    .map(([, name]) => name)
    .filter((name) => !defined.has(name) && !PRELUDE.includes(name));
  assert.deepEqual([...new Set(undefinedNames)], []);
  for (const [open, close] of ['[]', '{}', '()'])
    assert.equal(rules.split(open).length, rules.split(close).length, `${open} and ${close}`);
  const codes = new Map(
    [...rules.matchAll(/^([a-z-]+) *= \[ (\d+),/gm)].map(([, name, code]) => [name, Number(code)]),
  );
  assert.deepEqual(
    [...codes].filter(([name]) => MESSAGE_TYPES.some((type) => type === name)),
    MESSAGE_TYPES.map((type) => [type, codes.get(type)]),
  );
  for (const [name, code] of codes) assert.equal(codecOf(code)?.type, name);
});

test('the default timers are those of the daemon', () => {
  const row = (label: string) => text.split('\n').find((line) => line.includes(label)) ?? '';
  assert.match(row('| probe interval |'), new RegExp(`${LAN.probeIntervalMs / 1000} s`));
  const { suspicionMultiplier, suspicionMaxFactor, suspicionConfirmations } = LAN;
  assert.ok(
    row('| probe interval |').includes(
      `${suspicionMultiplier}, ${suspicionMaxFactor}, ${suspicionConfirmations}`,
    ),
  );
  assert.ok(
    row('probe timeout, at').includes(
      `${LAN.probeTimeoutMinMs / 1000} s / ${LAN.probeTimeoutMaxMs / 1000} s`,
    ),
  );
  assert.ok(row('helpers asked').includes(`| ${LAN.probeHelpers} |`));
  assert.ok(row('helpers asked').includes(`| ${LAN.fanOut}; ${LAN.retransmitMultiplier} |`));
  assert.ok(row('| digest interval |').includes(`${LAN.digestIntervalMs / 1000} s, +- 20 %`));
  assert.ok(row('presence interval').includes(`${LAN.presenceIntervalMs / 1000} s`));
  assert.ok(row('tombstones kept').includes(`${LAN.tombstoneGraceMs / 3_600_000} h`));
});
