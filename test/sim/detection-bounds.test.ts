import assert from 'node:assert/strict';
import { test } from 'node:test';
import { play, spreadOf } from './play.ts';

for (const { nodes, loss, withinMs } of [
  { nodes: 20, loss: 0, withinMs: 10_000 },
  { nodes: 40, loss: 0, withinMs: 10_000 },
  { nodes: 100, loss: 0, withinMs: 10_000 },
  { nodes: 10, loss: 0.5, withinMs: 15_000 },
  { nodes: 20, loss: 0.5, withinMs: 15_000 },
]) {
  test(`a crash among ${nodes} nodes at ${loss * 100} % loss is known to all within ${withinMs / 1_000} s`, () => {
    // B-81
    const result = play({ scenario: 'crash', nodes, loss, crashes: 2 });
    assert.ok(spreadOf(result, 'allDownMs').max <= withinMs);
  });
}
