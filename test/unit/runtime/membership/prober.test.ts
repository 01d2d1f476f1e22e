import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '#runtime/core/random.ts';
import { TimerTable } from '#runtime/core/timers.ts';
import { makeVersion } from '#runtime/core/version.ts';
import type { Evidence } from '#runtime/membership/accusation-record.ts';
import { LocalHealth } from '#runtime/membership/local-health.ts';
import type { Member } from '#runtime/membership/member.ts';
import { MemberTable } from '#runtime/membership/member-table.ts';
import { type Probe, Prober, type ProbeSettings } from '#runtime/membership/prober.ts';

const SETTINGS: ProbeSettings = {
  probeIntervalMs: 1_000,
  probeTimeoutMinMs: 100,
  probeTimeoutMaxMs: 2_000,
  probeHelpers: 3,
};

/** A prober whose surroundings note what it asks of them. */
class Bench {
  readonly health = new LocalHealth(8);
  readonly timers = new TimerTable();
  readonly members = new MemberTable((member) => this.prober?.noteState(member));
  readonly prober: Prober;
  readonly pings: string[] = [];
  readonly requests: { helper: string; target: string }[] = [];
  readonly touched: string[] = [];
  readonly doubts: { silent: number; asked: number }[] = [];
  readonly accused: { target: string; evidence: Evidence; nowMs: number }[] = [];
  last: Probe | undefined;
  nowMs = 0;

  constructor(names: readonly string[], settings: Partial<ProbeSettings> = {}) {
    this.prober = new Prober({
      settings: { ...SETTINGS, ...settings },
      members: this.members,
      health: this.health,
      timers: this.timers,
      random: new SeededRandom(1),
      port: {
        ping: (probe) => {
          this.last = probe;
          this.pings.push(probe.target);
        },
        touch: (target) => this.touched.push(target.id) > 0,
        pingReq: (probe, helper) => this.requests.push({ helper: helper.id, target: probe.target }),
        accuse: (target, evidence, nowMs) => this.accused.push({ target: target.id, evidence, nowMs }),
        doubtSelf: (silent) => this.doubts.push(silent),
      },
    });
    for (const name of names) this.know(name);
  }

  know(name: string, boot = 1): Member {
    const endpoint = { transport: 'udp', address: '10.0.0.1', port: 1 } as const;
    const facts = {
      name,
      incarnation: 0,
      state: 'alive',
      endpoints: [endpoint],
      tags: {},
      protocol: 1,
    } as const;
    return this.members.applyFacts(name, makeVersion(boot, 1), facts, this.nowMs);
  }

  /** Runs the prober's own steps, not its interval, up to a time. */
  runTo(untilMs: number): void {
    while (this.timers.nextMs <= untilMs) {
      this.nowMs = this.timers.nextMs;
      const key = this.timers.takeDue(this.nowMs);
      if (key?.startsWith('step/')) this.prober.onStep(Number(key.slice(5)), this.nowMs);
      else if (key === 'probe') this.prober.onInterval(this.nowMs);
    }
    this.nowMs = untilMs;
  }

  /** Runs until helpers were asked. */
  runToHelp(): void {
    for (let ms = this.nowMs; this.requests.length === 0 && ms < 5_000; ms += 10) this.runTo(ms);
  }

  probe(name: string): Probe {
    this.prober.probe(this.members.get(name)!, this.nowMs);
    return this.last!;
  }
}

test('an ack ends the probe, improves health, and the next member has its turn', () => {
  // B-1, B-20
  const bench = new Bench(['a', 'b', 'c']);
  bench.health.change(2);
  const probe = bench.probe('a');
  bench.prober.onAck(probe.id, { nowMs: bench.nowMs });
  assert.equal(bench.health.score, 1);
  assert.equal(bench.prober.underWay, 0);
  bench.runTo(20_000);
  assert.deepEqual(bench.accused, []);
});

test('silence is answered by further pings, then helpers, then one accusation within the interval', () => {
  // B-2, B-19
  const bench = new Bench(['a', 'b', 'c', 'd', 'e']);
  const probe = bench.probe('a');
  bench.runToHelp();
  assert.equal(bench.requests.length, 3);
  bench.prober.onNack(probe.id, { nowMs: bench.nowMs, helper: bench.requests[0].helper });
  bench.runTo(1_000);
  assert.ok(bench.pings.length >= 3);
  assert.equal(new Set(bench.requests.map(({ helper }) => helper)).size, 3);
  assert.ok(bench.requests.every(({ target }) => target === 'a'));
  assert.equal(bench.accused.length, 1);
  assert.equal(bench.accused[0].target, 'a');
  assert.deepEqual(bench.accused[0].evidence.helpers, 3);
});

test('an ack of another probe, or a second ack, changes nothing', () => {
  // B-3, B-4
  const bench = new Bench(['a', 'b']);
  bench.health.change(5);
  const probe = bench.probe('a');
  bench.prober.onAck(probe.id + 1, { nowMs: bench.nowMs });
  assert.equal(bench.health.score, 5);
  bench.prober.onAck(probe.id, { nowMs: bench.nowMs });
  bench.prober.onAck(probe.id, { nowMs: bench.nowMs });
  assert.equal(bench.health.score, 4);
});

