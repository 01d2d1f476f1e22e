import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineTime, timedEngine } from '../../../../scripts/experiments/timed-engine.ts';
import { FakeEngine } from '../../../support/fake-engine.ts';

test('methods do what they did, and their time is added up', () => {
  const time = new EngineTime();
  const inner = new FakeEngine();
  const engine = timedEngine(inner, time);
  engine.start(5);
  assert.equal(engine.id, inner.id);
  assert.equal(engine.pollOutput().type, inner.pollOutput().type);
  const ms = time.take();
  assert.ok(ms > 0);
  assert.equal(time.take(), 0);
});

test('what a method throws comes through', () => {
  const inner = new FakeEngine();
  inner.put = () => {
    throw new RangeError('full');
  };
  assert.throws(() => timedEngine(inner, new EngineTime()).put(1, 'a', 1), /full/);
});
