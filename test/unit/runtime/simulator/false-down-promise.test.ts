import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsOf } from '#runtime/engine/settings.ts';
import { suspicionTimes } from '#runtime/membership/suspicion.ts';
import { falseDownPromise } from '#runtime/simulator/checkers/false-down-promise.ts';
import { DEFAULT_QUALITY, type WorldOptions } from '#runtime/simulator/options.ts';

const plain: WorldOptions = {
  nodes: 100,
  seed: 1,
  medium: 'unicast',
  quality: DEFAULT_QUALITY,
  settings: settingsOf('lan'),
};

test('each preset promises, and a stall up to three quarters of the least suspicion time is no excuse, half of it where much is lost', () => {
  assert.deepEqual(falseDownPromise(plain), {
    stallMsMax: (3 / 4) * suspicionTimes(100, plain.settings).minMs,
  });
  const lossy = falseDownPromise({ ...plain, quality: { ...DEFAULT_QUALITY, lossShare: 0.3 } });
  assert.deepEqual(lossy, { stallMsMax: suspicionTimes(100, plain.settings).minMs / 2 });
  for (const preset of ['wan', 'radio', 'metered'] as const)
    assert.ok(falseDownPromise({ ...plain, settings: settingsOf(preset) }) !== undefined, preset);
});

test('nothing is promised beyond 30 % loss, for long delays, or with settings less patient than every preset', () => {
  const slow = { shape: 'pareto', delayMs: 100, jitterMs: 100 } as const;
  for (const change of [
    { quality: { ...DEFAULT_QUALITY, lossShare: 0.31 } },
    { quality: { ...DEFAULT_QUALITY, latency: slow } },
    { bytesPerSecondMax: 64_000 },
    { asymmetricShare: 0.3 },
    { asymmetricShare: 0.1, quality: { ...DEFAULT_QUALITY, lossShare: 0.2 } },
    { settings: settingsOf('lan', { suspicionMultiplier: 0.1 }) },
    { settings: settingsOf('lan', { probeHelpers: 0 }) },
  ])
    assert.equal(falseDownPromise({ ...plain, ...change }), undefined, JSON.stringify(change));
  assert.ok(falseDownPromise({ ...plain, asymmetricShare: 0.2 }) !== undefined);
  assert.ok(falseDownPromise({ ...plain, quality: { ...DEFAULT_QUALITY, lossShare: 0.3 } }) !== undefined);
});
