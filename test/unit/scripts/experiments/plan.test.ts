import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SETTING_BOUNDS } from '#device/config/settings-schema.ts';
import type { EngineSettings } from '#runtime/engine/settings.ts';
import { factors, LOSS_SHARES, pairSize, planSetups, SIZES } from '../../../../scripts/experiments/plan.ts';
import { defaultSetup, setupKey, worldOf } from '../../../../scripts/experiments/setup.ts';

const plan = planSetups({ sizes: SIZES, quick: false });

test('each setup is planned once, and the default at each size is among them', () => {
  const keys = plan.map(setupKey);
  assert.equal(new Set(keys).size, keys.length);
  for (const nodes of SIZES) assert.ok(keys.includes(setupKey(defaultSetup(nodes))), String(nodes));
});

test('a factor differs from the default in one thing, and has the default among its levels', () => {
  for (const quick of [false, true]) {
    for (const { id, levels } of factors({ quick })) {
      assert.deepEqual(
        levels.filter(({ isDefault }) => isDefault).map((level) => setupKey(level.setup(10))),
        [setupKey(defaultSetup(10))],
        id,
      );
    }
  }
});

test('every setting that is tried may be set by a user too', () => {
  for (const setup of plan) {
    for (const [name, value] of Object.entries(worldOf(setup, 1).settings)) {
      const { min, max } = SETTING_BOUNDS[name as keyof EngineSettings];
      assert.ok(value >= min && value <= max, `${name} = ${value}`);
    }
  }
});

test('a value that is the default makes no other setup', () => {
  const same = { ...defaultSetup(10), lossShare: 0, changes: { fanOut: 4 } };
  assert.equal(setupKey(same), setupKey(defaultSetup(10)));
  assert.notEqual(setupKey({ ...same, lossShare: LOSS_SHARES[1] }), setupKey(same));
});

test('pairs are compared at the largest size that is not large', () => {
  assert.equal(pairSize(SIZES), 100);
  assert.equal(pairSize([1, 1000]), undefined);
  assert.ok(planSetups({ sizes: [1], quick: true }).every(({ nodes }) => nodes === 1));
});
