import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCUSE_SLOTS, OWNERS_MAX, SESSIONS_MAX } from '#runtime/core/limits.ts';
import { BOOT_MAX, makeVersion } from '#runtime/core/version.ts';
import { accuseKey, encodeAccusation } from '#runtime/membership/accusation-record.ts';
import { INCARNATION_MAX } from '#runtime/membership/node-facts.ts';
import type { Block, Message } from '#runtime/wire/message.ts';
import type { Known, Lie, LyingHost } from '../support/lying-host.ts';
import { LyingWorld } from '../support/lying-world.ts';

/**
 * One member of six lies, for as long as it likes. Whoever holds the group key is trusted for the content of records until they are
 * signed: it may say what it likes of others, but nobody crashes or runs out of memory, nothing is amplified, and who runs is
 * `down` (or `left`) to nobody for longer than it takes to contradict.
 */
const REFUTED_MS = 500;
/** Until a node that nobody calls any more has pinged somebody itself. */
const PROBED_MS = 2_500;
const LIE_MS = 30_000;
const NO_HASH = new Uint8Array(8);

interface Outcome {
  readonly lying: LyingWorld;
  readonly honestBytes: number;
  readonly liarBytes: number;
}

/** Lets a host lie, checks what must hold for every lie, and what is left of it a while later. */
function suffer(
  lie: Lie,
  options: { forMs?: number; nodes?: number; medium?: 'unicast' | 'multicast'; refutedMs?: number } = {},
): Outcome {
  const lying = new LyingWorld(lie, options).form();
  const sent = lying.lieFor(options.forMs ?? LIE_MS);
  lying.rest(15_000);
  assert.deepEqual(lying.downsLongerThan(options.refutedMs ?? REFUTED_MS), []);
  assert.ok(lying.isWhole, lying.describe());
  const { peaks } = lying;
  assert.ok((peaks.owners ?? 0) <= OWNERS_MAX && (peaks.members ?? 0) <= OWNERS_MAX);
  assert.ok((peaks.sessions ?? 0) <= SESSIONS_MAX && (peaks.pending ?? 0) <= 8_192);
  assert.ok((peaks.wants ?? 0) <= 1_024 && (peaks.told ?? 0) <= 4_097);
  assert.equal(peaks.outputs, 0);
  return { lying, ...sent };
}

function accusation(
  liar: LyingHost,
  about: {
    owner?: string;
    version?: number;
    slot: number;
    target: string;
    boot: number;
    incarnation: number;
    ageMs?: number;
  },
): Block {
  const { target, boot, incarnation } = about;
  const evidence = { waitedMs: 900, helpers: 3, nacks: 3, localHealth: 0 };
  const value = encodeAccusation({ target, boot, incarnation, stage: 'suspect', evidence });
  const record = {
    version: about.version ?? liar.nextVersion(),
    key: accuseKey(about.slot),
    value,
    ttlMs: 60_000,
  };
  return liar.block(about.owner ?? liar.id, record, { ageMs: about.ageMs ?? 0 });
}

/** Accuses a node of its present life. */
function accuse(liar: LyingHost, { id, boot, facts }: Known, slot: number, ageMs = 0): Block {
  return accusation(liar, { slot, target: id, boot, incarnation: facts.incarnation, ageMs });
}

const blocks = (...all: Block[]): Message => ({ type: 'blocks', blocks: all });

/** The counters of all honest nodes together. */
function sum(lying: LyingWorld, read: (counters: ReturnType<LyingWorld['counters']>) => number): number {
  return lying.honest.reduce((total, host) => total + read(lying.counters(host)), 0);
}

test('a peer that acks with wrong numbers is suspected, and nobody else is', () => {
  // B-3
  const { lying } = suffer({
    everyMs: 1_000,
    tell() {},
    answer: (message) =>
      message.type === 'ping' ? { type: 'ack', seq: (message.seq + 1) >>> 0 } : undefined,
  });
  assert.ok(sum(lying, ({ probesFailed }) => probesFailed) > 0);
  assert.ok(sum(lying, ({ suspicions }) => suspicions) > 0, 'a talker that answers no question');
  assert.ok(sum(lying, ({ drops }) => drops.unsolicited) > 0);
});

