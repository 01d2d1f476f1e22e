import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HealthChange, type HealthItem, HealthLedger } from '#bridge/health.ts';
import { HEALTH_ITEMS_PER_SOURCE_MAX } from '#bridge/limits.ts';

const ITEM: HealthItem = {
  code: 'source-silent',
  subject: 'tank',
  severity: 'failure',
  title: 't',
  text: 'x',
};

function connected() {
  const ledger = new HealthLedger();
  const changes: HealthChange[] = [];
  ledger.connect((change) => changes.push(change));
  return { ledger, changes };
}

test('the same condition is passed on once, and again when its wording changes', () => {
  const { ledger, changes } = connected();
  ledger.raise(ITEM);
  ledger.raise({ ...ITEM });
  assert.equal(changes.length, 1);
  ledger.raise({ ...ITEM, text: 'y' });
  assert.equal(changes.length, 2);
  assert.deepEqual(ledger.items(), [{ ...ITEM, text: 'y' }]);
});

test('only what was raised is cleared, by code and subject', () => {
  const { ledger, changes } = connected();
  ledger.raise(ITEM);
  ledger.clear({ code: 'source-silent', subject: 'pump' });
  ledger.clear({ code: 'source-exited', subject: 'tank' });
  assert.equal(changes.length, 1);
  ledger.clear(ITEM);
  ledger.clear(ITEM);
  assert.deepEqual(changes.slice(1), [{ kind: 'clear', code: 'source-silent', subject: 'tank' }]);
});

test('a full ledger drops further items and still updates those it has', () => {
  const { ledger } = connected();
  for (let i = 0; i <= HEALTH_ITEMS_PER_SOURCE_MAX; i++) ledger.raise({ ...ITEM, subject: `s${i}` });
  assert.equal(ledger.items().length, HEALTH_ITEMS_PER_SOURCE_MAX);
  ledger.raise({ ...ITEM, subject: 's0', text: 'new' });
  assert.equal(ledger.items()[0]?.text, 'new');
});

test('an item raised after disconnecting does not linger until the next start', () => {
  const { ledger } = connected();
  ledger.connect(undefined);
  ledger.raise(ITEM);
  assert.deepEqual(ledger.items(), []);
});