test('an ack after the helpers were asked completes the probe', () => {
  // B-4, B-23
  const bench = new Bench(['a', 'b', 'c', 'd']);
  const probe = bench.probe('a');
  bench.runToHelp();
  assert.equal(bench.requests.length, 3);
  bench.prober.onNack(probe.id, { nowMs: bench.nowMs, helper: 'b' });
  bench.prober.onAck(probe.id, { nowMs: bench.nowMs });
  bench.runTo(5_000);
  assert.deepEqual(bench.accused, []);
});

test('a member that goes or is renewed while it is probed is not accused', () => {
  // B-13
  for (const change of ['forgotten', 'renewed', 'left'] as const) {
    const bench = new Bench(['a', 'b', 'c']);
    bench.probe('a');
    bench.runTo(150);
    if (change === 'forgotten') bench.members.forget('a', 0);
    else if (change === 'renewed') bench.know('a', 2);
    else bench.members.declareDown(bench.members.get('a')!, bench.nowMs);
    bench.runTo(5_000);
    assert.deepEqual(bench.accused, [], change);
    assert.deepEqual(bench.requests, [], change);
    assert.equal(bench.prober.underWay, 0);
  }
});

test('steps of probes that are over do nothing', () => {
  // B-14, B-16
  const bench = new Bench(['a', 'b']);
  const probe = bench.probe('a');
  bench.prober.cancel('a');
  bench.prober.onStep(probe.id, 500);
  bench.prober.onStep(999, 500);
  bench.prober.onNack(999, { nowMs: bench.nowMs, helper: 'b' });
  assert.equal(bench.pings.length, 1);
  assert.equal(bench.timers.size, 0);
});

test('health falls by the helpers that were silent, not by the target that is dead', () => {
  // B-19
  for (const [nacks, score] of [
    [3, 0],
    [2, 1],
    [0, 3],
  ] as const) {
    const bench = new Bench(['a', 'b', 'c', 'd']);
    const probe = bench.probe('a');
    bench.runToHelp();
    for (const helper of ['b', 'c', 'd'].slice(0, nacks))
      bench.prober.onNack(probe.id, { nowMs: bench.nowMs, helper: helper });
    if (nacks > 0) bench.prober.onNack(probe.id, { nowMs: bench.nowMs, helper: 'b' });
    bench.runTo(bench.nowMs + 1_000);
    assert.equal(bench.health.score, score, `${nacks} nacks`);
  }
});

test('a failed probe without helpers costs one', () => {
  // B-21
  const bench = new Bench(['a'], { probeHelpers: 0 });
  bench.probe('a');
  bench.runTo(1_000);
  assert.equal(bench.health.score, 1);
  assert.equal(bench.accused.length, 1);
});

test('time-outs stretch with health', () => {
  // B-20
  const bench = new Bench(['a', 'b']);
  const well = bench.probe('a');
  bench.health.change(3);
  const unwell = bench.probe('b');
  assert.equal(unwell.timeoutMs, 4 * well.timeoutMs);
  assert.equal(unwell.deadlineMs, 4 * well.deadlineMs);
});

test('the wait for an ack follows the round trip within its bounds', () => {
  // B-18
  const bench = new Bench(['a']);
  const member = bench.members.get('a')!;
  assert.equal(bench.prober.timeoutFor(member), 200);
  for (let i = 0; i < 100; i++) member.roundTrip.add(1);
  assert.equal(bench.prober.timeoutFor(member), 100);
  for (let i = 0; i < 100; i++) member.roundTrip.add(100);
  assert.ok(Math.abs(bench.prober.timeoutFor(member) - 400) < 5);
  for (let i = 0; i < 100; i++) member.roundTrip.add(5_000);
  assert.equal(bench.prober.timeoutFor(member), 2_000);
});

test('one member is probed by one probe at a time, and each within a pass', () => {
  // B-11
  const bench = new Bench(['a', 'b', 'c', 'd']);
  bench.probe('a');
  bench.prober.probe(bench.members.get('a')!, 10);
  assert.equal(bench.prober.underWay, 1);
  bench.prober.cancel('a');
  bench.pings.length = 0;
  // Each second turn is a random probe's.
  for (let i = 0; i < 8; i++) {
    bench.prober.onInterval(i);
    bench.prober.onAck(bench.last!.id, { nowMs: bench.nowMs });
  }
  assert.deepEqual([...bench.pings].sort(), ['a', 'b', 'c', 'd']);
});

test('a member that is heard by multicast is left alone', () => {
  const bench = new Bench(['a', 'b']);
  const member = bench.members.get('a')!;
  member.heard = { ...member.heard, vouchedUntilMs: 5_000 };
  for (let i = 0; i < 4; i++) {
    bench.prober.onInterval(i);
    bench.prober.onAck(bench.last!.id, { nowMs: bench.nowMs });
  }
  assert.deepEqual(new Set(bench.pings), new Set(['b']));
});

