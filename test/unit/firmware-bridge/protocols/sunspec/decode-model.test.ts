import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeModel } from '#bridge/protocols/sunspec/decode-model.ts';
import { loadModels } from '#bridge/protocols/sunspec/model-table.ts';
import { inverterModels, modelWords, type PointValues } from '../../../../support/devices/sunspec.ts';

const bytesOf = (words: readonly number[]) =>
  Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));

async function decoded(id: number, values: PointValues, change = (words: readonly number[]) => words) {
  const model = (await loadModels()).get(id);
  assert.ok(model !== undefined);
  const { points, faults } = decodeModel(model, bytesOf(change(modelWords({ id, values }))));
  return { values: new Map(points.map(({ path, value }) => [path, value])), points, faults };
}

test('values are scaled by the points that tell how, wherever those stand', async () => {
  const { values, points, faults } = await decoded(103, inverterModels()[1]?.values ?? {});
  assert.deepEqual(faults, []);
  assert.equal(values.get('A'), 21.05);
  assert.equal(values.get('PhVphC'), 229.8);
  assert.equal(values.get('W'), 4821);
  assert.equal(values.get('PF'), -99.8);
  assert.equal(values.get('WH'), 15_342_000);
  assert.equal(values.get('DCW'), 5010);
  assert.equal(values.get('TmpCab'), 41.2);
  assert.equal(points.find(({ path }) => path === 'TmpCab')?.unit, '°C');
});

test('states come by their names, bits by theirs', async () => {
  const { values } = await decoded(103, { St: 4, Evt1: 0b1001 });
  assert.equal(values.get('St'), 'MPPT');
  assert.equal(values.get('Evt1'), 'GROUND_FAULT DC_DISCONNECT');
  assert.equal((await decoded(103, { St: 99 })).values.get('St'), 99);
});

test('what the device does not implement is left out, for every type', async () => {
  assert.deepEqual((await decoded(103, {})).points, []);
  assert.deepEqual((await decoded(113, {})).points, []);
  assert.deepEqual((await decoded(802, {})).points, []);
  assert.deepEqual((await decoded(1, {})).points, []);
  assert.equal((await decoded(113, { W: 12.5 })).values.get('W'), 12.5);
});

test('groups that repeat as often as there is room have a number in their path', async () => {
  const { values, faults } = await decoded(160, inverterModels()[2]?.values ?? {});
  assert.deepEqual(faults, []);
  assert.equal(values.get('module/1/IDStr'), 'east');
  assert.equal(values.get('module/2/DCV'), 405.5);
  assert.equal(values.get('module/2/DCW'), 2425);
});

test('room that a device fills with zeros is no tracker', async () => {
  const { values } = await decoded(160, inverterModels()[2]?.values ?? {}, (words) => [
    ...words,
    ...new Array<number>(20).fill(0),
  ]);
  assert.equal(values.get('module/2/DCW'), 2425);
  assert.equal(values.has('module/3/DCW'), false);
});

test('groups within groups are counted by points of the groups around them', async () => {
  const curve = (volts: number) => ({
    ActPt: 2,
    VRef: 1000,
    Pt: [
      { V: volts, Var: 300 },
      { V: volts + 50, Var: -300 },
    ],
  });
  const { values, faults } = await decoded(705, {
    ...{ NPt: 2, NCrv: 2, V_SF: -1, DeptRef_SF: -1 },
    Crv: [curve(950), curve(900)],
  });
  assert.deepEqual(faults, []);
  assert.equal(values.get('Crv/2/Pt/1/V'), 90);
  assert.equal(values.get('Crv/1/Pt/2/Var'), -30);
});

test('a map that lies costs what can not be told, and says where', async () => {
  const noScale = await decoded(103, { A: 2105, W: 10, W_SF: 0 });
  assert.deepEqual(noScale.faults, [{ fault: 'scale', path: 'A' }]);
  assert.equal(noScale.values.get('W'), 10);
  const wildScale = await decoded(103, { W: 10, W_SF: 77 });
  assert.deepEqual(wildScale.faults, [{ fault: 'scale', path: 'W' }]);
  const cut = await decoded(103, { W: 10, W_SF: 0 }, (words) => words.slice(0, 20));
  assert.equal(cut.values.get('W'), 10);
  assert.equal(cut.faults[0]?.fault, 'too-short');
  const long = await decoded(103, { W: 10, W_SF: 0 }, (words) => [...words, 1, 2, 3]);
  assert.deepEqual(long.faults, [{ fault: 'too-long', path: 'inverter_three_phase' }]);
  const counts = await decoded(705, {
    NPt: 1,
    NCrv: 9,
    V_SF: 0,
    DeptRef_SF: 0,
    Crv: [{ Pt: [{ V: 1, Var: 2 }] }],
  });
  assert.deepEqual(
    counts.faults.map(({ fault }) => fault),
    ['count'],
  );
  assert.equal(counts.values.get('Crv/1/Pt/1/Var'), 2);
});

test('the common model of older devices is one register shorter, and no fault', async () => {
  const { values, faults } = await decoded(1, { Mn: 'Sunny Works', SN: 'SW0042', DA: 7 }, (words) =>
    words.slice(0, -1),
  );
  assert.deepEqual(faults, []);
  assert.equal(values.get('SN'), 'SW0042');
  assert.equal(values.get('DA'), 7);
});
