import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeptOwner } from '#runtime/core/kept-table.ts';
import { TableKeeper, type TableScope } from '#runtime/driver/table-keeper.ts';
import type { KeepFace } from '#runtime/engine/keep-face.ts';
import type { StorageNotice } from '#runtime/storage/notice.ts';
import { ManualTime } from '../../../support/manual-time.ts';
import { MemoryPlace } from '../../../support/memory-place.ts';
import { ANN, BEN, keptEntry, keptOwner, SELF } from '../../../support/stored-rows.ts';

const KEY = '00112233aabbccdd';

/** A keeper over a table that the test writes. */
class Bench {
  readonly place: MemoryPlace;
  readonly time: ManualTime;
  readonly notices = new Map<string, StorageNotice>();
  readonly table = new Map<string, { kept: KeptOwner; revision: number }>();
  readonly keeper: TableKeeper;
  #revision = 0;

  constructor({ place = new MemoryPlace(), startMs = 1_000, machineBoot = 'm1' } = {}) {
    this.place = place;
    this.time = new ManualTime(startMs);
    this.keeper = new TableKeeper({
      place,
      clock: this.time,
      scheduler: this.time,
      machineBoot,
      notify: (code, notice) => {
        if (notice === undefined) this.notices.delete(code);
        else this.notices.set(code, notice);
      },
    });
  }

  get face(): KeepFace {
    return {
      changedSince: (revision) => ({
        revision: this.#revision,
        changed: [...this.table.values()].filter((each) => each.revision > revision).map(({ kept }) => kept),
      }),
      holds: (owner) => this.table.has(owner),
      takeBack() {},
    };
  }

  say(kept: KeptOwner): void {
    this.table.set(kept.owner, { kept, revision: ++this.#revision });
  }

  load(changes: Partial<TableScope> = {}) {
    return this.keeper.load({ self: SELF, cluster: 'home', keys: () => [KEY], ...changes });
  }

  async begin(): Promise<this> {
    await this.load();
    this.keeper.start(this.face);
    return this;
  }

  /** Time goes on, step by step, and what it begins comes to its end. */
  async pass(ms: number, stepMs = 1_000): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.time.advance(Math.min(stepMs, ms - passed));
      for (let i = 0; i < 30; i++) await Promise.resolve();
    }
  }
}

const ownersOf = (others: readonly KeptOwner[]) => others.map(({ owner }) => owner).sort();

test('what others say is on the medium within two minutes, written together', async () => {
  const bench = await new Bench().begin();
  for (let second = 1; second <= 600; second++) {
    bench.say(keptOwner(ANN, second, keptEntry('power', second)));
    bench.say(keptOwner(BEN, second, keptEntry('power', second)));
    await bench.pass(1_000);
    const stored = [...bench.place.rows.values()].find(({ owner, key }) => owner === ANN && key === 'power');
    const ofSecond = stored === undefined ? 0 : stored.version % 2 ** 32;
    assert.ok(second - ofSecond <= 110, `second ${second}: on the medium is that of second ${ofSecond}`);
  }
  assert.ok(
    bench.place.commits >= 5 && bench.place.commits <= 7,
    `${bench.place.commits} writes in 10 minutes`,
  );
  assert.equal(bench.place.syncs, bench.place.commits);
});

test('own records are written seconds after a change, and at most once a minute', async () => {
  const bench = await new Bench().begin();
  bench.say(keptOwner(SELF, 1, keptEntry('limit', 1)));
  bench.keeper.keepOwn('limit');
  await bench.pass(2_000);
  assert.equal(bench.place.commits, 1);
  for (let second = 2; second <= 300; second++) {
    bench.say(keptOwner(SELF, second, keptEntry('limit', second)));
    bench.keeper.keepOwn('limit');
    await bench.pass(1_000);
  }
  assert.ok(bench.place.commits >= 4 && bench.place.commits <= 6, `${bench.place.commits}`);
});

test('where nothing changes, only the time is noted now and then', async () => {
  const bench = await new Bench().begin();
  bench.say(keptOwner(ANN, 1, keptEntry('a', 1)));
  await bench.pass(3_600_000);
  assert.ok(bench.place.commits >= 6 && bench.place.commits <= 8, `${bench.place.commits} writes in an hour`);
});

test('what is asked to be durable is on the medium before the answer, and those who ask together share a write', async () => {
  const bench = await new Bench().begin();
  bench.say(keptOwner(SELF, 1, keptEntry('limit', 1)));
  bench.keeper.keepOwn('limit');
  await bench.keeper.persist();
  assert.deepEqual([bench.place.commits, bench.place.syncs], [1, 1]);
  bench.say(keptOwner(SELF, 2, keptEntry('limit', 2)));
  await Promise.all(Array.from({ length: 20 }, () => bench.keeper.persist()));
  assert.deepEqual([bench.place.commits, bench.place.syncs], [2, 2]);
});

