import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeId } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { TimerTable } from '#runtime/core/timers.ts';
import type { Version } from '#runtime/core/version.ts';
import { OwnerRecords } from '#runtime/data/owner-records.ts';
import { PassedOver } from '#runtime/data/passed-over.ts';
import type { EngineContext } from '#runtime/engine/context.ts';
import { SecondLook } from '#runtime/engine/second-look.ts';

/** A node that passed over a record of each of so many owners, and hears of a law that allows it. @param hasIt whose is told when asked for. */
function play(count: number, hasIt: (index: number) => boolean) {
  const timers = new TimerTable();
  const owners = Array.from({ length: count }, (_, index) => {
    const records = new OwnerRecords(index.toString(16).padStart(32, '0'));
    records.passedOver = new PassedOver();
    records.passedOver.note('k', 5);
    return records;
  });
  const asked: NodeId[] = [];
  const ctx = {
    timers,
    random: new SeededRandom(1),
    table: { owners: () => owners.values() },
    members: { get: () => undefined, reachable: () => [{ id: 'f'.repeat(32) }] },
    sync: {
      wantFrom(_peer: unknown, { owner, known }: { readonly owner: NodeId; readonly known: Version }) {
        assert.equal(known, 4);
        asked.push(owner);
        const index = Number.parseInt(owner, 16);
        if (hasIt(index)) owners[index].passedOver?.settle({ key: 'k', version: 5 });
      },
    },
  } as unknown as EngineContext;
  const look = new SecondLook(ctx);
  look.onLaw(() => true, 0);
  let nowMs = 0;
  for (; timers.nextMs < 24 * 3_600_000; look.onTurn(nowMs)) {
    nowMs = timers.nextMs;
    timers.takeDue(nowMs);
  }
  const left = owners.filter(({ passedOver }) => Number.isFinite(passedOver!.lowestOpen)).length;
  const timesOf = ({ owner }: OwnerRecords) => asked.filter((each) => each === owner).length;
  return { asked: asked.length, left, nowMs, leastAsked: Math.min(...owners.map(timesOf)) };
}

test('[P-5.49] all owners are asked about while it brings something, and nobody once there is nothing more', () => {
  const { asked, left } = play(200, () => true);
  assert.deepEqual([asked, left], [200, 0]);
});

test('[P-5.49] what nobody has is asked for eight times, then no more', () => {
  const { asked, left, nowMs } = play(3, () => false);
  assert.deepEqual([asked, left], [24, 3]);
  assert.ok(nowMs > 120_000 && nowMs < 600_000, `${nowMs} ms`);
});

test('[P-5.49] owners that are gone do not keep others from being asked about', () => {
  const { left, leastAsked, asked } = play(300, (index) => index >= 290);
  assert.equal(left, 290);
  assert.ok(leastAsked >= 1);
  assert.ok(asked < 1_500, `${asked} questions`);
});
