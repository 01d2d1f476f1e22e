import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLcov } from '../../../scripts/lcov.ts';

test('branches are counted by file, and the lines of those that nobody took are named once each', () => {
  const report = [
    'TN:\nSF:runtime/wire/a.ts\nFN:1,f\nBRDA:3,0,0,7\nBRDA:9,1,0,0\nBRDA:9,2,0,-\nBRDA:4,3,0,0\nDA:1,1\nend_of_record',
    'TN:\nSF:runtime/wire/b.ts\nDA:1,1\nend_of_record\n',
  ].join('\n');
  assert.deepEqual(readLcov(report), [
    { path: 'runtime/wire/a.ts', branches: 4, branchesTaken: 1, missed: [4, 9] },
    { path: 'runtime/wire/b.ts', branches: 0, branchesTaken: 0, missed: [] },
  ]);
});
