import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CrdtView } from '#runtime/coordination/shared-data/contract.ts';
import { SHARED_HEALTH_CODES, sharedHealth } from '#runtime/driver/shared-health.ts';

const VIEW: CrdtView = {
  name: 'energy',
  type: 'gcounter',
  value: 1,
  slots: [],
  ignored: [],
  orphaned: false,
  written: [],
};

test('shared data that is well says nothing', () => {
  assert.equal(sharedHealth([VIEW, { ...VIEW, name: 'peak', type: 'max' }]).size, 0);
});

test('ignored slots are named with their node and what is wrong, the first three of them', () => {
  const ignored = ['aa', 'bb', 'cc', 'dd'].map((id) => ({ id: id.repeat(16), problem: 'expected a list' }));
  const notice = sharedHealth([{ ...VIEW, ignored }]).get('shared-data-ignored');
  assert.equal(notice?.severity, 'warning');
  assert.match(notice?.text ?? '', /energy of aaaaaaaa \(expected a list\); .* and 1 more\. Look at/);
});

test('a name with two types is named with both', () => {
  const notice = sharedHealth([VIEW, { ...VIEW, type: 'orset' }]).get('shared-data-types');
  assert.match(notice?.text ?? '', /energy: gcounter and orset\..*gridvine delete crdt\/TYPE\/NAME/);
});

test('every code that is raised is one that is cleared', () => {
  const found = sharedHealth([
    { ...VIEW, ignored: [{ id: 'aa'.repeat(16), problem: 'x' }] },
    { ...VIEW, type: 'orset' },
  ]);
  assert.deepEqual([...found.keys()].sort(), [...SHARED_HEALTH_CODES].sort());
});
