import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LEASE_FAULTS, plantLeaseFault } from '../support/planted-faults/lease-faults.ts';
import {
  LEASE_STORIES,
  type LeaseStoryName,
  tellLeaseStory,
} from '../support/planted-faults/lease-stories.ts';
import { REAL_PARTS } from './play.ts';

describe('leases without a fault', () => {
  for (const name of Object.keys(LEASE_STORIES) as LeaseStoryName[]) {
    test(`have one holder and growing fences where ${name}`, () => {
      assert.deepEqual(tellLeaseStory(name, REAL_PARTS), []);
    });
  }
});

for (const fault of LEASE_FAULTS) {
  test(`${fault.checker} objects where ${fault.name}`, () => {
    const violations = tellLeaseStory(fault.story, plantLeaseFault(fault, REAL_PARTS));
    const seen = JSON.stringify(violations.slice(0, 5));
    assert.ok(
      violations.some(({ checker }) => checker === fault.checker),
      `nothing of ${fault.checker} among ${seen}`,
    );
  });
}