test('a later life takes back own records and others, as old as they are', async () => {
  const first = await new Bench().begin();
  first.say(keptOwner(ANN, 1, keptEntry('a', 1)));
  first.say(keptOwner(SELF, 2, keptEntry('limit', 1), keptEntry('power', 2)));
  first.keeper.keepOwn('limit');
  await first.keeper.close();
  assert.equal(first.place.isOpen, false);
  assert.equal(first.time.pending, 0);
  const second = await new Bench({ place: first.place, startMs: 50_000 }).load();
  assert.deepEqual(ownersOf(second.others), [ANN]);
  assert.deepEqual([...second.others[0]!.entries], [keptEntry('a', 1)]);
  assert.deepEqual(second.own, [keptEntry('limit', 1)]);
  const later = new Bench({ place: first.place, startMs: 300, machineBoot: 'm2' });
  const [entry] = (await later.load()).own;
  assert.equal(entry!.ageBoundMs, Number.POSITIVE_INFINITY);
  assert.ok(entry!.setAtMs < 0);
});

test('a board that was given to another cluster, or another key, brings nobody what the last one said', async () => {
  const first = await new Bench().begin();
  first.say(keptOwner(ANN, 1, keptEntry('a', 1)));
  first.say(keptOwner(SELF, 1, keptEntry('limit', 1)));
  first.keeper.keepOwn('limit');
  await first.keeper.close();
  const foreign = [{ cluster: 'work' }, { keys: () => ['ffffffffffffffff'] }, { keys: () => [] }];
  for (const scope of foreign) {
    const { own, others } = await new Bench({ place: first.place, startMs: 5_000 }).load(scope);
    assert.deepEqual([own.length, others.length], [1, 0]);
  }
  const rotated = { keys: () => ['ffffffffffffffff', KEY] };
  assert.equal((await new Bench({ place: first.place, startMs: 5_000 }).load(rotated)).others.length, 1);
});

// B-114
test('a full disk is a condition that clears itself; what was said meanwhile is written then', async () => {
  for (const refuses of ['open', 'commit', 'sync'] as const) {
    const place = new MemoryPlace();
    if (refuses === 'open') place.refuses = 'open';
    const bench = await new Bench({ place }).begin();
    place.refuses = refuses;
    bench.say(keptOwner(ANN, 1, keptEntry('a', 1)));
    await assert.rejects(bench.keeper.persist(), {
      code: 'E_NOT_DURABLE',
      message: /ENOSPC.*Free some space/,
    });
    assert.match(bench.notices.get('state-unsaved')?.text ?? '', /ENOSPC/);
    await bench.pass(60_000);
    assert.ok(bench.notices.has('state-unsaved'));
    place.refuses = undefined;
    await bench.pass(31_000);
    assert.equal(bench.notices.size, 0, refuses);
    await bench.keeper.close();
    const again = await new Bench({ place, startMs: 200_000 }).load();
    assert.deepEqual(ownersOf(again.others), [ANN]);
  }
});

test('own records of a store that could not be opened or read at the start are still there for the next one', async () => {
  for (const refuses of ['open', 'load'] as const) await ownRecordsOutlive(refuses);
});

async function ownRecordsOutlive(refuses: 'open' | 'load'): Promise<void> {
  const first = await new Bench().begin();
  first.say(keptOwner(SELF, 1, keptEntry('limit', 1)));
  first.keeper.keepOwn('limit');
  await first.keeper.close();
  const { place } = first;
  place.refuses = refuses;
  const second = await new Bench({ place, startMs: 10_000 }).begin();
  assert.equal(place.isOpen, false);
  second.say(keptOwner(ANN, 1, keptEntry('a', 1)));
  await assert.rejects(second.keeper.persist(), { code: 'E_NOT_DURABLE' });
  assert.ok(second.notices.has('state-unsaved'));
  place.refuses = undefined;
  await second.pass(200_000);
  await second.keeper.close();
  const third = await new Bench({ place, startMs: 500_000 }).load();
  assert.deepEqual([third.own.length, ownersOf(third.others)], [1, [ANN]]);
}

