import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOOT_RISE_PER_DAY } from '#runtime/core/boot-rises.ts';
import type { Counters } from '#runtime/core/counters.ts';
import { BOOT_MAX, makeVersion } from '#runtime/core/version.ts';
import type { Block, Message } from '#runtime/wire/message.ts';
import type { Lie } from '../support/lying-host.ts';
import { LyingWorld } from '../support/lying-world.ts';

/** One member of six lies about the boots of others: nobody's boots are used up by it, and nobody is muted for long. */
const LIE_MS = 30_000;
const NO_HASH = new Uint8Array(8);

function suffer(lie: Lie, { refutedMs = 500 } = {}): LyingWorld {
  const lying = new LyingWorld(lie).form();
  lying.lieFor(LIE_MS);
  lying.rest(15_000);
  assert.deepEqual(lying.downsLongerThan(refutedMs), []);
  assert.ok(lying.isWhole, lying.describe());
  return lying;
}

const blocks = (...all: Block[]): Message => ({ type: 'blocks', blocks: all });
const bootsOf = (lying: LyingWorld) => lying.honest.map((host) => lying.world.hosts[host].engine?.boot ?? 0);
const sum = (lying: LyingWorld, read: (counters: Readonly<Counters>) => number) =>
  lying.honest.reduce((total, host) => total + read(lying.counters(host)), 0);

test('[P-6.30] a boot far in the future is not followed, and a near one no further than needed', () => {
  const lying = suffer({
    everyMs: 1_000,
    tell(liar, round) {
      const [victim] = liar.others;
      const boot = round < 5 ? 100 * (round + 1) : BOOT_MAX - (round % 2);
      liar.say(victim, [
        {
          type: 'digest',
          tableHash: NO_HASH,
          lines: [{ owner: victim.id, known: makeVersion(boot, 7), gc: 0 }],
        },
      ]);
    },
  });
  const boots = bootsOf(lying);
  assert.equal(Math.max(...boots), 501);
});

test('[P-5.23] a member that speaks in the name of another at the last boot there is neither bricks nor mutes it', () => {
  let mostBoots = 0;
  const lying = suffer({
    everyMs: 200,
    tell(liar, round) {
      const [victim, ...rest] = liar.others;
      const boot = [BOOT_MAX, BOOT_MAX - 1, 900_000, 30_000][round % 4];
      const forged = liar.nodeBlock(victim.id, makeVersion(boot, 1 + round), victim.facts, 0);
      for (const other of rest) {
        // In its own name, and in the victim's: by a session that it proves itself.
        liar.say(other, [blocks(forged)]);
        liar.say(other, [{ type: 'ping', seq: round, destBoot: 0 }, blocks(forged)], { id: victim.id, boot });
      }
      const line = { owner: victim.id, known: makeVersion(boot, 7), gc: 0 };
      liar.say(victim, [{ type: 'digest', tableHash: NO_HASH, lines: [line] }]);
      mostBoots = Math.max(mostBoots, round);
    },
  });
  assert.ok(mostBoots > 100);
  const victim = lying.world.hosts[0];
  assert.ok(Math.max(...bootsOf(lying)) < 100, `${bootsOf(lying)}`);
  lying.world.put(0, 'soc', 5);
  lying.rest(3_000);
  for (const host of lying.honest)
    assert.ok(lying.world.records.heldBy(host, victim.id, 'soc') > 0, `node ${host}`);
  assert.ok(sum(lying, ({ drops }) => drops.quota) > 100);
});

test('what a liar can raise a boot by in a day is bounded, and its owner outdoes it', () => {
  const lying = suffer(
    {
      everyMs: 1_000,
      tell(liar, round) {
        const [victim, ...rest] = liar.others;
        const version = makeVersion(2_000 * (round + 1), 1);
        const forged = liar.nodeBlock(victim.id, version, { ...victim.facts, state: 'left' }, 0);
        for (const other of rest) liar.say(other, [blocks(forged)]);
      },
    },
    { refutedMs: 15_000 },
  );
  const boots = bootsOf(lying);
  assert.ok(Math.max(...boots) <= 1 + BOOT_RISE_PER_DAY + 100, `${boots}`);
});
