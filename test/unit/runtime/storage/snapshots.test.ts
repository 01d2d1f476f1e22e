import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '#runtime/core/endpoint.ts';
import { KeptRecords } from '#runtime/storage/kept-records.ts';
import { KNOWN_PEERS_MAX, KnownPeers } from '#runtime/storage/known-peers.ts';
import type { StorageNotice } from '#runtime/storage/notice.ts';
import { FailingDisk } from '../../../support/failing-disk.ts';
import { ManualTime } from '../../../support/manual-time.ts';

const RECORDS = '/data/records.json';

class Bench {
  readonly disk = new FailingDisk();
  readonly time = new ManualTime();
  readonly notices = new Map<string, StorageNotice>();
  readonly options = {
    files: this.disk,
    directory: '/data',
    after: this.time.after,
    notify: (code: string, notice: StorageNotice | undefined) => {
      if (notice === undefined) this.notices.delete(code);
      else this.notices.set(code, notice);
    },
  };

  records(): KeptRecords {
    return new KeptRecords(this.options);
  }

  peers(): KnownPeers {
    return new KnownPeers(this.options);
  }

  /** Lets writes that timers began come to their end. */
  async settle(): Promise<void> {
    for (let i = 0; i < 50; i++) await Promise.resolve();
  }
}

const peer = (n: number): Endpoint => ({ transport: 'udp', address: `10.0.0.${n}`, port: 18_262 });

test('kept records come back with value, unit, quality and priority', async () => {
  const bench = new Bench();
  const first = bench.records();
  const kept = [
    { key: 'limit', value: 3_000, unit: 'W', quality: 'good', priority: 'urgent' },
    { key: 'blob', value: new Uint8Array([0, 255]) },
    { key: 'big', value: { n: 2n ** 60n } },
  ] as const;
  for (const record of kept) first.set(record);
  first.set({ key: 'gone', value: 1 });
  first.remove('gone');
  await first.close();
  assert.deepEqual(await bench.records().load(), kept);
});

test('changes share one write, and unchanged content is not written again', async () => {
  const bench = new Bench();
  const records = bench.records();
  for (let i = 0; i < 100; i++) records.set({ key: 'mode', value: i });
  assert.equal(bench.disk.writes, 0);
  bench.time.advance(2_000);
  await bench.settle();
  assert.equal(bench.disk.writes, 1);
  records.set({ key: 'mode', value: 99 });
  bench.time.advance(60_000);
  await records.close();
  assert.equal(bench.disk.writes, 1);
});

test('a busy node writes at most every 30 s', async () => {
  const bench = new Bench();
  const records = bench.records();
  for (let second = 0; second < 300; second++) {
    records.set({ key: 'mode', value: second });
    bench.time.advance(1_000);
    await bench.settle();
  }
  assert.ok(bench.disk.writes >= 9 && bench.disk.writes <= 11, `${bench.disk.writes} writes in 300 s`);
});

// B-136
test('a records file torn at any byte is set aside with a notice', async () => {
  const whole = new Bench();
  const records = whole.records();
  records.set({ key: 'mode', value: 'eco' });
  await records.close();
  const bytes = whole.disk.files.get(RECORDS)?.bytes as Uint8Array;
  for (let length = 0; length < bytes.length; length++) {
    const bench = new Bench();
    bench.disk.put(RECORDS, bytes.slice(0, length));
    assert.deepEqual(await bench.records().load(), []);
    assert.deepEqual([...bench.disk.files.keys()], [`${RECORDS}.corrupt-1`]);
    assert.match(bench.notices.get('records-damaged')?.text ?? '', /set aside/);
  }
});

test('a power cut at any moment of a write leaves the old records or the new', async () => {
  for (let cut = 1; cut < 400; cut++) {
    const bench = new Bench();
    const first = bench.records();
    first.set({ key: 'mode', value: 'old' });
    await first.close();
    const second = bench.records();
    await second.load();
    bench.disk.cutAfter(cut);
    second.set({ key: 'mode', value: 'new' });
    await second.close();
    bench.disk.restore();
    const [record] = await bench.records().load();
    assert.ok(record.value === 'old' || record.value === 'new');
    assert.equal(bench.notices.has('records-damaged'), false);
  }
});

// B-114
test('a full disk is a notice that clears itself; the records stay in memory', async () => {
  const bench = new Bench();
  const records = bench.records();
  bench.disk.failWith = 'ENOSPC';
  records.set({ key: 'mode', value: 'eco' });
  bench.time.advance(2_000);
  await bench.settle();
  assert.match(bench.notices.get('records-unsaved')?.text ?? '', /ENOSPC/);
  assert.equal(records.get('mode')?.value, 'eco');
  bench.disk.failWith = undefined;
  bench.time.advance(30_000);
  await bench.settle();
  assert.equal(bench.notices.has('records-unsaved'), false);
  assert.deepEqual(await bench.records().load(), [{ key: 'mode', value: 'eco' }]);
});

test('records that a newer or foreign program wrote wrongly are left out one by one', async () => {
  const bench = new Bench();
  const { encodeChecked } = await import('#runtime/storage/checked-json.ts');
  const body = [
    { key: 'a', value: 1 },
    { key: 2, value: 1 },
    null,
    { key: 'b' },
    { key: 'c', value: { $int: 'x' } },
  ];
  bench.disk.put(RECORDS, encodeChecked('gridvine.own-records/1', body));
  assert.deepEqual(await bench.records().load(), [{ key: 'a', value: 1 }]);
});

test('known peers are remembered, without duplicates and bounded', async () => {
  // B-125
  const bench = new Bench();
  const peers = bench.peers();
  peers.update([peer(2), peer(1), peer(2)]);
  await peers.close();
  assert.deepEqual(await bench.peers().load(), [peer(1), peer(2)]);
  const many = bench.peers();
  many.update(Array.from({ length: 200 }, (_, n) => peer(n)));
  assert.equal(many.endpoints.length, KNOWN_PEERS_MAX);
});

test('being alone does not forget the last peers, and the same peers cost no write', async () => {
  // B-125
  const bench = new Bench();
  const peers = bench.peers();
  peers.update([peer(1)]);
  bench.time.advance(30_000);
  await bench.settle();
  peers.update([]);
  peers.update([peer(1)]);
  await peers.close();
  assert.deepEqual(peers.endpoints, [peer(1)]);
  assert.equal(bench.disk.writes, 1);
});

test('peers that are no endpoints are left out', async () => {
  const bench = new Bench();
  const { encodeChecked } = await import('#runtime/storage/checked-json.ts');
  const body = [
    peer(1),
    null,
    { transport: 'udp', address: 'host.example', port: 1 },
    { ...peer(2), port: 0 },
  ];
  bench.disk.put('/data/peers.json', encodeChecked('gridvine.peers/1', body));
  assert.deepEqual(await bench.peers().load(), [peer(1)]);
});