test('a peer that speaks in the name of another takes nobody down, and does not silence the other', () => {
  const { lying } = suffer({
    everyMs: 50,
    tell(liar, round) {
      const [victim, ...rest] = liar.others;
      const as = { id: victim.id, boot: victim.boot };
      const lines = [{ owner: victim.id, known: victim.version, gc: 0 }];
      for (const other of rest)
        liar.say(
          other,
          [
            { type: 'ping', seq: round, destBoot: 0 },
            { type: 'digest', tableHash: NO_HASH, lines },
          ],
          as,
        );
    },
  });
  lying.world.put(0, 'soc', 5);
  lying.rest(3_000);
  for (const host of lying.honest)
    assert.ok(lying.world.records.heldBy(host, lying.world.hosts[0].id, 'soc') > 0, `node ${host}`);
});

test('a salt that says it is another node in the middle is dropped and counted', () => {
  const { lying } = suffer({
    everyMs: 100,
    tell(liar) {
      const [victim, other] = liar.others;
      liar.sayUnderOwnSalt(other, [{ type: 'ping', seq: 1, destBoot: 0 }], victim);
    },
  });
  assert.ok(sum(lying, ({ drops }) => drops.session) > 100);
});

test('a thousand accusations of one node are refuted one by one', () => {
  // B-30
  const { lying } = suffer({
    everyMs: 30,
    tell(liar, round) {
      const [victim, ...rest] = liar.others;
      for (const other of rest) liar.say(other, [blocks(accuse(liar, victim, round % ACCUSE_SLOTS))]);
      // Asks for the victim's latest incarnation, to accuse it of that one.
      liar.say(rest[round % rest.length], [
        { type: 'want', lines: [{ owner: victim.id, known: victim.version, gc: 0 }] },
      ]);
    },
  });
  assert.ok(sum(lying, ({ refutations }) => refutations) > 20);
});

test('a thousand accusations of everybody, said to be old, take nobody down', () => {
  const { lying } = suffer({
    everyMs: 100,
    tell(liar, round) {
      const { others } = liar;
      liar.sayToAll([
        blocks(...others.map((victim, i) => accuse(liar, victim, (round + i) % ACCUSE_SLOTS, 55_000))),
      ]);
    },
  });
  assert.ok(sum(lying, ({ refutations }) => refutations) > 10);
});

test('accusations in the names of a thousand made-up nodes take nobody down', () => {
  const { lying } = suffer({
    everyMs: 30,
    tell(liar, round) {
      const [victim, ...rest] = liar.others;
      const about = { slot: 0, target: victim.id, boot: victim.boot, incarnation: victim.facts.incarnation };
      const owner = liar.madeUpId(round);
      for (const other of rest)
        liar.say(other, [blocks(accusation(liar, { ...about, owner, version: makeVersion(1, 1) }))]);
    },
  });
  assert.ok(sum(lying, ({ refutations }) => refutations) > 10);
  assert.ok((lying.peaks.accusations ?? 0) <= 1_100);
});

test('accusations of incarnations near the ceiling, and of other boots, change nothing', () => {
  // B-32
  const { lying } = suffer({
    everyMs: 50,
    tell(liar, round) {
      const [victim] = liar.others;
      const incarnation = INCARNATION_MAX - (round % 3);
      const boot = round % 2 === 0 ? victim.boot : BOOT_MAX;
      liar.sayToAll([
        blocks(accusation(liar, { slot: round % ACCUSE_SLOTS, target: victim.id, boot, incarnation })),
        blocks(liar.nodeBlock(liar.id, liar.nextVersion(), { incarnation })),
      ]);
    },
  });
  assert.equal(
    sum(lying, ({ refutations }) => refutations),
    0,
  );
  assert.equal(
    sum(lying, ({ downs }) => downs),
    0,
  );
});

