import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ModelWalk } from '#bridge/protocols/sunspec/model-walk.ts';

/** Walks a map of registers; what isn't in it is refused. */
function walked(registers: Readonly<Record<number, number>>, base?: number) {
  const walk = new ModelWalk(base);
  let steps = 0;
  for (let step = walk.next(); step !== undefined; step = walk.next()) {
    const high = registers[step.address];
    const low = registers[step.address + 1];
    steps += 1;
    const words =
      high === undefined || low === undefined ? undefined : [high >> 8, high & 0xff, low >> 8, low & 0xff];
    walk.take(words === undefined ? undefined : Uint8Array.from(words));
  }
  return { models: walk.models(), fault: walk.fault(), steps };
}

function map(base: number, ...words: readonly number[]): Record<number, number> {
  return Object.fromEntries([0x5375, 0x6e53, ...words].map((word, i) => [base + i, word]));
}

test('models are found at each of the usual places, or where the configuration says', () => {
  for (const base of [40_000, 50_000, 0]) {
    assert.deepEqual(walked(map(base, 1, 2, 0, 0, 103, 0, 0xffff, 0)), {
      models: [
        { id: 1, address: base + 2, length: 2 },
        { id: 103, address: base + 6, length: 0 },
      ],
      fault: undefined,
      steps: base === 40_000 ? 4 : base === 50_000 ? 5 : 6,
    });
  }
  assert.equal(walked(map(30_000, 0xffff, 0)).fault, 'no-marker');
  assert.deepEqual(walked(map(30_000, 1, 0, 0xffff, 0), 30_000).models, [
    { id: 1, address: 30_002, length: 0 },
  ]);
});

test('a list that lies ends, with what was found before', () => {
  assert.deepEqual(walked(map(40_000, 1, 0)), {
    models: [{ id: 1, address: 40_002, length: 0 }],
    fault: 'no-end',
    steps: 3,
  });
  assert.equal(walked(map(40_000, 1, 0xffff)).fault, 'beyond-the-end');
  const endless = Object.fromEntries(
    Array.from({ length: 4000 }, (_, i) => [40_002 + i, i % 2 === 0 ? 7 : 0]),
  );
  const many = walked({ ...map(40_000), ...endless });
  assert.equal(many.fault, 'too-many');
  assert.equal(many.models.length, 64);
});
