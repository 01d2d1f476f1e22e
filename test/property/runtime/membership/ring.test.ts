import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Ring } from '#runtime/membership/ring.ts';

const id = fc.integer({ min: 0, max: 40 }).map((number) => number.toString(16).padStart(4, '0'));
const change = fc.record({ add: fc.boolean(), id });

test('whatever came and went, the ring is the sorted set, rotated', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 80 }), id, (changes, self) => {
      const ring = new Ring();
      const model = new Set<string>();
      for (const { add, id: each } of changes) {
        if (add) ring.add(each);
        else ring.remove(each);
        if (add) model.add(each);
        else model.delete(each);
      }
      const sorted = [...model].filter((each) => each !== self).sort();
      const first = sorted.findIndex((each) => each > self);
      const rotated = first < 0 ? sorted : [...sorted.slice(first), ...sorted.slice(0, first)];
      assert.equal(ring.size, model.size);
      assert.deepEqual([...ring.after(self)], rotated);
    }),
  );
});

test('each member of a ring is watched first by exactly one other', () => {
  fc.assert(
    fc.property(fc.uniqueArray(id, { minLength: 2, maxLength: 30 }), (ids) => {
      const ring = new Ring();
      for (const each of ids) ring.add(each);
      const watched = ids.map((each) => [...ring.after(each)][0]);
      assert.deepEqual(watched.sort(), [...ids].sort());
    }),
  );
});
