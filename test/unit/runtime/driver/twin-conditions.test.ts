import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HealthBoard } from '#runtime/driver/health-board.ts';
import { TwinConditions } from '#runtime/driver/twin-conditions.ts';

const SELF = 'ab'.repeat(16);
const OTHERS = ['cd', 'ef'].map((two) => two.repeat(16));
const lives = [{ boot: 3, endpoint: { transport: 'udp', address: '192.168.1.7', port: 18262 } }] as const;

function bench() {
  const health = new HealthBoard();
  const conditions = new TwinConditions(health);
  const note = (id: string, change: 'seen' | 'over') =>
    conditions.note({ type: 'twin', id, name: `n-${id.slice(0, 2)}`, change, lives }, SELF, 1_000);
  const text = (code: string) => health.items(1_000).find((item) => item.code === code)?.text ?? '';
  return { health, note, text };
}

test('a twin of this node names where it runs and the next step, and ends with its event', () => {
  const { health, note, text } = bench();
  note(SELF, 'seen');
  assert.match(
    text('identity-twin'),
    /^This board's identity is also running at 192\.168\.1\.7: stop one of them, or run `gridvine rekey` on the copy/,
  );
  assert.equal(health.items(1_000)[0].severity, 'failure');
  note(SELF, 'over');
  assert.deepEqual(health.items(1_000), []);
});

test('twins among the others are one condition, which lists them as long as there are any', () => {
  const { health, note, text } = bench();
  for (const id of OTHERS) note(id, 'seen');
  assert.match(text('member-twin'), /^n-cd \(192\.168\.1\.7\), n-ef \(192\.168\.1\.7\): a card was copied/);
  note(OTHERS[0], 'over');
  assert.match(text('member-twin'), /^n-ef/);
  note(OTHERS[1], 'over');
  assert.deepEqual(health.items(1_000), []);
});

test('of very many twins some are named and the rest counted', () => {
  const { note, text } = bench();
  for (let i = 0; i < 100; i++) note(i.toString(16).padStart(32, '0'), 'seen');
  assert.match(text('member-twin'), / and 92 more: /);
});
