import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpointKey } from '#runtime/core/endpoint.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { TimerTable } from '#runtime/core/timers.ts';
import { makeVersion } from '#runtime/core/version.ts';
import type { Evidence } from '#runtime/membership/accusation-record.ts';
import { LocalHealth } from '#runtime/membership/local-health.ts';
import { MemberTable } from '#runtime/membership/member-table.ts';
import { type Probe, Prober } from '#runtime/membership/prober.ts';

const SETTINGS = {
  probeIntervalMs: 1_000,
  probeTimeoutMinMs: 100,
  probeTimeoutMaxMs: 2_000,
  probeHelpers: 3,
};
const endpointOf = (last: number) => ({ transport: 'udp', address: `10.0.0.${last}`, port: 1 }) as const;
const TARGET = endpointKey(endpointOf(1));

/** A prober of four members, of which `a` at 10.0.0.1 is probed and doesn't answer. */
function probing(options: { readonly mayTouch?: boolean } = {}) {
  const timers = new TimerTable();
  const health = new LocalHealth(8);
  const members = new MemberTable(() => {});
  const accused: Evidence[] = [];
  const seen = { touchedAtMs: [] as number[], helpers: 0, nowMs: 0, probe: undefined as Probe | undefined };
  const prober = new Prober({
    settings: SETTINGS,
    members,
    health,
    timers,
    random: new SeededRandom(1),
    port: {
      ping: (probe) => {
        seen.probe = probe;
      },
      pingReq: () => {
        seen.helpers++;
      },
      touch: (_target, nowMs) => {
        seen.touchedAtMs.push(nowMs);
        return options.mayTouch ?? true;
      },
      accuse: (_target, evidence) => accused.push(evidence),
      doubtSelf: () => {},
    },
  });
  for (const [i, name] of ['a', 'b', 'c', 'd'].entries()) {
    const endpoints = [endpointOf(i + 1)];
    const facts = { name, incarnation: 0, state: 'alive', endpoints, tags: {}, protocol: 1 } as const;
    members.applyFacts(name, makeVersion(1, 1), facts, 0);
  }
  // A measured round trip, so that the time-out is the least one.
  prober.noteRoundTrip(4);
  prober.probe(members.get('a')!, 0);
  const runTo = (untilMs: number) => {
    for (; timers.nextMs <= untilMs; seen.nowMs = untilMs) {
      const nowMs = timers.nextMs;
      const key = timers.takeDue(nowMs);
      if (key?.startsWith('step/')) prober.onStep(Number(key.slice(5)), nowMs);
    }
  };
  return { prober, health, accused, seen, runTo };
}

test('[P-6.9] a member is touched once its ping stayed unanswered, and three times at most', () => {
  const { seen, runTo } = probing();
  runTo(99);
  assert.deepEqual(seen.touchedAtMs, []);
  runTo(5_000);
  assert.deepEqual(seen.touchedAtMs, [100, 200, 300]);
});

test('[P-6.10] a refusal asks helpers at once, and accuses a time-out later', () => {
  const { prober, accused, seen, runTo } = probing();
  runTo(100);
  assert.equal(seen.helpers, 0);
  assert.equal(prober.onRefused(TARGET, 105), true);
  assert.equal(seen.helpers, 3);
  prober.onNack(seen.probe!.id, { nowMs: 110, helper: 'b' });
  runTo(199);
  assert.deepEqual(accused, []);
  runTo(5_000);
  assert.deepEqual(accused, [{ waitedMs: 200, helpers: 3, nacks: 1, localHealth: 0, refusals: 1 }]);
  assert.deepEqual(seen.touchedAtMs, [100]);
});

test('[P-6.10] whoever is reached after a refusal is not accused', () => {
  // B-4
  const { prober, accused, seen, runTo } = probing();
  runTo(100);
  prober.onRefused(TARGET, 105);
  prober.onAck(seen.probe!.id, { nowMs: 110, helper: 'c' });
  runTo(5_000);
  assert.deepEqual(accused, []);
  assert.equal(prober.onRefused(TARGET, 5_001), false);
});

test('[P-6.10] a refusal is the word of the other host: it costs no health, and an unwell node passes it on', () => {
  const { prober, health, accused, runTo } = probing();
  health.change(7);
  assert.ok(health.unwell);
  runTo(100);
  prober.onRefused(TARGET, 105);
  runTo(5_000);
  assert.equal(accused.length, 1);
  assert.equal(health.score, 7);
});

test('[P-6.10] refusals count only for touches that went out, and only from there', () => {
  const quiet = probing({ mayTouch: false });
  quiet.runTo(100);
  assert.equal(quiet.prober.onRefused(TARGET, 105), false);
  const { prober, accused, runTo } = probing();
  assert.equal(prober.onRefused(TARGET, 5), false, 'before the touch');
  runTo(100);
  assert.equal(prober.onRefused(endpointKey(endpointOf(2)), 105), false);
  runTo(250);
  assert.deepEqual(accused, []);
});
