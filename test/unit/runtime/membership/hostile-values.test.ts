import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppValue } from '#runtime/core/value.ts';
import {
  accuseKey,
  decodeAccusation,
  encodeAccusation,
  isAccuseKey,
} from '#runtime/membership/accusation-record.ts';
import { decodeNodeFacts, encodeNodeFacts, type NodeFacts } from '#runtime/membership/node-facts.ts';
import { ANN } from '../../../support/wire.ts';

const FACTS: NodeFacts = {
  name: 'ann',
  incarnation: 3,
  state: 'leaving',
  endpoints: [
    { transport: 'udp', address: '10.0.0.7', port: 18262 },
    { transport: 'http', address: 'fd00::1', port: 80 },
  ],
  tags: { role: 'meter', ['__proto__']: 'x' },
  protocol: 1,
};

function factsWith(place: number, value: AppValue): AppValue {
  const encoded = [...(encodeNodeFacts(FACTS) as AppValue[])];
  encoded[place] = value;
  return encoded;
}

test('facts come back as they were written, further elements are passed over', () => {
  assert.deepEqual(decodeNodeFacts(encodeNodeFacts(FACTS)), FACTS);
  assert.deepEqual(decodeNodeFacts([...(encodeNodeFacts(FACTS) as AppValue[]), 'later']), FACTS);
});

test('facts with a field of another kind or out of its range are none', () => {
  const many = Array.from({ length: 9 }, () => [1, Uint8Array.of(10, 0, 0, 1), 1]);
  const tags = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`t${i}`, 'x']));
  const faults: [number, AppValue][] = [
    [0, ''],
    [0, 'x'.repeat(65)],
    [0, 7],
    [1, -1],
    [1, 1.5],
    [1, 2 ** 32],
    [1, 2n ** 60n],
    [1, '3'],
    [2, 4],
    [2, -1],
    [3, null],
    [3, many],
    [4, null],
    [4, []],
    [4, { a: 1 }],
    [4, tags],
    [4, Uint8Array.of(1)],
    [5, 256],
    [5, null],
  ];
  for (const [place, value] of faults)
    assert.equal(decodeNodeFacts(factsWith(place, value)), undefined, `${place}: ${typeof value}`);
  for (const value of [null, true, 1, 'node', Uint8Array.of(1), {}, [], ['a', 0, 1, [], {}]] as AppValue[])
    assert.equal(decodeNodeFacts(value), undefined);
});

test('endpoints that nobody could send to are left out, the others stay', () => {
  const good = [1, Uint8Array.of(10, 0, 0, 7), 9];
  const endpoints: AppValue = [
    [1, Uint8Array.of(0, 0, 0, 0), 9],
    [1, Uint8Array.of(224, 0, 0, 1), 9],
    [1, Uint8Array.of(255, 255, 255, 255), 9],
    [1, new Uint8Array(16), 9],
    [1, Uint8Array.of(255, ...new Uint8Array(15)), 9],
    good,
    [1, Uint8Array.of(10, 0, 0, 7), 0],
  ];
  const strange: AppValue = [
    [1, Uint8Array.of(10, 0, 0, 7), 65_536],
    [0, Uint8Array.of(10, 0, 0, 7), 9],
    [3, Uint8Array.of(10, 0, 0, 7), 9],
    [1, Uint8Array.of(10, 0, 0), 9],
    [1, '10.0.0.7', 9],
    [1, Uint8Array.of(10, 0, 0, 7)],
    null,
    good,
  ];
  for (const list of [endpoints, strange])
    assert.deepEqual(decodeNodeFacts(factsWith(3, list))?.endpoints, [
      { transport: 'udp', address: '10.0.0.7', port: 9 },
    ]);
});

test('an accusation comes back as it was written', () => {
  const record = {
    target: ANN,
    boot: 2,
    incarnation: 5,
    stage: 'down',
    evidence: { waitedMs: 900, helpers: 3, nacks: 2, localHealth: 1 },
  } as const;
  assert.deepEqual(decodeAccusation(encodeAccusation(record)), record);
});

test('what is no accusation is none, and strange evidence is worth nothing', () => {
  const target = new Uint8Array(16);
  const faults: AppValue[] = [
    null,
    [],
    'x',
    {},
    [target, 1, 0, 0],
    [new Uint8Array(15), 1, 0, 0, []],
    ['00'.repeat(16), 1, 0, 0, []],
    [target, -1, 0, 0, []],
    [target, 1.5, 0, 0, []],
    [target, 1, null, 0, []],
    [target, 1, 0, 2, []],
    [target, 1, 0, 0, null],
  ];
  for (const value of faults) assert.equal(decodeAccusation(value), undefined);
  assert.deepEqual(decodeAccusation([target, 1, 0, 0, [-1, 'x', null, 2 ** 70, -5, 6]])?.evidence, {
    waitedMs: 0,
    helpers: 0,
    nacks: 0,
    localHealth: 0,
  });
  assert.deepEqual(decodeAccusation([target, 1, 0, 0, []])?.evidence.waitedMs, 0);
});

test('[P-5.10] there are 32 slots, each with one spelling', () => {
  for (let slot = 0; slot < 32; slot++) assert.ok(isAccuseKey(accuseKey(slot)));
  for (const key of [
    'accuse/32',
    'accuse/-1',
    'accuse/01',
    'accuse/1.0',
    'accuse/',
    'accuse/x',
    'accuse/ 1',
    'accuse',
  ])
    assert.equal(isAccuseKey(key), false, key);
});
