import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzWire } from '../../scripts/fuzz/wire-fuzzer.ts';

/** Another seed or a longer run: `FUZZ_SEED=5 FUZZ_EXECUTIONS=1000000`, or `npm run fuzz -- --seconds 600`. */
const seed = Number(process.env.FUZZ_SEED ?? 1);
const executions = Number(process.env.FUZZ_EXECUTIONS ?? 20_000);

// B-121
// The time limit is far above what the run needs: it only ends a hang.
test('whatever bytes come, nothing throws, hangs or grows without bound', { timeout: 120_000 }, () => {
  const report = fuzzWire({ seed, executions });
  assert.equal(report.executions, executions);
  for (const outcome of [
    'forged',
    'malformed',
    'session',
    'opened',
    'body',
    'record',
    'size',
    'wrong-cluster',
  ])
    assert.ok(
      report.outcomes[outcome] > 0,
      `${outcome} was never reached: ${JSON.stringify(report.outcomes)}`,
    );
});
