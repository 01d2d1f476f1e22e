import { test } from 'node:test';
import { assertConverges } from '../../../support/table-exchange.ts';

test('tables that exchange deltas and pushes in any order, with loss and repetition, become equal', () => {
  // B-67, B-68, B-75
  assertConverges({ holders: 2, collects: false, expires: false }, 300);
  assertConverges({ holders: 3, collects: false, expires: false }, 200);
});