test('a digest that claims the future of everybody costs little, and new values still come', () => {
  const { lying, honestBytes, liarBytes } = suffer({
    everyMs: 20,
    tell(liar) {
      const lines = liar.others.map(({ id, boot }) => ({
        owner: id,
        known: makeVersion(boot, 1_000_000),
        gc: 0,
      }));
      for (const other of liar.others)
        liar.say(other, [
          { type: 'digest', tableHash: NO_HASH, lines: lines.filter(({ owner }) => owner !== other.id) },
        ]);
    },
  });
  assert.ok(honestBytes < 4 * liarBytes, `${honestBytes} bytes for ${liarBytes}`);
  lying.world.put(0, 'soc', 5);
  lying.rest(3_000);
  for (const host of lying.honest)
    assert.ok(lying.world.records.heldBy(host, lying.world.hosts[0].id, 'soc') > 0);
});

test('deltas with gaps, and some that hide a record, are merged without a loss of what others say', () => {
  // B-68. A block that hides what is between is believed only for its own owner's past, and only of the liar.
  const { lying } = suffer({
    everyMs: 20,
    tell(liar, round) {
      const version = makeVersion(liar.boot, 10_000 + 100 * round);
      liar.sayToAll([blocks(liar.block(liar.id, { version, key: `k${round % 50}`, value: round }))]);
    },
  });
  assert.ok((lying.peaks.records ?? 0) < 200);
  assert.ok((lying.peaks.wants ?? 0) <= 6);
});

test('replies never asked for are ignored and counted', () => {
  // B-3, B-4
  const { lying } = suffer({
    everyMs: 10,
    tell(liar) {
      const seq = liar.random.uint32();
      liar.sayToAll([
        { type: 'ack', seq },
        { type: 'nack', seq },
        { type: 'gone', seq, boot: liar.boot },
      ]);
    },
  });
  assert.ok(sum(lying, ({ drops }) => drops.unsolicited) > 10_000);
});

test('a storm of requests to ping a victim is not amplified', () => {
  // B-15
  const { lying, honestBytes, liarBytes } = suffer({
    everyMs: 10,
    tell(liar, round) {
      const [victim, ...helpers] = liar.others;
      const requests = Array.from({ length: 15 }, (_, i) => ({
        type: 'ping-req' as const,
        seq: 100 * round + i,
        target: victim.id,
        targetBoot: victim.boot,
        endpoint: victim.facts.endpoints[0],
      }));
      for (const helper of helpers) liar.say(helper, requests);
    },
  });
  assert.ok(honestBytes < liarBytes / 2, `${honestBytes} bytes for ${liarBytes}`);
  assert.ok(sum(lying, ({ drops }) => drops.budget) > 0);
  assert.ok((lying.peaks.pending ?? 0) < 1_024);
});

test('floods of questions are answered within the budget, floods of blocks leave nothing behind', () => {
  const { lying, honestBytes } = suffer(
    {
      everyMs: 5,
      tell(liar, round) {
        const lines = liar.others.map(({ id }) => ({ owner: id, known: 0, gc: 0 }));
        const stale = liar.block(liar.madeUpId(1), { version: makeVersion(1, 1 + (round % 3)), key: 'k' });
        const questions: Message[] = [
          { type: 'want', lines },
          { type: 'have', buckets: Array.from({ length: 64 }, (_, i) => i), lines: [] },
          { type: 'buckets', hashes: new Uint8Array(256) },
          blocks(stale, stale, stale),
        ];
        for (const other of liar.others) liar.say(other, questions);
      },
    },
    { forMs: 10_000 },
  );
  // Each node spends at most its budget of 1 MB a second on answers; news and probes come on top.
  assert.ok(honestBytes < 5 * 10 * 1_100_000, `${honestBytes} bytes`);
  assert.ok((lying.peaks.records ?? 0) < 50);
});

