import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fires, kindOf, parseTrigger } from '#device/handlers/trigger.ts';
import type { EngineEvent } from '#runtime/core/outputs.ts';
import type { MemberState } from '#runtime/core/views.ts';

function change(from: MemberState | undefined, to: MemberState | undefined): EngineEvent {
  return { type: 'member', id: 'ab'.repeat(16), name: 'barn', from, to, boot: 1, incarnation: 0 };
}

test('triggers are read, and what is none is not', () => {
  assert.deepEqual(parseTrigger('member-join'), { kind: 'member-join', name: undefined });
  assert.deepEqual(parseTrigger('user'), { kind: 'user', name: undefined });
  assert.deepEqual(parseTrigger('user:deploy/a'), { kind: 'user', name: 'deploy/a' });
  assert.deepEqual(parseTrigger('user:alarm/'), { kind: 'user', name: 'alarm/' });
  assert.deepEqual(parseTrigger('query:load'), { kind: 'query', name: 'load' });
  for (const text of [
    '',
    'query',
    'query:',
    'query:a/',
    'user:',
    'user:a b',
    'member',
    'Member-join',
    'user:a\n',
  ])
    assert.equal(parseTrigger(text), undefined, JSON.stringify(text));
});

test('a member joins, leaves and fails once each, and being suspected is none of these', () => {
  assert.equal(kindOf(change(undefined, 'alive')), 'member-join');
  assert.equal(kindOf(change('down', 'alive')), 'member-join');
  assert.equal(kindOf(change('left', 'alive')), 'member-join');
  assert.equal(kindOf(change('joining', 'alive')), undefined);
  assert.equal(kindOf(change('alive', 'suspect')), undefined);
  assert.equal(kindOf(change('suspect', 'alive')), undefined);
  assert.equal(kindOf(change('suspect', 'down')), 'member-failed');
  assert.equal(kindOf(change('alive', 'leaving')), undefined);
  assert.equal(kindOf(change('leaving', 'left')), 'member-leave');
  assert.equal(kindOf(change('down', undefined)), undefined);
  assert.equal(kindOf({ type: 'left' }), undefined);
});

test('a trigger with a name fires for that name, or all below it', () => {
  const fired = (on: string, name: string) => fires(parseTrigger(on)!, 'user', name);
  assert.ok(fired('user', 'deploy'));
  assert.ok(fired('user:deploy', 'deploy'));
  assert.ok(!fired('user:deploy', 'deploy/a'));
  assert.ok(fired('user:deploy/', 'deploy/a'));
  assert.ok(!fired('user:deploy/', 'deploy'));
  assert.ok(!fired('query:deploy', 'deploy'));
});
