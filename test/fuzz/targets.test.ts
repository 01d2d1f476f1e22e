import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '#runtime/core/ids.ts';
import type { FuzzTarget } from '../../scripts/fuzz/contract.ts';
import { keptInputs, keptTargets } from '../../scripts/fuzz/kept-corpus.ts';
import { FuzzLoop } from '../../scripts/fuzz/loop.ts';
import { loadTarget, TARGET_NAMES } from '../../scripts/fuzz/targets/registry.ts';

/** Another seed or more: `FUZZ_SEED=5 FUZZ_SCALE=100`; for a long run with coverage: `npm run fuzz`. */
const seed = Number(process.env.FUZZ_SEED ?? 1);
const scale = Number(process.env.FUZZ_SCALE ?? 1);

/** Executions of one target: as many as take about as long for each. */
function executionsOf({ weight }: FuzzTarget): number {
  return scale * (50 + 25 * weight);
}

const ALL_BYTES_MAX = 200_000;

for (const name of TARGET_NAMES) {
  // B-121, B-141. The time limit is far above what the run needs: it only ends a hang.
  test(`${name}: kept inputs do no harm, nor do new ones`, { timeout: 120_000 }, async () => {
    const target = await loadTarget(name);
    const kept = keptInputs(name).map(fromHex);
    const loop = new FuzzLoop({ target, run: await target.prepare(), seed, kept });
    const told = () =>
      `${String((loop.failure?.error as Error)?.stack)}\nnpm run fuzz -- --target ${name} --input ${toHex(loop.failure?.input ?? new Uint8Array(0))}`;
    assert.ok(await loop.begin(), told());
    const missed = target.reaches.filter((outcome) => loop.outcomes[outcome] === undefined);
    assert.deepEqual(missed, [], `never reached; there are ${Object.keys(loop.outcomes).join(', ')}`);
    for (
      let left = executionsOf(target);
      left > 0;
      left = executionsOf(target) - (loop.executions - kept.length)
    )
      if (!(await loop.batch(left))) assert.fail(told());
  });
}

test('what is kept belongs to a target, and stays small enough to be read', () => {
  assert.deepEqual(
    keptTargets().filter((name) => !TARGET_NAMES.includes(name)),
    [],
  );
  const bytes = keptTargets().reduce((sum, name) => sum + JSON.stringify(keptInputs(name)).length, 0);
  assert.ok(bytes < ALL_BYTES_MAX, `${bytes} bytes`);
});
