import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ledger } from '#runtime/coordination/lease/ledger.ts';

function bench() {
  const writes: { ticket: number; content: number }[] = [];
  let revision = 0;
  const ledger = new Ledger({
    content: () => Uint8Array.of(revision),
    keep: (ticket, [content]) => writes.push({ ticket, content }),
  });
  const told: string[] = [];
  return {
    ledger,
    writes,
    told,
    write(name: string) {
      revision++;
      ledger.write((outcome) => told.push(`${name} ${outcome}`));
    },
  };
}

test('one write at a time, and what came meanwhile goes together', () => {
  const { ledger, writes, told, write } = bench();
  write('a');
  write('b');
  write('c');
  assert.deepEqual(writes, [{ ticket: 1, content: 1 }]);
  ledger.kept(1, 10);
  assert.deepEqual(told, ['a kept']);
  assert.deepEqual(writes[1], { ticket: 3, content: 3 });
  ledger.kept(1, 10);
  assert.equal(told.length, 1);
  ledger.kept(3, 11);
  assert.deepEqual(told, ['a kept', 'b kept', 'c kept']);
});

test('whoever waits hears of a failure, and it is tried again', () => {
  const { ledger, writes, told, write } = bench();
  write('a');
  ledger.failed(1, 100);
  assert.deepEqual([told, ledger.isFailing, ledger.nextDueMs], [['a failed'], true, 5_100]);
  write('b');
  assert.equal(writes.length, 1);
  ledger.onDue(5_099);
  assert.equal(writes.length, 1);
  ledger.onDue(5_100);
  assert.deepEqual(writes[1], { ticket: 2, content: 2 });
  ledger.kept(2, 5_200);
  assert.deepEqual([told, ledger.isFailing], [['a failed', 'b kept'], false]);
});

test('what the medium holds already is not waited for', () => {
  const { ledger, write } = bench();
  const told: string[] = [];
  ledger.whenKept((outcome) => told.push(`before ${outcome}`), 0);
  write('a');
  ledger.whenKept((outcome) => told.push(`during ${outcome}`), 0);
  assert.deepEqual(told, ['before kept']);
  ledger.kept(1, 1);
  assert.deepEqual(told, ['before kept', 'during kept']);
  write('b');
  ledger.failed(2, 2);
  ledger.whenKept((outcome) => told.push(`after ${outcome}`), 3);
  assert.equal(told.at(-1), 'after failed');
});
