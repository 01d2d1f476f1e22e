import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { GridvineError } from '#runtime/core/errors.ts';
import { FakeNode, recordView } from '../../../support/fake-node.ts';
import { FLEET_DIRECTORY, FleetBoard } from '../../../support/fleet.ts';

const OPERATOR = 'f'.repeat(32);

/** A document for all arrives from another board. */
async function hear(board: FleetBoard, counter: number, config: Record<string, unknown>): Promise<void> {
  const node = board.node as FakeNode;
  node.arrive(
    recordView({
      owner: OPERATOR,
      key: 'fleet/settings',
      value: { counter, config } as never,
      version: counter,
    }),
  );
  await settle();
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn();
}

async function startBoard(parts: ConstructorParameters<typeof FleetBoard>[1] = {}): Promise<FleetBoard> {
  const board = new FleetBoard(new FakeNode(), parts);
  await board.desk.start();
  return board;
}

const report = (board: FleetBoard) => board.node.records({ key: 'fleet-status' }).at(-1)?.value;

describe('a board that follows the fleet', () => {
  test('applies what it hears, at once, and tells the others', async () => {
    const board = await startBoard();
    assert.equal(report(board), undefined, 'nothing to tell of while the fleet has no settings');
    await hear(board, 1, { preset: 'radio' });
    assert.deepEqual(board.applied, [{ preset: 'radio' }]);
    assert.deepEqual(report(board), { running: `1/${OPERATOR}` });
    await hear(board, 2, { preset: 'wan' });
    assert.deepEqual(board.applied.at(-1), { preset: 'wan' });
  });

  test('never goes back to an older document, in whatever order they come', async () => {
    const board = await startBoard();
    await hear(board, 5, { preset: 'wan' });
    await hear(board, 4, { preset: 'radio' });
    assert.deepEqual(board.applied, [{ preset: 'wan' }]);
    assert.equal(board.running, 5);
  });

  // B-94
  test('says why it refuses, keeps what it runs, and takes the next that it can bear', async () => {
    const board = await startBoard();
    await hear(board, 1, { preset: 'radio' });
    board.unbearable.add('metered');
    await hear(board, 2, { preset: 'metered' });
    assert.equal(board.running, 1);
    assert.deepEqual(board.applied.at(-1), { preset: 'radio' }, 'what was applied in part is taken back');
    assert.deepEqual(board.codes, ['fleet-refused']);
    const told = report(board) as { running: string; refused: { version: string; why: string } };
    assert.equal(told.running, `1/${OPERATOR}`);
    assert.equal(told.refused.version, `2/${OPERATOR}`);
    assert.match(told.refused.why, /preset: expected something else; got "metered"/);
    await hear(board, 3, { preset: 'wan' });
    assert.equal(board.running, 3);
    assert.deepEqual([board.codes, report(board)], [[], { running: `3/${OPERATOR}` }]);
  });

  test('runs the same after a restart, before anybody tells it', async () => {
    const board = await startBoard();
    await hear(board, 1, { preset: 'radio' });
    const { disk } = board;
    await board.desk.stop();
    const again = await startBoard({ disk });
    assert.deepEqual(again.applied, [{ preset: 'radio' }]);
    assert.equal(again.running, 1);
  });

  test('does not try twice what it died of, and goes back to what it lived with', async () => {
    const board = await startBoard();
    await hear(board, 1, { preset: 'radio' });
    board.time.advance(30_000);
    await settle();
    await hear(board, 2, { preset: 'wan' });
    assert.equal(board.running, 2);

    const { disk } = board;
    const again = await startBoard({ disk });
    assert.equal(again.running, 1);
    assert.deepEqual(again.applied, [{ preset: 'radio' }], 'the one that killed it was not touched');
    assert.deepEqual(again.codes, ['fleet-refused']);
    await hear(again, 2, { preset: 'wan' });
    assert.equal(again.running, 1);
    assert.match(JSON.stringify(report(again)), /ended within 30 s of running it/);

    const third = await startBoard({ disk });
    await hear(third, 2, { preset: 'wan' });
    assert.equal(third.running, 1, 'remembered over further restarts');
    await hear(third, 3, { preset: 'wan' });
    assert.equal(third.running, 3, 'set again it gets another chance');
  });

  test('blames a document that it has lived with only for the third early end in a row', async () => {
    const board = await startBoard();
    await hear(board, 1, { preset: 'radio' });
    board.time.advance(30_000);
    await settle();
    const { disk } = board;
    for (const running of [1, 1, 1, undefined]) {
      const again = await startBoard({ disk });
      assert.equal(again.running, running);
    }
  });

  test('blames nothing where the daemon ended as it should within the trial', async () => {
    const board = await startBoard();
    await hear(board, 1, { preset: 'radio' });
    for (let i = 0; i < 5; i++) await board.restart();
    assert.equal(board.running, 1);
    assert.deepEqual(board.codes, []);
  });

  test('takes nothing new while it could not remember it, and tries again', async () => {
    const board = await startBoard();
    await hear(board, 1, { preset: 'radio' });
    board.disk.failWith = 'EROFS';
    await hear(board, 2, { preset: 'wan' });
    assert.equal(board.running, 1);
    assert.match(JSON.stringify(report(board)), /fleet\.json can't be written \(EROFS\)/);
    board.disk.failWith = undefined;
    for (let i = 0; i < 13; i++) {
      board.time.advance(5_000);
      await settle();
    }
    assert.equal(board.running, 2);
    assert.deepEqual(board.codes, []);
  });

  test('takes harm back also where the disk takes nothing, and saves that as soon as it can', async () => {
    const board = await startBoard();
    await hear(board, 1, { preset: 'radio' });
    board.time.advance(30_000);
    await settle();
    await hear(board, 2, { log: { level: 'debug' } });
    board.disk.failWith = 'ENOSPC';
    await hear(board, 3, { preset: 'radio' });
    assert.deepEqual([board.running, board.codes], [3, ['fleet-unsaved']]);
    await hear(board, 4, {});
    assert.deepEqual([board.running, board.applied.at(-1)], [4, {}]);
    board.disk.failWith = undefined;
    board.time.advance(60_000);
    await settle();
    assert.deepEqual(board.codes, []);
    const again = await startBoard({ disk: board.disk });
    assert.equal(again.running, 4);
  });

  test('blames nothing for the end of a trial that could not be saved at once', async () => {
    const board = await startBoard();
    await hear(board, 1, { preset: 'radio' });
    board.disk.failWith = 'ENOSPC';
    board.time.advance(30_000);
    await settle();
    assert.deepEqual(board.codes, ['fleet-unsaved']);
    board.disk.failWith = undefined;
    board.time.advance(60_000);
    await settle();
    assert.deepEqual(board.codes, []);
    const again = await startBoard({ disk: board.disk });
    assert.deepEqual([again.running, again.codes], [1, []]);
  });

  test('saves at its end what it could not save before', async () => {
    const board = await startBoard();
    await hear(board, 1, { preset: 'radio' });
    board.disk.failWith = 'ENOSPC';
    board.time.advance(30_000);
    await settle();
    board.disk.failWith = undefined;
    await board.desk.stop();
    const again = await startBoard({ disk: board.disk });
    assert.deepEqual([again.running, again.codes], [1, []]);
  });

  test('blames nothing where the machine lost its power within the trial, but for a new one that happens to thrice', async () => {
    const board = await startBoard();
    await hear(board, 1, { preset: 'radio' });
    for (let i = 0; i < 2; i++) {
      board.machineBoot = `run ${i}`;
      await board.crash();
      assert.equal(board.running, 1);
    }
    board.time.advance(30_000);
    await settle();
    for (let i = 2; i < 9; i++) {
      board.machineBoot = `run ${i}`;
      await board.crash();
      assert.deepEqual([board.running, board.codes], [1, []], `proven, run ${i}`);
    }
    await hear(board, 2, { preset: 'wan' });
    for (const [i, running] of [2, 2, 1].entries()) {
      board.machineBoot = `later run ${i}`;
      await board.crash();
      assert.equal(board.running, running, `on trial, run ${i}`);
    }
  });

  test('tries once more, after an hour, what it bore before it ended early several times', async () => {
    const board = await startBoard();
    await hear(board, 1, { preset: 'radio' });
    board.time.advance(30_000);
    await settle();
    const { disk } = board;
    for (let i = 0; i < 3; i++) await startBoard({ disk });
    const wait = async (again: FleetBoard, ms: number) => {
      for (let i = 0; i < ms; i += 60_000) {
        again.time.advance(60_000);
        await settle();
      }
    };
    const faltering = await startBoard({ disk });
    await hear(faltering, 1, { preset: 'radio' });
    await wait(faltering, 3_540_000);
    assert.deepEqual([faltering.running, faltering.codes], [undefined, ['fleet-refused']]);
    await wait(faltering, 120_000);
    assert.deepEqual([faltering.running, faltering.codes], [1, []]);
    const crashed = await startBoard({ disk });
    await hear(crashed, 1, { preset: 'radio' });
    await wait(crashed, 3_720_000);
    assert.equal(crashed.running, undefined, 'it was on trial again');
  });

  test('runs the next lower document where it refuses the highest', async () => {
    const board = await startBoard();
    const node = board.node as FakeNode;
    board.unbearable.add('metered');
    await hear(board, 1, { preset: 'radio' });
    await hear(board, 5, { preset: 'metered' });
    const value = { counter: 4, config: { preset: 'wan' } };
    node.arrive(recordView({ owner: 'e'.repeat(32), key: 'fleet/settings', value }));
    await settle();
    assert.deepEqual([board.running, board.codes], [4, ['fleet-refused']]);
    const { refused } = report(board) as { refused: { version: string } };
    assert.equal(refused.version, `5/${OPERATOR}`);
    const times = board.applied.length;
    board.time.advance(60_000);
    await settle();
    assert.equal(board.applied.length, times, 'and tries neither again and again');
  });

  test('remembers no more of the past than it keeps', async () => {
    const board = await startBoard();
    for (let counter = 1; counter <= 30; counter++) {
      (board.node as FakeNode).forget(OPERATOR);
      await hear(board, counter, { preset: counter % 2 === 0 ? 'wan' : 'lan' });
    }
    assert.equal(board.desk.view().history.length, 8);
  });

  test('blames the document on trial though the one before ended its trial while it arrived', async () => {
    const board = await startBoard();
    await hear(board, 1, { preset: 'radio' });
    board.time.advance(29_999);
    await settle();
    const heard = hear(board, 2, { preset: 'wan' });
    board.time.advance(1);
    await heard;
    assert.equal(board.running, 2);
    await board.crash();
    assert.notEqual(board.running, 2);
    assert.deepEqual(board.codes, ['fleet-refused']);
  });

  test('passes over a number that nobody can have come to', async () => {
    const board = await startBoard();
    await hear(board, 1, { preset: 'radio' });
    const value = { counter: 4_294_967_295, config: { preset: 'metered' } };
    (board.node as FakeNode).arrive(recordView({ owner: 'e'.repeat(32), key: 'fleet/settings', value }));
    await settle();
    assert.equal(board.running, 1);
    assert.deepEqual(board.desk.view().ignored, [{ owner: 'e'.repeat(32), why: 'far-above' }]);
    assert.equal((await board.desk.set({ preset: 'wan' })).counter, 2);

    const newcomer = await startBoard();
    (newcomer.node as FakeNode).arrive(recordView({ owner: 'e'.repeat(32), key: 'fleet/settings', value }));
    await settle();
    assert.equal(newcomer.running, undefined, 'nor does it where it knows of no other');
  });

  test('tells its state again where it could not be told', async () => {
    const board = await startBoard();
    const node = board.node as FakeNode;
    node.refusal = new GridvineError('E_QUOTA', 'full');
    await hear(board, 1, { preset: 'radio' });
    assert.equal(report(board), undefined);
    node.refusal = undefined;
    board.time.advance(5_000);
    await settle();
    assert.deepEqual(report(board), { running: `1/${OPERATOR}` });
  });

  test('goes by itself where its file is damaged, says so, and hears the settings again', async () => {
    const board = await startBoard();
    await hear(board, 1, { preset: 'radio' });
    const path = `${FLEET_DIRECTORY}/fleet.json`;
    const file = board.disk.files.get(path);
    assert.ok(file);
    board.disk.put(path, file.bytes.subarray(0, -9));
    const again = await startBoard({ disk: board.disk });
    assert.deepEqual([again.running, again.codes], [undefined, ['fleet-damaged']]);
    assert.ok(board.disk.files.has(`${path}.corrupt-1`));
    await hear(again, 1, { preset: 'radio' });
    assert.equal(again.running, 1);
  });

  test('loses power at any byte of a write and still starts with one of the two', async () => {
    for (let steps = 0; ; steps += 7) {
      const board = await startBoard();
      await hear(board, 1, { preset: 'radio' });
      board.time.advance(30_000);
      await settle();
      board.disk.cutAfter(steps);
      await hear(board, 2, { preset: 'wan' });
      const hasTaken = board.running === 2;
      board.disk.restore();
      const again = await startBoard({ disk: board.disk });
      assert.equal(again.running, 1, `cut after ${steps}: the new one was never proven`);
      assert.ok(!again.codes.includes('fleet-damaged'), `cut after ${steps}`);
      if (hasTaken) break;
    }
  });

  test('stays with what it says itself where it is told to, and says so', async () => {
    const board = await startBoard({ accept: false });
    await hear(board, 1, { preset: 'radio' });
    assert.deepEqual([board.applied, board.running], [[], undefined]);
    assert.deepEqual(report(board), { accepts: false });
    assert.deepEqual(
      board.desk.health().map(({ code, severity }) => [code, severity]),
      [['fleet-not-accepted', 'info']],
    );
  });

  test('passes over records that are no documents, and over boards that may not set any', async () => {
    const board = await startBoard();
    const node = board.node as FakeNode;
    node.unentitled.add(OPERATOR);
    await hear(board, 9, { preset: 'metered' });
    node.arrive(recordView({ owner: 'e'.repeat(32), key: 'fleet/settings', value: 'lan' }));
    await settle();
    assert.deepEqual([board.applied, board.codes], [[], []]);
    assert.deepEqual(board.desk.view().ignored, [
      { owner: OPERATOR, why: 'not-entitled' },
      { owner: 'e'.repeat(32), why: 'malformed' },
    ]);
  });

  test('tells what came up since it runs what it runs, and nothing that was there before', async () => {
    const board = await startBoard();
    const item = (code: string, sinceMs: number) =>
      ({ code, severity: 'warning', title: 't', text: 'x', sinceMs }) as const;
    board.time.advance(50_000);
    await settle();
    board.conditions = [item('source-failed', 90_000)];
    await hear(board, 1, { preset: 'radio' });
    board.time.advance(10_000);
    board.conditions = [item('source-failed', 100_000), item('mqtt-unreachable', 5_000)];
    board.time.advance(5_000);
    await settle();
    assert.deepEqual(report(board), { running: `1/${OPERATOR}`, unwell: ['mqtt-unreachable'] });
  });
});