test('forged records of others, with any incarnation, are outdone by their owners', () => {
  // Accepted of a key holder until records are signed: what it forged is read as the owner's until the owner hears of it.
  const { lying } = suffer({
    everyMs: 2_000,
    tell(liar, round) {
      const [victim, ...rest] = liar.others;
      const version = victim.version + 1_000;
      const forged = liar.nodeBlock(victim.id, version, { ...victim.facts, incarnation: 1_000 + round });
      const about = { slot: 0, target: victim.id, boot: victim.boot, incarnation: 1_000 + round };
      for (const other of rest) liar.say(other, [blocks(forged, accusation(liar, about))]);
    },
  });
  const victim = lying.world.hosts[lying.world.indexOf(lying.liar.others[0].id)];
  assert.ok((victim.engine?.boot ?? 0) > 1, 'it went on under a new boot');
});

for (const medium of ['unicast', 'multicast'] as const) {
  test(`a leave forged for another, by ${medium}, is taken back by that one as soon as it probes somebody`, () => {
    const { lying } = suffer(
      {
        everyMs: 10_000,
        tell(liar) {
          const [victim, ...rest] = liar.others;
          const forged = liar.nodeBlock(victim.id, victim.version + 1, { ...victim.facts, state: 'left' });
          for (const other of rest) liar.say(other, [blocks(forged)]);
        },
      },
      { medium, refutedMs: PROBED_MS },
    );
    assert.ok(lying.downs.length > 0, 'it was believed for a moment');
  });
}

test('made-up members by the thousand take bounded memory, and the real ones stay', () => {
  const { lying } = suffer(
    {
      everyMs: 20,
      tell(liar, round) {
        const made = Array.from({ length: 6 }, (_, i) =>
          liar.nodeBlock(liar.madeUpId(6 * round + i), makeVersion(1, 1), {
            endpoints: [{ transport: 'udp', address: `10.9.${round & 255}.${i + 1}`, port: 9 }],
          }),
        );
        liar.sayToAll([blocks(...made)]);
      },
    },
    { forMs: 5_000 },
  );
  assert.ok((lying.peaks.members ?? 0) > 1_000);
  assert.ok((lying.peaks.probes ?? 0) < 100);
  assert.ok((lying.peaks.recordBytes ?? 0) < 1_000_000);
});

test('ages and uptimes that cannot be are taken for what they say, and hurt nobody', () => {
  const { lying } = suffer({
    everyMs: 100,
    tell(liar, round) {
      const ageMs = [0, 2 ** 40, Number.MAX_SAFE_INTEGER][round % 3];
      const version = liar.nextVersion();
      liar.sayToAll([
        blocks(
          liar.block(
            liar.id,
            { version, key: `old/${round % 10}`, ttlMs: 5_000, uptimeMs: 2 ** 50 },
            { ageMs },
          ),
        ),
        {
          type: 'presence',
          uptimeMs: 2 ** 52,
          nodeVersion: version,
          heard: 2 ** 31,
          nextMs: 2 ** 31,
          tableHash: NO_HASH,
        },
      ]);
    },
  });
  assert.ok((lying.peaks.records ?? 0) < 50);
});

test('a presence forged on multicast does not vouch for a dead node', () => {
  const lying = new LyingWorld(
    {
      everyMs: 200,
      tell(liar) {
        const [victim] = liar.others;
        const as = { id: victim.id, boot: victim.boot };
        liar.multicast(
          [
            {
              type: 'presence',
              uptimeMs: 1,
              nodeVersion: victim.version,
              heard: 5,
              nextMs: 60_000,
              tableHash: NO_HASH,
            },
          ],
          as,
        );
      },
      answer: (message) => (message.type === 'ping' ? { type: 'nack', seq: message.seq } : undefined),
    },
    { medium: 'multicast' },
  ).form();
  const [{ id }] = lying.liar.others;
  const victim = lying.world.indexOf(id);
  lying.world.kill(victim);
  lying.lieFor(LIE_MS);
  for (const host of lying.honest.filter((each) => each !== victim))
    assert.equal(lying.world.members.stateOf(host, victim), 'down');
});
