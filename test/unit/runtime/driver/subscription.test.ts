import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppValue } from '#runtime/core/value.ts';
import type { RecordView } from '#runtime/core/views.ts';
import { RecordLog } from '#runtime/driver/record-log.ts';
import { type SubscribeOptions, Subscription, type SubscriptionItem } from '#runtime/driver/subscription.ts';
import { recordView } from '../../../support/fake-node.ts';

/** Records and the log of their changes. */
class World {
  readonly log: RecordLog;
  readonly records = new Map<string, RecordView>();
  open = 0;

  constructor(capacity = 100, boot = 3) {
    this.log = new RecordLog({ boot, capacity });
  }

  put(key: string, value: AppValue): void {
    const record = recordView({ key, value });
    this.records.set(key, record);
    this.log.append({ type: 'record', change: 'put', record });
  }

  delete(key: string): void {
    const record = this.records.get(key)!;
    this.records.delete(key);
    this.log.append({ type: 'record', change: 'delete', record });
  }

  subscribe(options: SubscribeOptions = {}): Subscription {
    this.open++;
    return new Subscription(options, {
      log: this.log,
      records: ({ key }) =>
        [...this.records.values()].filter((record) =>
          key === undefined ? true : key.endsWith('/') ? record.key.startsWith(key) : record.key === key,
        ),
      onEnd: () => this.open--,
    });
  }
}

function text(item: SubscriptionItem | undefined): string {
  if (item === undefined) return 'nothing';
  if (item.type === 'reset') return `reset ${item.reason}: ${item.records.map(({ key }) => key).join(' ')}`;
  const skipped = item.skipped > 0 ? ` (${item.skipped})` : '';
  return item.type === 'put'
    ? `${item.record.key}=${item.record.value}${skipped}`
    : `${item.change} ${item.key}${skipped}`;
}

/** What waits for a reader, as text. */
async function take(subscription: Subscription): Promise<string[]> {
  const items: string[] = [];
  for (;;) {
    const next = await Promise.race([subscription.next(), settled()]);
    if (next === undefined || next.done) return items;
    items.push(text(next.value));
    if (subscription.pending === 0) return items;
  }
}

/** After all promises that are settled already. */
function settled(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(() => resolve(undefined)));
}

test('first the whole state, then each change below the prefix', async () => {
  const world = new World();
  world.put('pump/a', 1);
  world.put('pv/a', 1);
  const reader = world.subscribe({ prefix: 'pump/' });
  assert.deepEqual(await take(reader), ['reset start: pump/a']);
  world.put('pump/b', 2);
  world.put('pv/b', 2);
  world.delete('pump/a');
  assert.deepEqual(await take(reader), ['pump/b=2', 'delete pump/a']);
});

test('a reader goes on behind its cursor, in another subscription too, and misses nothing', async () => {
  // B-74
  const world = new World();
  world.put('a', 1);
  const first = world.subscribe({ since: 'now' });
  world.put('b', 1);
  world.put('c', 1);
  const { value } = await first.next();
  assert.equal(text(value), 'b=1');
  first.close();
  world.put('d', 1);
  assert.deepEqual(await take(world.subscribe({ since: value.cursor })), ['c=1', 'd=1']);
});

test('a cursor too old, or of another life, is told so and gets the whole state', async () => {
  const world = new World(3);
  for (const key of ['a', 'b', 'c', 'd', 'e']) world.put(key, 1);
  assert.deepEqual(await take(world.subscribe({ since: '3.1' })), ['reset behind: a b c d e']);
  assert.deepEqual(await take(world.subscribe({ since: '3.2' })), ['c=1', 'd=1', 'e=1']);
  assert.deepEqual(await take(world.subscribe({ since: '2.5' })), ['reset restarted: a b c d e']);
  assert.deepEqual(await take(world.subscribe({ since: '3.6' })), ['reset restarted: a b c d e']);
  for (const since of ['', '3', 'x.1', '3.-1', `3.${'9'.repeat(20)}`])
    assert.throws(() => world.subscribe({ since }), { code: 'E_CURSOR' });
});

