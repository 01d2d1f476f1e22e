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
  bench.prober.onAck(probe.id);
  assert.equal(bench.health.score, 1);
  assert.equal(bench.prober.underWay, 0);
  bench.runTo(20_000);
  assert.deepEqual(bench.accused, []);
});

test('silence is answered by further pings, then helpers, then one accusation within the interval', () => {
  // B-2, B-19
  const bench = new Bench(['a', 'b', 'c', 'd', 'e']);
  bench.probe('a');
  bench.runTo(1_000);
  assert.ok(bench.pings.length >= 3);
  assert.equal(bench.requests.length, 3);
  assert.equal(new Set(bench.requests.map(({ helper }) => helper)).size, 3);
  assert.ok(bench.requests.every(({ helper, target }) => helper !== 'a' && target === 'a'));
  assert.equal(bench.accused.length, 1);
  assert.equal(bench.accused[0].target, 'a');
  assert.deepEqual(bench.accused[0].evidence.helpers, 3);
});

test('an ack of another probe, or a second ack, changes nothing', () => {
  // B-3, B-4
  const bench = new Bench(['a', 'b']);
  bench.health.change(5);
  const probe = bench.probe('a');
  bench.prober.onAck(probe.id + 1);
  assert.equal(bench.health.score, 5);
  bench.prober.onAck(probe.id);
  bench.prober.onAck(probe.id);
  assert.equal(bench.health.score, 4);
});

test('an ack after the helpers were asked completes the probe', () => {
  // B-4, B-23
  const bench = new Bench(['a', 'b', 'c', 'd']);
  const probe = bench.probe('a');
  bench.runToHelp();
  assert.equal(bench.requests.length, 3);
  bench.prober.onNack(probe.id, 'b');
  bench.prober.onAck(probe.id);
  bench.runTo(5_000);
  assert.deepEqual(bench.accused, []);
});

test('a member that goes or is renewed while it is probed is not accused', () => {
  // B-13
  for (const change of ['forgotten', 'renewed', 'left'] as const) {
    const bench = new Bench(['a', 'b', 'c']);
    bench.probe('a');
    bench.runTo(150);
    if (change === 'forgotten') bench.members.forget('a');
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
  bench.prober.onNack(999, 'b');
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
    for (const helper of ['b', 'c', 'd'].slice(0, nacks)) bench.prober.onNack(probe.id, helper);
    if (nacks > 0) bench.prober.onNack(probe.id, 'b');
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
  for (let i = 0; i < 4; i++) {
    bench.prober.onInterval(i);
    bench.prober.onAck(bench.last!.id);
  }
  assert.deepEqual([...bench.pings].sort(), ['a', 'b', 'c', 'd']);
});

test('a member that is heard by multicast is left alone', () => {
  const bench = new Bench(['a', 'b']);
  const member = bench.members.get('a')!;
  member.vouchedUntilMs = 5_000;
  for (let i = 0; i < 4; i++) {
    bench.prober.onInterval(i);
    bench.prober.onAck(bench.last!.id);
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
