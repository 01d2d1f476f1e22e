import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '#runtime/core/random.ts';
import { TimerTable } from '#runtime/core/timers.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { LocalHealth } from '#runtime/membership/local-health.ts';
import { MemberTable } from '#runtime/membership/member-table.ts';
import { Prober } from '#runtime/membership/prober.ts';

test('a probe whose steps were missed by a stall accuses nobody: no helper was asked', () => {
  // B-2, B-14
  const accused: string[] = [];
  const members = new MemberTable(() => {});
  const prober = new Prober({
    settings: { probeIntervalMs: 1_000, probeTimeoutMinMs: 100, probeTimeoutMaxMs: 2_000, probeHelpers: 3 },
    members,
    health: new LocalHealth(8),
    timers: new TimerTable(),
    random: new SeededRandom(1),
    port: {
      ping: () => {},
      pingReq: () => {},
      touch: () => false,
      accuse: (target) => accused.push(target.id),
      doubtSelf: () => {},
    },
  });
  for (const name of ['a', 'b', 'c', 'd']) {
    const endpoint = { transport: 'udp', address: '10.0.0.1', port: 1 } as const;
    const facts = {
      name,
      incarnation: 0,
      state: 'alive',
      endpoints: [endpoint],
      tags: {},
      protocol: 1,
    } as const;
    members.applyFacts(name, makeVersion(1, 1), facts, 0);
  }
  prober.probe(members.get('a')!, 0);
  prober.onStep(1, 5_000);
  assert.deepEqual(accused, []);
});
