import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkOpenFiles, parseOpenFilesMax } from '../../../../../scripts/bench/peers/host.ts';

const LIMITS = (hard: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             94000                94000                processes
Max open files            1024                 ${hard}               files
`;

test('the hard limit of open files is the one that counts', () => {
  assert.equal(parseOpenFilesMax(LIMITS('4096')), 4_096);
  assert.equal(parseOpenFilesMax(LIMITS('unlimited')), null);
  assert.equal(parseOpenFilesMax(''), null);
});

test('too few open files are told before anything starts, with what to do', () => {
  checkOpenFiles(1_000, 20_000);
  checkOpenFiles(1_000, null);
  assert.throws(
    () => checkOpenFiles(1_000, 1_024),
    /expected a limit of at least 4128 .* got 1024\. Raise it/,
  );
});
