import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Run } from '#runtime/simulator/run.ts';
import { World, type WorldParts } from '#runtime/simulator/world.ts';
import { PLANTED_FAULTS } from '../support/planted-faults/faults.ts';
import { type PlantedFault, plant } from '../support/planted-faults/planted-fault.ts';
import { optionsOf, REAL_PARTS } from './play.ts';

const SETTLE_MS_MAX = 40_000;

/** Plays a fault's story. */
function tell(fault: PlantedFault, parts: WorldParts) {
  const options = optionsOf({ scenario: 'join', nodes: fault.nodes, loss: fault.loss ?? 0 });
  const world = new World(options, parts);
  const run = new Run(world, options);
  run.form();
  const formedMs = world.nowMs;
  fault.story(run);
  run.settle(SETTLE_MS_MAX);
  run.commonResults(true);
  return { formedMs, violations: run.checkers.violations };
}

for (const fault of PLANTED_FAULTS) {
  describe(`an engine that ${fault.name}`, () => {
    test(`is caught by ${fault.checker}`, () => {
      const { formedMs, violations } = tell(fault, plant(fault, REAL_PARTS));
      const seen = JSON.stringify(violations.slice(0, 5));
      const caught = violations.find(({ checker }) => checker === fault.checker);
      assert.ok(caught !== undefined, `nothing of ${fault.checker} among ${seen}`);
      assert.ok(caught.atMs - formedMs <= fault.withinMs + SETTLE_MS_MAX, seen);
    });

    test('and without that fault nothing is wrong in the same story', () => {
      assert.deepEqual(tell(fault, REAL_PARTS).violations, []);
    });
  });
}
