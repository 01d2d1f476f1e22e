import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSealing } from '#runtime/simulator/modelled-provider.ts';
import { replayCommand } from '#runtime/simulator/replay.ts';
import { simulate } from '#runtime/simulator/simulate.ts';
import { numberOf, optionsOf, play, REAL_PARTS } from './play.ts';

const SEEDS = 30;
const FAST_PARTS = { ...REAL_PARTS, provider: modelSealing(REAL_PARTS.provider) };

// B-57, B-109
test('whatever happens to nodes, events are delivered once and in order, and nobody misses one silently', () => {
  let gaps = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const quality = { lossShare: [0, 0.1, 0.3][seed % 3] ?? 0, duplicateShare: 0.05, reorderShare: 0.1 };
    const wish = { scenario: 'events', nodes: 3 + (seed % 6), seed, durationMs: 30_000 };
    const options = optionsOf({ ...wish, medium: seed % 2 === 0 ? 'multicast' : 'unicast', quality });
    const { results, violations } = simulate(options, FAST_PARTS);
    const shown = `seed ${seed}: ${replayCommand(options)}`;
    assert.deepEqual(violations, [], shown);
    assert.equal(results.silentlyLost, 0, shown);
    assert.ok(Number(results.sent) > 50, shown);
    gaps += Number(results.gaps);
  }
  assert.ok(gaps > 0, 'some are cut off for longer than a window');
});

test('what each node may send by its certificate is delivered all the same', () => {
  const quality = { lossShare: 0.1, duplicateShare: 0.05, reorderShare: 0.1 };
  for (let seed = 1; seed <= 4; seed++) {
    const wish = { scenario: 'events', nodes: 4 + seed, seed, durationMs: 30_000, quality };
    const options = optionsOf({ ...wish, certificates: true });
    const { results, violations } = simulate(options, FAST_PARTS);
    assert.deepEqual(violations, [], replayCommand(options));
    assert.equal(results.silentlyLost, 0, replayCommand(options));
    assert.ok(Number(results.sent) > 50, replayCommand(options));
  }
});

test('on a quiet network nobody misses anything', () => {
  const result = play({ scenario: 'events', nodes: 8, rate: 20, durationMs: 10_000, seed: 4 });
  assert.equal(numberOf(result, 'silentlyLost'), 0);
});
