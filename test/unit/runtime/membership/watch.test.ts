import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimerTable } from '#runtime/core/timers.ts';
import { makeVersion } from '#runtime/core/version.ts';
import type { Member } from '#runtime/membership/member.ts';
import { MemberTable } from '#runtime/membership/member-table.ts';
import { Watch } from '#runtime/membership/watch.ts';

/** A watch of node `self` over members that answer as the test says. */
class Bench {
  readonly timers = new TimerTable();
  readonly members = new MemberTable((member, _from, nowMs) => this.watch?.noteState(member, nowMs));
  readonly watch: Watch;
  readonly probed: { id: string; atMs: number }[] = [];
  answers = true;
  turns = 0;

  constructor(
    self: string,
    names: readonly string[],
    { phiProbe = 0, hearsMulticast = true }: { phiProbe?: number; hearsMulticast?: boolean } = {},
  ) {
    this.watch = new Watch({
      self,
      settings: { probeIntervalMs: 1_000, probeTimeoutMinMs: 100, phiProbe },
      members: this.members,
      timers: this.timers,
      hearsMulticast: () => hearsMulticast,
      probe: (member, nowMs) => {
        this.probed.push({ id: member.id, atMs: nowMs });
        if (this.answers) member.noteAnswer(nowMs);
      },
    });
    const facts = { incarnation: 0, state: 'alive', endpoints: [], tags: {}, protocol: 1 } as const;
    for (const name of names) this.members.applyFacts(name, makeVersion(1, 1), { ...facts, name }, 0);
  }

  member(id: string): Member {
    return this.members.get(id)!;
  }

  /** It counts as heard for so long. */
  hearsUntil(id: string, segmentUntilMs: number): void {
    const member = this.member(id);
    member.heard = { ...member.heard, segmentUntilMs };
  }

  /** A presence of each of these, the next one announced. */
  hear(ids: readonly string[], nowMs: number, nextMs: number): void {
    for (const id of ids) {
      const member = this.member(id);
      member.provedAtMs = nowMs;
      member.heard = {
        ...member.heard,
        segment: 'eth0',
        segmentUntilMs: nowMs + 1.3 * nextMs,
        presenceDueMs: nowMs + nextMs,
        presenceGapMs: nextMs,
      };
    }
  }

  runTo(untilMs: number): void {
    while (this.timers.nextMs <= untilMs) {
      const nowMs = this.timers.nextMs;
      if (this.timers.takeDue(nowMs) !== 'watch') continue;
      this.turns++;
      this.watch.onTurn(nowMs);
    }
  }

  take(): string[] {
    return this.probed.splice(0).map(({ id }) => id);
  }
}

test('where nobody is heard by multicast, the next on the ring is probed whenever it was silent for two intervals', () => {
  const bench = new Bench('b', ['a', 'c', 'd']);
  bench.runTo(6_600);
  assert.deepEqual(bench.take(), ['c', 'c', 'c', 'c']);
});

test('without multicast it looks half as often, and probes at the same moments', () => {
  const [often, seldom] = [true, false].map((hearsMulticast) => {
    const bench = new Bench('b', ['a', 'c', 'd'], { hearsMulticast });
    bench.runTo(4_000);
    bench.member('c').provedAtMs = 3_700;
    bench.runTo(9_000);
    bench.answers = false;
    bench.runTo(20_000);
    bench.answers = true;
    bench.runTo(60_000);
    return bench;
  });
  assert.deepEqual(seldom.probed, often.probed);
  assert.ok(seldom.probed.length > 40, `${seldom.probed.length} probes`);
  assert.ok(seldom.turns < 0.7 * often.turns, `${seldom.turns} turns, ${often.turns} with multicast`);
});

test('who proved its life meanwhile is not probed before it was silent as long', () => {
  const bench = new Bench('b', ['a', 'c', 'd']);
  bench.member('c').provedAtMs = 0;
  for (let nowMs = 0; nowMs < 20_000; nowMs += 1_000) {
    bench.runTo(nowMs);
    bench.member('c').provedAtMs = nowMs;
  }
  assert.deepEqual(bench.take(), []);
});

test('a suspect is not watched: those behind it are', () => {
  const bench = new Bench('b', ['a', 'c', 'd']);
  bench.runTo(1_000);
  bench.take();
  const accusation = {
    accuser: 'a',
    boot: 1,
    incarnation: 0,
    stage: 'suspect',
    madeAtMs: 0,
    heardAtMs: 0,
  } as const;
  bench.members.accuse('c', accusation, 1_000);
  bench.runTo(4_000);
  assert.deepEqual(new Set(bench.take()), new Set(['d']));
});

test('on a segment nobody is probed while presences come as announced', () => {
  const bench = new Bench('b', ['a', 'c', 'd', 'e', 'f']);
  for (let nowMs = 0; nowMs < 20_000; nowMs += 1_900) {
    bench.hear(['a', 'c', 'd', 'e', 'f'], nowMs, 1_900);
    bench.runTo(nowMs + 1_899);
  }
  assert.deepEqual(bench.take(), []);
});

