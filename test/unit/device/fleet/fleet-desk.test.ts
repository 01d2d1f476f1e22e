import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError } from '#device/config/problem.ts';
import type { StageWish } from '#device/fleet/stage.ts';
import { type FleetBoard, FleetTable } from '../../../support/fleet.ts';

const stage = (values: Partial<StageWish>): StageWish => ({ nodes: [], tags: {}, percent: null, ...values });
const CANARY = stage({ tags: { role: 'canary' } });

/** Four boards, the last of which is a canary. */
async function fleet() {
  const table = new FleetTable();
  const boards = [await table.board(), await table.board(), await table.board()];
  const canary = await table.board({ tags: { role: 'canary' } });
  const [first, second, third] = boards as [FleetBoard, FleetBoard, FleetBoard];
  const running = () => table.boards.map((board) => board.running);
  const applied = () => table.boards.map((board) => board.applied.at(-1));
  return { table, first, second, third, canary, running, applied };
}

describe('settings of the fleet', () => {
  test('set on one board are run by all, and each tells so', async () => {
    const { table, first, second, running, applied } = await fleet();
    assert.equal((await first.desk.set({ preset: 'radio' })).counter, 1);
    await table.run();
    assert.deepEqual(running(), [1, 1, 1, 1]);
    assert.deepEqual(applied(), Array(4).fill({ preset: 'radio' }));
    const { members } = second.desk.view();
    assert.deepEqual(
      members.map(({ report }) => report?.running),
      Array(4).fill(`1/${'1'.repeat(32)}`),
    );
  });

  test('are replaced as a whole by the next ones, wherever those are set', async () => {
    const { table, first, second, applied } = await fleet();
    await first.desk.set({ preset: 'radio' });
    await table.run();
    assert.equal((await second.desk.set({ log: { level: 'warn' } })).counter, 2);
    await table.run();
    assert.deepEqual(applied(), Array(4).fill({ log: { level: 'warn' } }));
  });

  test('set by two operators who do not hear of each other end the same everywhere, once', async () => {
    const { table, first, second, third, running, applied } = await fleet();
    table.seatOf(second).isCut = true;
    await first.desk.set({ preset: 'radio' });
    await second.desk.set({ preset: 'wan' });
    await table.run();
    table.seatOf(second).heal();
    await table.run();
    assert.deepEqual(applied(), Array(4).fill({ preset: 'wan' }), 'of equal counters the higher id counts');
    assert.deepEqual(running(), [1, 1, 1, 1]);
    const changes = [first, third].map((board) => board.applied.length);
    await table.run(60_000);
    assert.deepEqual(
      [first, third].map((board) => board.applied.length),
      changes,
      'nobody goes to and fro',
    );
    assert.equal((await first.desk.set({ preset: 'lan' })).counter, 2);
  });

  test('are tried by the boards of the stage only, until they are promoted', async () => {
    const { table, first, canary, running, applied } = await fleet();
    await first.desk.set({ preset: 'radio' });
    await table.run();
    await first.desk.set({ preset: 'wan' }, CANARY);
    await table.run();
    assert.deepEqual(running(), [1, 1, 1, 2]);
    assert.deepEqual(first.desk.view().objections, []);
    const times = canary.applied.length;
    assert.equal((await first.desk.promote({ force: false })).counter, 3);
    await table.run();
    assert.deepEqual(running(), [3, 3, 3, 3]);
    assert.deepEqual(applied(), Array(4).fill({ preset: 'wan' }));
    assert.equal(canary.applied.length, times, 'nothing changed where it was tried');
    assert.equal(first.desk.view().staged, undefined);
  });

  test('are tried by a share of the boards, which is at least one', async () => {
    const { table, first, running } = await fleet();
    await first.desk.set({ preset: 'wan' }, stage({ percent: 50 }));
    await table.run();
    assert.equal(running().filter((one) => one === 1).length, 2);
  });

  test('are not promoted while a board that tries them refuses, is down, unwell or late, unless forced', async () => {
    const { table, first, canary, running } = await fleet();
    const promote = (force = false) => first.desk.promote({ force });
    const refused = (why: RegExp) => assert.rejects(() => promote(), { code: 'E_FLEET', message: why });
    canary.unbearable.add('wan');
    await first.desk.set({ preset: 'wan' }, CANARY);
    await refused(/board-4 doesn't run it yet/);
    await table.run();
    await refused(/board-4 refuses it: preset: expected something else/);

    await first.desk.set({ preset: 'metered' }, CANARY);
    await table.run();
    canary.conditions = [
      { code: 'mqtt-unreachable', severity: 'warning', title: 't', text: 'x', sinceMs: 10 },
    ];
    await table.run(10_000);
    await refused(/board-4 is not well since: mqtt-unreachable/);
    canary.conditions = [];
    await table.run();
    table.seatOf(canary).state = 'down';
    await refused(/board-4 is down/);
    assert.equal((await promote(true)).counter, 3);
    await table.run();
    assert.deepEqual(running().slice(0, 3), [3, 3, 3]);
  });

  test('are not held up by scripts of a board that fail, or by who sends it too many events', async () => {
    const { table, first, canary, running } = await fleet();
    first.desk.set({ preset: 'metered' }, CANARY);
    await table.run();
    canary.conditions = ['handler-failed', 'handler-behind', 'events-slowed'].map((code) => ({
      code,
      severity: 'warning',
      title: 't',
      text: 'x',
      sinceMs: 10,
    }));
    await table.run(10_000);
    assert.deepEqual(first.desk.view().objections, []);
    first.desk.promote({ force: false });
    await table.run();
    assert.deepEqual(running(), [2, 2, 2, 2]);
  });

  test('on trial nowhere, or not on trial at all, are not promoted', async () => {
    const { table, first } = await fleet();
    await assert.rejects(() => first.desk.promote({ force: false }), { code: 'E_NOT_FOUND' });
    await first.desk.set({ preset: 'wan' }, stage({ tags: { role: 'other' } }));
    await table.run();
    await assert.rejects(() => first.desk.promote({ force: false }), {
      code: 'E_FLEET',
      message: /no board tries/,
    });
  });

  test('on trial are taken back by a rollback, also on the boards that tried them', async () => {
    const { table, first, running, applied } = await fleet();
    await first.desk.set({ preset: 'radio' });
    await first.desk.set({ preset: 'wan' }, CANARY);
    await table.run();
    await first.desk.rollback({});
    await table.run();
    assert.deepEqual(running(), [3, 3, 3, 3]);
    assert.deepEqual(applied(), Array(4).fill({ preset: 'radio' }));
  });

  test('on trial leave no record behind once they are decided on another board', async () => {
    const { table, first, second } = await fleet();
    await first.desk.set({ preset: 'wan' }, CANARY);
    await table.run();
    await second.desk.rollback({});
    await table.run();
    assert.deepEqual(table.seatOf(first).records({ key: 'fleet/staged' }), []);
    assert.equal(second.desk.view().staged, undefined);
  });

  test('for all are rolled back to those before, to named ones, or to none', async () => {
    const { table, first, second, applied } = await fleet();
    await assert.rejects(() => first.desk.rollback({}), { code: 'E_NOT_FOUND' });
    for (const preset of ['radio', 'wan', 'metered']) {
      await first.desk.set({ preset });
      await table.run();
    }
    await second.desk.rollback({});
    await table.run();
    assert.deepEqual(applied(), Array(4).fill({ preset: 'wan' }));
    await second.desk.rollback({ to: 1 });
    await table.run();
    assert.deepEqual(applied(), Array(4).fill({ preset: 'radio' }));
    await assert.rejects(() => second.desk.rollback({ to: 77 }), {
      code: 'E_NOT_FOUND',
      message: /it knows 5\/2+, 4\/2+/,
    });

    const other = await fleet();
    await other.first.desk.set({ preset: 'radio' });
    await other.table.run();
    await other.first.desk.rollback({});
    await other.table.run();
    assert.deepEqual(other.applied(), Array(4).fill({}));
  });

  test('go on where their setter is gone, and people are told that new boards would not hear of them', async () => {
    const { table, first, second, running } = await fleet();
    await first.desk.set({ preset: 'radio' });
    await table.run(65_000);
    for (const board of table.boards) table.seatOf(board).known.delete(`${'1'.repeat(32)} fleet/settings`);
    await table.run(10_000);
    assert.deepEqual(running(), [1, 1, 1, 1]);
    assert.deepEqual(second.codes, ['fleet-orphaned']);
    assert.equal((await second.desk.set({ preset: 'radio' })).counter, 2);
    await table.run();
    assert.deepEqual([running(), second.codes], [[2, 2, 2, 2], []]);
  });

  test('are rolled back once, however often and on however many boards it is asked', async () => {
    const { table, first, second, running, applied } = await fleet();
    await first.desk.set({ preset: 'radio' });
    await table.run();
    await first.desk.set({ preset: 'metered' }, CANARY);
    await table.run();
    await first.desk.rollback({});
    await table.run();
    for (const { desk } of [first, second])
      await assert.rejects(() => desk.rollback({}), { code: 'E_FLEET', message: /took back 2\/1+ already/ });
    await table.run();
    assert.deepEqual(running(), [3, 3, 3, 3]);
    assert.deepEqual(applied(), Array(4).fill({ preset: 'radio' }));

    await second.desk.set({ preset: 'metered' });
    await second.desk.rollback({});
    await table.run();
    await assert.rejects(() => first.desk.rollback({}), { code: 'E_FLEET' });
    await second.desk.set({ preset: 'wan' });
    await table.run();
    await first.desk.rollback({});
    await table.run();
    assert.deepEqual(applied(), Array(4).fill({ preset: 'radio' }), 'not to what was taken back before');
  });

  test('are rolled back and promoted only if they are those that are meant', async () => {
    const { table, first, second } = await fleet();
    const { counter, setter } = await first.desk.set({ preset: 'wan' }, CANARY);
    await table.run();
    await second.desk.set({ preset: 'metered' }, CANARY);
    await table.run();
    const of = `${counter}/${setter}`;
    const refused = { code: 'E_FLEET', message: /expected 1\/1+, but it is 2\/2+ now/ };
    await assert.rejects(() => first.desk.promote({ force: true, of }), refused);
    await assert.rejects(() => first.desk.rollback({ of }), refused);
    assert.equal(first.desk.view().staged?.counter, 2);
  });

  test('of a board that may set none any more are shown, warned of, and can be taken back', async () => {
    const { table, first, second, running, applied } = await fleet();
    await second.desk.set({ preset: 'radio' });
    await first.desk.set({ mqtt: { url: 'mqtt://10.6.6.6' } });
    await table.run(65_000);
    for (const board of table.boards) {
      table.seatOf(board).unentitled.add(first.node.id);
      table.seatOf(board).known.delete(`${first.node.id} fleet/settings`);
    }
    await table.run(10_000);
    assert.deepEqual(second.codes, ['fleet-disowned'], 'though an older one of another is still there');
    assert.deepEqual(second.desk.view().current?.config, { mqtt: { url: 'mqtt://10.6.6.6' } });
    await second.desk.rollback({});
    await table.run();
    assert.deepEqual([running(), second.codes], [[3, 3, 3, 3], []]);
    assert.deepEqual(applied(), Array(4).fill({ preset: 'radio' }));
  });

  test('are put again by a setter that lost power before its records were kept', async () => {
    const { table, first, second } = await fleet();
    for (const wish of [undefined, stage({ tags: { role: 'other' } })]) {
      await first.desk.set({ preset: wish === undefined ? 'radio' : 'wan' }, wish);
      const before = first.desk.view();
      table.seatOf(first).known.clear();
      table.seatOf(second).known.clear();
      await first.crash();
      const { promoted, staged } = second.desk.view();
      assert.deepEqual(
        wish === undefined ? promoted : staged,
        wish === undefined ? before.promoted : before.staged,
      );
    }
  });

  test('are on the disk of the board that they are set on before that answers', async () => {
    const { first } = await fleet();
    const { writes } = first.disk;
    await first.desk.set({ preset: 'radio' });
    assert.ok(first.disk.writes > writes);
    assert.match(
      Buffer.from(first.disk.files.get('/data/fleet.json')!.bytes).toString(),
      /"own":\{"counter":1/,
    );
  });

  test('are neither tried by nor asked of boards that take none', async () => {
    const { table, first, canary } = await fleet();
    const aloof = await table.board({ tags: { role: 'canary' }, accept: false });
    await first.desk.set({ preset: 'wan' }, CANARY);
    await table.run();
    assert.deepEqual([canary.running, aloof.running], [1, undefined]);
    assert.deepEqual(first.desk.view().objections, []);
    const own = aloof.desk.health();
    assert.deepEqual(
      own.map(({ severity }) => severity),
      ['info'],
    );
    assert.equal((await first.desk.promote({ force: false })).counter, 2);

    await table.run();
    for (let i = 0; i < 12; i++) {
      await first.desk.set({ preset: 'lan' }, stage({ percent: 25 }));
      await table.run();
      assert.deepEqual(first.desk.view().objections, [], 'one of the four that take them is drawn');
      await first.desk.rollback({});
      await table.run();
    }
  });

  test('for a stage that no board could read are refused', async () => {
    const { first } = await fleet();
    const tags = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`t${i}`, 'x']));
    await assert.rejects(() => first.desk.set({ preset: 'wan' }, stage({ tags })), {
      code: 'E_VALUE_INVALID',
      message: /at most 8 tags/,
    });
    assert.equal(first.desk.view().staged, undefined);
    assert.equal((await first.desk.set({ preset: 'wan' })).counter, 1);
  });

  test('are refused where they are no settings for all boards, with every problem and nothing changed', async () => {
    const { first } = await fleet();
    const problems = async (config: Record<string, unknown>) => {
      try {
        await first.desk.set(config);
      } catch (error) {
        assert.ok(error instanceof ConfigError);
        return error.message;
      }
      assert.fail('accepted');
    };
    assert.match(
      await problems({ preset: 'fast' }),
      /preset: expected one of lan, wan, radio, metered; got "fast"/,
    );
    assert.match(await problems({ presett: 'lan' }), /presett: .*Did you mean preset\?/);
    assert.match(
      await problems({ settings: { ownersMax: 9 } }),
      /settings\.ownersMax: expected preset, log\.level/,
    );
    assert.match(await problems({ mqtt: { passwordFile: '/etc/shadow' } }), /mqtt\.passwordFile: expected/);
    assert.match(await problems({ name: 'roof', keyFile: 'x' }), /name: .*\nkeyFile: /);
    assert.equal(first.desk.view().promoted, undefined);
  });

  test('are refused where they are larger than one record holds, with the limit', async () => {
    const { first } = await fleet();
    const keys = Array.from({ length: 36 }, (_, i) => `building-${i}/meters/**`);
    await assert.rejects(() => first.desk.set({ mqtt: { url: 'mqtt://10.0.0.1', keys } }), {
      code: 'E_VALUE_TOO_LARGE',
      message: /at most 800 bytes as CBOR, .*; got \d{3}/,
    });
    await assert.rejects(() => first.desk.set({ log: { level: 'x'.repeat(2_000) } }), {
      code: 'E_VALUE_TOO_LARGE',
    });
  });

  test('with a number that no setting takes are refused, and no fault of this program', async () => {
    const { first } = await fleet();
    for (const config of [{ settings: { fanOut: 2n ** 60n } }, { '': { '': 2n ** 60n } }])
      await assert.rejects(() => first.desk.set(config as never), { code: 'E_CONFIG' });
  });

  test('are set only on a board that the policy entitles', async () => {
    const { table, first } = await fleet();
    for (const board of table.boards) table.seatOf(board).unentitled.add(first.node.id);
    await assert.rejects(() => first.desk.set({ preset: 'wan' }), {
      code: 'E_NOT_ALLOWED',
      message: /ca policy/,
    });
  });
});