test('down and left members are neither probed nor asked for help', () => {
  // B-11, B-61
  const bench = new Bench(['a', 'b', 'c', 'd', 'e']);
  for (const name of ['b', 'c']) bench.members.declareDown(bench.members.get(name)!, 0);
  bench.probe('a');
  bench.runTo(1_000);
  assert.deepEqual(bench.requests.map(({ helper }) => helper).sort(), ['d', 'e']);
  assert.ok(!bench.pings.includes('b') && !bench.pings.includes('c'));
});

test('helpers that all say they heard nothing are verdict enough, once a second round of them says so too', () => {
  // B-2, B-19
  const bench = new Bench(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  const probe = bench.probe('a');
  bench.runToHelp();
  const answer = () => {
    for (const { helper } of [...bench.requests])
      bench.prober.onNack(probe.id, { nowMs: bench.nowMs, helper });
  };
  answer();
  assert.equal(bench.requests.length, 6);
  assert.equal(bench.accused.length, 0);
  answer();
  assert.equal(bench.accused.length, 1);
  assert.deepEqual(bench.accused[0].evidence, {
    waitedMs: bench.nowMs,
    helpers: 6,
    nacks: 6,
    localHealth: 0,
    refusals: 0,
  });
  assert.ok(bench.nowMs < 700);
  assert.equal(bench.health.score, 0);
});

test('a verdict by two helpers alone takes its full time', () => {
  const bench = new Bench(['a', 'b', 'c']);
  const probe = bench.probe('a');
  bench.runToHelp();
  for (const helper of ['b', 'c']) bench.prober.onNack(probe.id, { nowMs: bench.nowMs, helper });
  assert.deepEqual(bench.accused, []);
  bench.runTo(1_000);
  assert.equal(bench.accused.length, 1);
});

test('nacks of those that nobody asked do not count', () => {
  const bench = new Bench(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  const probe = bench.probe('a');
  for (const helper of ['b', 'c', 'd', 'e', 'f', 'g', 'h'])
    bench.prober.onNack(probe.id, { nowMs: bench.nowMs, helper });
  assert.deepEqual(bench.accused, []);
});

test('silence on all sides is taken for the own link first, and after five seconds for what it says', () => {
  const bench = new Bench(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  bench.health.change(-8);
  bench.probe('a');
  bench.runTo(1_000);
  assert.equal(bench.accused.length, 0);
  assert.equal(bench.doubts.length, 1);
  assert.equal(bench.doubts[0].silent, bench.doubts[0].asked);
  for (let probes = 0; bench.accused.length === 0; probes++) {
    assert.ok(probes < 20, 'speaks in the end');
    const { deadlineMs } = bench.probe('a');
    bench.runTo(deadlineMs);
  }
  assert.ok(bench.accused[0].nowMs >= 5_000);
});

test('one helper that answers, or another accuser, shows that the own link works', () => {
  for (const sign of ['nack', 'question', 'accuser'] as const) {
    const bench = new Bench(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
    const probe = bench.probe('a');
    bench.runToHelp();
    const [{ helper }] = bench.requests;
    if (sign === 'nack') bench.prober.onNack(probe.id, { nowMs: bench.nowMs, helper });
    else if (sign === 'question') bench.prober.onAsked(helper, bench.nowMs);
    else {
      const accusation = {
        accuser: 'z',
        boot: 1,
        incarnation: 0,
        stage: 'suspect',
        madeAtMs: 0,
        heardAtMs: 0,
      } as const;
      bench.members.accuse('a', accusation, bench.nowMs);
    }
    bench.runTo(1_000);
    assert.equal(bench.accused.length, 1, sign);
    assert.deepEqual(bench.doubts, [], sign);
  }
});

test('a helper that wants a proof first is asked again with it, once', () => {
  const bench = new Bench(['a', 'b', 'c', 'd', 'e']);
  bench.probe('a');
  bench.runToHelp();
  const [{ helper }] = bench.requests;
  bench.prober.onAsked(helper, bench.nowMs);
  bench.prober.onAsked(helper, bench.nowMs);
  bench.prober.onAsked('stranger', bench.nowMs);
  assert.equal(bench.requests.filter((request) => request.helper === helper).length, 2);
  assert.equal(bench.requests.length, 4);
});

test('who is heard by multicast but has not proven itself is probed seldom, all the same', () => {
  const bench = new Bench(['a']);
  const member = bench.members.get('a')!;
  member.heard = { ...member.heard, segment: 'eth0', segmentUntilMs: 1_000 };
  const probedIn: number[] = [];
  for (let turn = 0; turn < 16; turn++) {
    const before = bench.pings.length;
    bench.prober.onInterval(turn);
    if (bench.pings.length === before) continue;
    probedIn.push(turn);
    bench.prober.onAck(bench.last!.id, { nowMs: turn });
  }
  assert.deepEqual(probedIn, [0, 8]);
});
