import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EventLog } from '#device/api/event-log.ts';

function logOf(count: number, capacity: number): EventLog {
  const log = new EventLog({ boot: 7, capacity, nowMs: () => 0 });
  for (let i = 0; i < count; i++) log.append({ type: 'left' });
  return log;
}

describe('the event log', () => {
  test('numbers events from 1 and keeps as many as it may', () => {
    const log = logOf(5, 3);
    assert.equal(log.last, 5);
    assert.equal(log.oldest, 3);
    assert.equal(log.at(2), undefined);
    assert.equal(log.at(3)?.sequence, 3);
    assert.equal(log.at(6), undefined);
  });

  test('an empty log has no oldest event', () => {
    const log = logOf(0, 3);
    assert.equal(log.oldest, log.last + 1);
  });

  test('a cursor of this life resumes behind its event, also where that is long gone', () => {
    const log = logOf(5, 3);
    assert.deepEqual(log.resume('7.4'), { after: 4, restarted: false });
    assert.deepEqual(log.resume('7.1'), { after: 1, restarted: false });
  });

  test('a cursor of another life, or from the future, begins with the oldest event and says so', () => {
    const log = logOf(5, 3);
    assert.deepEqual(log.resume('6.4'), { after: 2, restarted: true });
    assert.deepEqual(log.resume('7.6'), { after: 2, restarted: true });
  });

  test('text that is no cursor is refused', () => {
    for (const text of ['', '7', '7.', 'a.b', '7.1.1', '-7.1'])
      assert.equal(logOf(5, 3).resume(text), undefined);
  });

  test('a listener hears of each event until it unsubscribes', () => {
    const log = logOf(0, 3);
    let heard = 0;
    const stop = log.onAppend(() => heard++);
    log.append({ type: 'left' });
    stop();
    log.append({ type: 'left' });
    assert.equal(heard, 1);
  });
});
