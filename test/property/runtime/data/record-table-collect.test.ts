import { test } from 'node:test';
import { assertConverges } from '../../../support/table-exchange.ts';

test('tables become equal while the owner forgets tombstones: no deleted key comes back', () => {
  // B-69, B-70
  assertConverges({ holders: 2, collects: true, expires: false }, 4_000);
  assertConverges({ holders: 3, collects: true, expires: false }, 2_000);
});

test('tables become equal where values end by themselves, and no older value shows up behind them', () => {
  // B-71
  assertConverges({ holders: 2, collects: false, expires: true }, 1_000);
  assertConverges({ holders: 3, collects: true, expires: true }, 1_000);
});
