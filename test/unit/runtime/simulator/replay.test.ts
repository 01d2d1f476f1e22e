import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsOf } from '#runtime/engine/settings.ts';
import { DEFAULT_QUALITY, type SimulationOptions } from '#runtime/simulator/options.ts';
import { replayCommand } from '#runtime/simulator/replay.ts';

const plain: SimulationOptions = {
  scenario: 'crash',
  nodes: 10,
  seed: 7,
  medium: 'unicast',
  quality: DEFAULT_QUALITY,
  settings: settingsOf('lan'),
};

test('what is at its default is left out of the replay command', () => {
  assert.equal(replayCommand(plain), 'gridvine simulate --scenario crash --nodes 10 --seed 7');
});

test('everything else is in the replay command', () => {
  const command = replayCommand(
    {
      ...plain,
      medium: 'multicast',
      segments: 2,
      quality: {
        latency: { shape: 'pareto', delayMs: 20, jitterMs: 0.5 },
        lossShare: 0.3,
        duplicateShare: 0.1,
        reorderShare: 0.2,
        corruptShare: 0.05,
      },
      settings: settingsOf('lan', { probeIntervalMs: 500 }),
      asymmetricShare: 0.2,
      bytesPerSecondMax: 64_000,
      clockStepsPerMinute: 6,
      durationMs: 30_000,
      rate: 5,
      crashes: 4,
      cold: true,
      together: true,
      hostsStayUp: true,
      readings: 0.5,
    },
    { fast: true },
  );
  for (const part of [
    '--medium multicast',
    '--segments 2',
    '--distribution pareto',
    '--delay 20ms',
    '--jitter 0.5ms',
    '--loss 0.3',
    '--duplicate 0.1',
    '--reorder 0.2',
    '--corrupt 0.05',
    '--asymmetric 0.2',
    '--bandwidth 64000B/s',
    '--clock-steps 6',
    '--duration 30000ms',
    '--rate 5',
    '--crashes 4',
    '--cold',
    '--together',
    '--hosts-stay-up',
    '--readings 0.5',
    '--fast',
    '--set probeIntervalMs=500',
  ])
    assert.ok(command.includes(` ${part}`), part);
});
