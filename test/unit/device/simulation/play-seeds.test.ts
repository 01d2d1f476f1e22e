import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playSeeds, SeedError } from '#device/simulation/play-seeds.ts';
import type { SeedTask } from '#device/simulation/seed-task.ts';
import { findWorkerProgram } from '#device/simulation/worker-program.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import { DEFAULT_QUALITY } from '#runtime/simulator/options.ts';

function seedTask(seed: number, scenario = 'join'): SeedTask {
  return {
    options: {
      scenario,
      nodes: 3,
      seed,
      medium: 'unicast',
      quality: DEFAULT_QUALITY,
      settings: settingsOf('lan'),
      durationMs: 2_000,
    },
    extras: { series: true },
    fast: true,
  };
}

test('runs on threads give the same as one after the other, in the order of their seeds', async () => {
  const tasks = [5, 6, 7, 8].map((seed) => seedTask(seed));
  const program = findWorkerProgram();
  assert.ok(program !== undefined, 'the sources have a program for workers');
  const alone = await playSeeds(tasks, { jobs: 1, program: undefined });
  const together = await playSeeds(tasks, { jobs: 3, program });
  assert.deepEqual(together, alone);
  assert.deepEqual(
    together.map(({ seed }) => seed),
    [5, 6, 7, 8],
  );
});

for (const jobs of [1, 2]) {
  test(`a run that fails is named, with ${jobs} at the same time`, async () => {
    const tasks = [seedTask(1), seedTask(2, 'picnic')];
    await assert.rejects(playSeeds(tasks, { jobs, program: findWorkerProgram() }), (error) => {
      assert.ok(error instanceof SeedError);
      assert.equal(error.task.options.seed, 2);
      assert.match(error.message, /no scenario is named picnic/);
      return true;
    });
  });
}
