import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { encodeChecked } from '#runtime/storage/checked-json.ts';
import { runCommand } from '../support/binary.ts';
import { allAlive, seedsOf, TestCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const FULL_DISK = join(import.meta.dirname, '..', 'support', 'full-disk-node.ts');
const WRITER = join(import.meta.dirname, '..', 'support', 'durable-writer.ts');

test('a node that starts again knows what the others said, and how long ago, before it hears anybody', async (t) => {
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a');
  const b = await cluster.start('b', { seeds: seedsOf(a) });
  a.put('soc', 61, { unit: '%', ageMs: 60_000 });
  b.put('limit', 5, { ageMs: 40_000 });
  const socOf = (node: typeof b) => node.records({ key: 'soc', owner: a.id })[0];
  await eventually(() => allAlive([a, b]) && socOf(b) !== undefined, { what: 'b has it' });
  await b.close();
  await a.close();
  const again = await cluster.start('b');
  const soc = socOf(again);
  assert.deepEqual([soc?.node, soc?.value, soc?.unit], ['a', 61, '%']);
  assert.ok(soc!.ageMs >= 60_000 && soc!.ageMs < 120_000, `${soc!.ageMs} ms`);
  const [limit] = again.records({ key: 'limit', owner: again.id });
  assert.ok(limit!.ageMs >= 40_000 && limit!.ageMs < 120_000, `${limit!.ageMs} ms`);
  assert.equal(limit!.ageBoundMs, 0);
});

test('what release 0.1 kept is taken over, and its file goes once it is kept here', async (t) => {
  const cluster = await TestCluster.make(t);
  const directory = join(cluster.directory, 'a');
  await mkdir(directory, { mode: 0o700 });
  const body = [{ key: 'limit', value: 5, unit: 'W' }];
  await writeFile(join(directory, 'records.json'), encodeChecked('gridvine.own-records/1', body));
  const a = await cluster.start('a');
  assert.equal(a.records({ key: 'limit' })[0]?.value, 5);
  await a.persist();
  assert.ok(!(await readdir(directory)).includes('records.json'));
  await a.close();
  const again = await cluster.start('a');
  assert.deepEqual(
    [again.records({ key: 'limit' })[0]?.value, again.records({ key: 'limit' })[0]?.unit],
    [5, 'W'],
  );
  // A power cut brings the file back, or it couldn't be removed.
  await again.putDurably('limit', 6);
  await again.putDurably('mode', 'eco');
  await again.close();
  await writeFile(join(directory, 'records.json'), encodeChecked('gridvine.own-records/1', body));
  const third = await cluster.start('a');
  assert.equal(third.records({ key: 'limit' })[0]?.value, 6);
  assert.equal(third.records({ key: 'mode' })[0]?.value, 'eco');
  await third.persist();
  assert.ok(!(await readdir(directory)).includes('records.json'));
});

test('a damaged store is set aside with a condition, and the node gets all from its peers', async (t) => {
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a');
  const b = await cluster.start('b', { seeds: seedsOf(a) });
  a.put('soc', 61);
  await eventually(() => b.records({ key: 'soc' }).length === 1, { what: 'b has it' });
  await b.close();
  await writeFile(join(cluster.directory, 'b', 'state.db'), 'something else '.repeat(1_000));
  const again = await cluster.start('b', { seeds: seedsOf(a) });
  assert.deepEqual(
    again.health().map(({ code }) => code),
    ['state-damaged'],
  );
  await eventually(() => again.records({ key: 'soc' }).length === 1, { what: 'b has it again' });
  assert.ok((await readdir(join(cluster.directory, 'b'))).includes('state.db.corrupt-1'));
});

// B-114, B-136
test('a full disk makes a node go on in memory, and say so, until it takes again what there is', async (t) => {
  const directory = await temporaryDirectory(t);
  const args = ['-rm', process.execPath, '--no-warnings', FULL_DISK, directory];
  const { stdout, stderr, code } = await runCommand(['unshare'], args);
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), {
    before: 'kept',
    full: 'E_NOT_DURABLE',
    health: ['state-unsaved'],
    value: 2,
    emptied: 'kept',
    healthAfter: [],
    found: 3,
  });
});

// B-136
test('a process that is killed at any moment has lost nothing that it said to be durable', async (t) => {
  const dataDir = join(await temporaryDirectory(t), 'writer');
  let kept = 0;
  for (let round = 0; round < 6; round++) {
    const child = spawn(process.execPath, ['--no-warnings', WRITER, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    const gone = once(child, 'exit');
    let lines = 0;
    for await (const line of createInterface(child.stdout)) {
      const [what, n, copy] = line.split(' ');
      if (what === 'kept') kept = Number(n);
      else {
        assert.ok(Number(n) >= kept, `round ${round}: found ${n} after ${kept} was kept`);
        assert.equal(Number(copy), Number(n) - (Number(n) % 2), `round ${round}: what was put together`);
      }
      // Anywhere in what it does then.
      if (++lines === 5 + round * 7) void delay(round * 1.3).then(() => child.kill('SIGKILL'));
    }
    await gone;
    const damaged = (await readdir(dataDir)).filter((name) => name.includes('corrupt'));
    assert.deepEqual(damaged, []);
  }
  assert.ok(kept > 50, `${kept}`);
});
