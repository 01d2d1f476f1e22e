import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSealing } from '#runtime/simulator/modelled-provider.ts';
import { simulate } from '#runtime/simulator/simulate.ts';
import { drawRun } from '../../scripts/soak/draw.ts';
import { play, REAL_PARTS } from './play.ts';

/** Thousands more: `npm run soak -- --leases`. */
const DRAWS = 100;
const FAST_PARTS = { ...REAL_PARTS, provider: modelSealing(REAL_PARTS.provider) };

test('whatever happens to voters and holders, nobody holds a lease beside another, and fences grow', () => {
  // B-132, B-133
  for (let draw = 1; draw <= DRAWS; draw++) {
    const { options } = drawRun(draw, { nodesMax: 9, scenario: 'lease' });
    const { violations } = simulate({ ...options, durationMs: 30_000 }, FAST_PARTS);
    assert.deepEqual(violations, [], `draw ${draw}: npm run soak -- --leases --first ${draw} --seeds 1`);
  }
});

test('with clocks 5 % apart and a tenth of the datagrams lost, leases are had again and again', () => {
  const { results } = play({ scenario: 'lease', nodes: 5, seed: 3, loss: 0.1, clockDriftShare: 0.05 });
  assert.ok(Number(results.acquired) > 1, JSON.stringify(results));
});
