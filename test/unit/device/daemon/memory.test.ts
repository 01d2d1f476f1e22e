import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { keepMemorySmall } from '#device/daemon/memory.ts';

const GARBAGE_MB = 32;

/** Objects that nobody holds any more, too large for the young generation, where they would go by themselves. */
function leaveGarbage(): void {
  const chunks = Array.from({ length: GARBAGE_MB }, () => new Array<number>(131_072).fill(0.5));
  assert.equal(chunks.length, GARBAGE_MB);
}

const heapMb = () => process.memoryUsage().heapTotal / 1_048_576;

describe('keeping memory small', () => {
  it('gives back what the start left, once the daemon has settled and not before', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    keepMemorySmall();
    leaveGarbage();
    const before = heapMb();
    mock.timers.tick(9_000);
    assert.ok(heapMb() > before - GARBAGE_MB / 2);
    mock.timers.tick(2_000);
    assert.ok(heapMb() < before - GARBAGE_MB / 2);
    mock.timers.reset();
  });
});