test('an overdue presence is looked into at once by the first watcher, later by the two behind it, by the others not at all', () => {
  const at = (self: string): number[] => {
    const bench = new Bench(
      self,
      ['a', 'b', 'c', 'd', 'e', 'f'].filter((id) => id !== self),
    );
    const others = ['a', 'b', 'c', 'd', 'e', 'f'].filter((id) => id !== self && id !== 'f');
    bench.hear([...others, ...(self === 'f' ? [] : ['f'])], 0, 1_000);
    for (let nowMs = 900; nowMs <= 2_300; nowMs += 100) {
      bench.runTo(nowMs);
      bench.hear(others, nowMs, 1_000);
      bench.hearsUntil('f', 10_000);
    }
    return bench.probed.filter(({ id }) => id === 'f').map(({ atMs }) => atMs);
  };
  assert.equal(at('e')[0], 1_050);
  assert.equal(at('d')[0], 1_550);
  assert.equal(at('c')[0], 2_050);
  assert.deepEqual(at('b'), []);
  assert.deepEqual(at('a'), []);
});

test('long gaps between presences are divided by probes of the first watcher', () => {
  const bench = new Bench('b', ['a', 'c', 'd', 'e']);
  for (let nowMs = 0; nowMs < 24_000; nowMs += 6_000) {
    bench.hear(['a', 'c', 'd', 'e'], nowMs, 6_000);
    bench.runTo(nowMs + 5_999);
    assert.deepEqual(
      bench.probed.splice(0).map(({ id, atMs }) => [id, atMs - nowMs]),
      [
        ['c', 2_050],
        ['c', 4_100],
      ],
    );
  }
});

test('one lost presence costs one probe: who answers is left alone until the next presence', () => {
  const bench = new Bench('b', ['a', 'c', 'd', 'e']);
  bench.hear(['a', 'c', 'd', 'e'], 0, 1_000);
  bench.runTo(900);
  bench.hear(['a', 'd', 'e'], 900, 5_000);
  bench.hearsUntil('c', 10_000);
  bench.runTo(2_900);
  assert.deepEqual(bench.take(), ['c']);
});

test('who stays silent is probed again, but not without a pause', () => {
  const bench = new Bench('b', ['a', 'c']);
  bench.answers = false;
  bench.runTo(3_000);
  const times = bench.probed.map(({ atMs }) => atMs);
  assert.ok(times.length >= 3);
  for (let i = 1; i < times.length; i++) assert.ok(times[i] - times[i - 1] >= 500);
});

test('the very next member is watched where it is not heard, no other one of those', () => {
  const bench = new Bench('b', ['a', 'c', 'd', 'e', 'f', 'g']);
  bench.hear(['d', 'f', 'g', 'a'], 0, 60_000);
  assert.deepEqual(
    bench.watch.watched(0).map(({ member, rank }) => [member.id, rank]),
    [
      ['c', 0],
      ['d', 0],
      ['f', 1],
      ['g', 2],
    ],
  );
});

test('one that nobody hears is watched by the one before it alone', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const watchers = names.slice(0, 5).filter((self) => {
    const others = names.filter((id) => id !== self);
    const bench = new Bench(self, others);
    bench.hear(
      others.filter((id) => id !== 'f'),
      0,
      60_000,
    );
    return bench.watch.watched(0).some(({ member }) => member.id === 'f');
  });
  assert.deepEqual(watchers, ['e']);
});

test('whatever a presence announces, its member is probed neither all the time nor too late', () => {
  for (const nextMs of [0, 1, Number.MAX_SAFE_INTEGER]) {
    const bench = new Bench('b', ['a', 'c', 'd', 'e']);
    bench.runTo(0);
    for (let nowMs = 0; nowMs < 20_000; nowMs += 1_000) {
      if (nowMs % 10_000 === 0) bench.hear(['a', 'c', 'd', 'e'], nowMs, nextMs);
      for (const id of ['a', 'c', 'd', 'e']) bench.hearsUntil(id, 30_000);
      bench.runTo(nowMs + 999);
    }
    const probes = bench.take().filter((id) => id === 'c').length;
    assert.ok(probes >= 6 && probes <= 12, `announced ${nextMs}: ${probes} probes in 20 s`);
  }
});

test('phi probes before the silence is over, where it is switched on', () => {
  // B-78
  for (const [phiProbe, probes] of [
    [0, 0],
    [2, 1],
  ] as const) {
    const bench = new Bench('b', ['c'], { phiProbe });
    const member = bench.member('c');
    for (let nowMs = 0; nowMs <= 2_000; nowMs += 200) {
      member.arrivals.add(nowMs);
      member.provedAtMs = nowMs;
    }
    bench.runTo(3_000);
    assert.equal(bench.take().length, probes, `phi ${phiProbe}`);
  }
});

test('a node without members sleeps', () => {
  const bench = new Bench('b', []);
  assert.equal(bench.timers.size, 0);
});