test('a slow reader is told the newest value of each record, how many it skipped, and all in fair turns', async () => {
  const world = new World();
  const reader = world.subscribe({ since: 'now' });
  for (let i = 0; i < 50; i++) {
    world.put('chatty', i);
    if (i === 10) world.put('quiet', 1);
  }
  assert.deepEqual([reader.pending, reader.coalesced], [2, 49]);
  assert.deepEqual(await take(reader), ['chatty=49 (49)', 'quiet=1']);
});

test('a record that was put and deleted again before it was read is told as gone', async () => {
  const world = new World();
  const reader = world.subscribe({ since: 'now' });
  world.put('a', 1);
  world.delete('a');
  assert.deepEqual(await take(reader), ['delete a (1)']);
});

test('a reader that never reads costs a bounded amount, and is reset when it does', async () => {
  const world = new World();
  const reader = world.subscribe({ since: 'now', pendingMax: 5 });
  for (let i = 0; i < 1_000; i++) {
    world.put(`k${i}`, i);
    world.delete(`k${i}`);
    assert.ok(reader.pending <= 5);
  }
  world.put('last', 1);
  assert.deepEqual(await take(reader), ['reset behind: last']);
  world.put('next', 1);
  assert.deepEqual(await take(reader), ['next=1']);
});

test('it ends with its signal, with a break, and when it is closed', async () => {
  const world = new World();
  const controller = new AbortController();
  const aborted = world.subscribe({ since: 'now', signal: controller.signal });
  const waiting = aborted.next();
  controller.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  await assert.rejects(world.subscribe({ signal: controller.signal }).next(), /enough/);
  for await (const item of world.subscribe()) {
    assert.equal(item.type, 'reset');
    break;
  }
  {
    await using reader = world.subscribe({ since: 'now' });
    assert.equal(reader.pending, 0);
  }
  const closed = world.subscribe({ since: 'now' });
  const both = [closed.next(), closed.next()];
  closed.close();
  for (const next of await Promise.all(both)) assert.equal(next.done, true);
  assert.equal(world.open, 0);
  world.put('a', 1);
  assert.equal(closed.pending, 0);
});

test('a key that ends with a slash is one record, not all below it', async () => {
  const world = new World();
  const reader = world.subscribe({ since: 'now' });
  world.put('a/b', 1);
  world.put('a/', 2);
  assert.deepEqual(await take(reader), ['a/b=1', 'a/=2']);
});

test('the cursor stands before what was not told yet', async () => {
  const world = new World();
  const reader = world.subscribe({ since: 'now' });
  assert.equal(reader.cursor, '3.0');
  world.put('a', 1);
  world.put('b', 1);
  world.put('a', 2);
  assert.equal(reader.cursor, '3.0');
  assert.equal(text((await reader.next()).value), 'a=2 (1)');
  assert.equal(reader.cursor, '3.1');
  assert.equal((await reader.next()).value.cursor, '3.3');
});

test('the cursor of a reader that ended stands before what waited for it', async () => {
  const world = new World();
  const reader = world.subscribe({ since: 'now' });
  for (const key of ['a', 'b', 'c']) world.put(key, 1);
  assert.equal(text((await reader.next()).value), 'a=1');
  reader.close();
  world.put('d', 1);
  assert.equal(reader.cursor, '3.1');
  assert.deepEqual(await take(world.subscribe({ since: '3.1' })), ['b=1', 'c=1', 'd=1']);
});

test('a reader that ended before it was told the whole state gets it the next time', async () => {
  const world = new World(3);
  world.put('a', 1);
  const fresh = world.subscribe();
  assert.equal(fresh.cursor, undefined);
  world.put('b', 1);
  fresh.close();
  assert.equal(fresh.cursor, undefined);
  const restarted = world.subscribe({ since: '2.7' });
  restarted.close();
  assert.equal(restarted.cursor, '2.7');
  const behind = world.subscribe({ since: 'now', pendingMax: 1 });
  for (const key of ['c', 'd', 'e', 'f']) world.put(key, 1);
  behind.close();
  assert.equal(behind.cursor, '3.2');
  assert.deepEqual(await take(world.subscribe({ since: behind.cursor })), ['reset behind: a b c d e f']);
});

test('once the whole state was told, the cursor stands behind it', async () => {
  const world = new World();
  world.put('a', 1);
  const reader = world.subscribe();
  await reader.next();
  assert.equal(reader.cursor, '3.1');
});