// B-136
test('a damaged store is set aside with a condition, and made again of what is in memory', async () => {
  const whole = await new Bench().begin();
  whole.say(keptOwner(ANN, 1, keptEntry('a', 1)));
  await whole.keeper.close();
  const { place } = whole;
  place.damaged = 'load';
  const bench = new Bench({ place, startMs: 5_000 });
  assert.deepEqual(await bench.load(), { own: [], others: [], tookOver: undefined });
  assert.match(bench.notices.get('state-damaged')?.text ?? '', /set aside as .*corrupt-1/);
  bench.keeper.start(bench.face);
  bench.say(keptOwner(BEN, 1, keptEntry('b', 1)));
  await bench.pass(3_000);
  place.damaged = 'commit';
  bench.say(keptOwner(ANN, 1, keptEntry('a', 1)));
  await bench.pass(110_000);
  assert.equal(place.aside, 2);
  await bench.keeper.close();
  const { others } = await new Bench({ place, startMs: 900_000 }).load();
  assert.deepEqual(ownersOf(others), [ANN, BEN]);
});

test('of a store with damaged rows what is whole is taken, and the rest goes with the next write', async () => {
  const whole = await new Bench().begin();
  whole.say(keptOwner(ANN, 1, keptEntry('a', 1)));
  whole.say(keptOwner(BEN, 1, keptEntry('b', 1)));
  whole.say(keptOwner(SELF, 1, keptEntry('limit', 1)));
  whole.keeper.keepOwn('limit');
  await whole.keeper.close();
  const { place } = whole;
  const [lost] = [...place.rows.values()].filter(({ owner, key }) => owner === ANN && key === 'a');
  place.rows.delete(lost!.id);
  place.damagedRows = 1;
  const bench = new Bench({ place, startMs: 5_000 });
  const { own, others } = await bench.load();
  assert.deepEqual([own.length, ownersOf(others)], [1, [BEN]]);
  // Own records stay where they are: a power cut now loses none.
  assert.equal(place.aside, 0);
  assert.match(bench.notices.get('state-damaged')?.text ?? '', /parts were damaged and left out/);
  place.damagedRows = 0;
  bench.keeper.start(bench.face);
  bench.say(keptOwner(BEN, 1, keptEntry('b', 1)));
  bench.say(keptOwner(SELF, 1, keptEntry('limit', 1)));
  await bench.pass(3_000);
  const after = await new Bench({ place, startMs: 9_000 }).load();
  assert.deepEqual([after.own.length, ownersOf(after.others)], [1, [BEN]]);
});

test('what others say is held to a budget of bytes a day, however much it is; own records are not', async () => {
  const bench = await new Bench().begin();
  bench.place.rowBytes = 1_000_000;
  const days = 3;
  let second = 0;
  for (; second < days * 86_400; second += 50) {
    bench.say(keptOwner(ANN, second + 1, keptEntry('power', second + 1)));
    await bench.pass(50_000, 50_000);
  }
  const perDay = bench.place.bytes / days;
  // A day's worth is there at the start.
  assert.ok(perDay > 18_000_000 && perDay < 29_000_000, `${perDay} bytes a day`);
  bench.say(keptOwner(SELF, 1, keptEntry('limit', 1)));
  bench.keeper.keepOwn('limit');
  await bench.keeper.persistOwn();
  assert.ok([...bench.place.rows.values()].some(({ owner, key }) => owner === null && key === 'limit'));
  bench.say(keptOwner(ANN, second + 2, keptEntry('power', second + 2)));
  await bench.keeper.close();
  const { others } = await new Bench({ place: bench.place, startMs: 1e9 }).load();
  assert.equal([...others[0]!.entries][0]!.version % 2 ** 32, second + 2, 'at its end it writes all');
});

test('a store that is damaged again and again is made anew ever more seldom, and says so meanwhile', async () => {
  const place = new MemoryPlace();
  const bench = await new Bench({ place }).begin();
  place.damagedForGood = true;
  for (let second = 0; second < 7_200; second++) {
    bench.say(keptOwner(SELF, second + 1, keptEntry('limit', second + 1)));
    bench.keeper.keepOwn('limit');
    await bench.pass(1_000);
  }
  assert.ok(place.aside >= 4 && place.aside <= 7, `${place.aside} set aside in two hours`);
  assert.ok(bench.notices.has('state-unsaved') && bench.notices.has('state-damaged'));
  await assert.rejects(bench.keeper.persistOwn(), { code: 'E_NOT_DURABLE' });
  place.damagedForGood = false;
  await bench.pass(3_700_000);
  assert.ok(!bench.notices.has('state-unsaved'));
  await bench.keeper.close();
  await assert.rejects(bench.keeper.persist(), { code: 'E_CLOSED' });
  assert.equal(place.isOpen, false);
});

test('that a kept record is kept no more is on the medium at once', async () => {
  const bench = await new Bench().begin();
  bench.say(keptOwner(SELF, 1, keptEntry('limit', 1)));
  bench.keeper.keepOwn('limit');
  await bench.keeper.persistOwn();
  await bench.pass(3_000);
  bench.keeper.dropOwn('limit');
  await bench.pass(100, 100);
  assert.equal([...bench.place.rows.values()].filter(({ owner }) => owner === null).length, 0);
});
