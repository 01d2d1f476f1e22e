import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '#runtime/core/endpoint.ts';
import { KNOWN_PEERS_MAX, KnownPeers } from '#runtime/storage/known-peers.ts';
import type { StorageNotice } from '#runtime/storage/notice.ts';
import { FailingDisk } from '../../../support/failing-disk.ts';
import { ManualTime } from '../../../support/manual-time.ts';

const PEERS = '/data/peers.json';

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

  peers(): KnownPeers {
    return new KnownPeers(this.options);
  }

  /** Lets writes that timers began come to their end. */
  async settle(): Promise<void> {
    for (let i = 0; i < 50; i++) await Promise.resolve();
  }
}

const peer = (n: number): Endpoint => ({ transport: 'udp', address: `10.0.0.${n}`, port: 18_262 });

test('changes share one write, and unchanged content is not written again', async () => {
  const bench = new Bench();
  const peers = bench.peers();
  for (let n = 1; n <= 100; n++) peers.update([peer(n)]);
  assert.equal(bench.disk.writes, 0);
  bench.time.advance(30_000);
  await bench.settle();
  assert.equal(bench.disk.writes, 1);
  peers.update([peer(1)]);
  peers.update([peer(100)]);
  bench.time.advance(1_200_000);
  await peers.close();
  assert.equal(bench.disk.writes, 1);
});

test('a busy node writes at most every 10 minutes', async () => {
  const bench = new Bench();
  const peers = bench.peers();
  for (let minute = 0; minute < 60; minute++) {
    peers.update([peer(minute)]);
    bench.time.advance(60_000);
    await bench.settle();
  }
  assert.ok(bench.disk.writes >= 5 && bench.disk.writes <= 7, `${bench.disk.writes} writes in an hour`);
});

// B-136
test('a file torn at any byte is set aside with a notice', async () => {
  const whole = new Bench();
  const peers = whole.peers();
  peers.update([peer(1)]);
  await peers.close();
  const bytes = whole.disk.files.get(PEERS)?.bytes as Uint8Array;
  for (let length = 0; length < bytes.length; length++) {
    const bench = new Bench();
    bench.disk.put(PEERS, bytes.slice(0, length));
    assert.deepEqual(await bench.peers().load(), []);
    assert.deepEqual([...bench.disk.files.keys()], [`${PEERS}.corrupt-1`]);
    assert.match(bench.notices.get('peers-damaged')?.text ?? '', /set aside/);
  }
});

test('a power cut at any moment of a write leaves the old content or the new', async () => {
  for (let cut = 1; cut < 400; cut++) {
    const bench = new Bench();
    const first = bench.peers();
    first.update([peer(1)]);
    await first.close();
    const second = bench.peers();
    await second.load();
    bench.disk.cutAfter(cut);
    second.update([peer(2)]);
    await second.close();
    bench.disk.restore();
    const [found] = await bench.peers().load();
    assert.ok(found?.address === '10.0.0.1' || found?.address === '10.0.0.2');
    assert.equal(bench.notices.has('peers-damaged'), false);
  }
});

// B-114
test('a full disk is a notice that clears itself; what is to be kept stays in memory', async () => {
  const bench = new Bench();
  const peers = bench.peers();
  bench.disk.failWith = 'ENOSPC';
  peers.update([peer(1)]);
  bench.time.advance(30_000);
  await bench.settle();
  assert.match(bench.notices.get('peers-unsaved')?.text ?? '', /ENOSPC/);
  bench.disk.failWith = undefined;
  bench.time.advance(600_000);
  await bench.settle();
  assert.equal(bench.notices.has('peers-unsaved'), false);
  assert.deepEqual(await bench.peers().load(), [peer(1)]);
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
