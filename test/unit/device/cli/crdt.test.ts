import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { memberView, recordView } from '../../../support/fake-node.ts';
import { startHarness } from '../api/harness.ts';
import { gridvine } from './run.ts';

const OTHER = 'cd'.repeat(16);

async function node(t: TestContext) {
  const api = await startHarness(t);
  return {
    ...api,
    crdt: (...argv: string[]) => gridvine(['crdt', ...argv, '--socket', api.socket]),
    aggregate: (...argv: string[]) => gridvine(['aggregate', ...argv, '--socket', api.socket]),
  };
}

test('inc and dec count, and print what it comes to', async (t) => {
  const { crdt } = await node(t);
  assert.deepEqual(
    [(await crdt('inc', 'energy/total', '250')).stdout, (await crdt('dec', 'energy/total')).stdout],
    ['250\n', '249\n'],
  );
  const refused = await crdt('inc', 'energy/total', '1.5');
  assert.deepEqual(
    [refused.code, refused.stderr.includes('expected a whole number from 0; got 1.5')],
    [2, true],
  );
});

test('sets and maps print a line an element, registers their value', async (t) => {
  const { crdt } = await node(t);
  await crdt('add', 'batteries', 'b2');
  assert.equal((await crdt('add', 'batteries', 'b1')).stdout, 'b1\nb2\n');
  assert.equal((await crdt('remove', 'batteries', 'b2')).stdout, 'b1\n');
  await crdt('set', 'tariff', '0.31', '--key', 'night');
  assert.equal((await crdt('set', 'tariff', '0.4', '--key', 'day')).stdout, 'day 0.4\nnight 0.31\n');
  assert.equal((await crdt('remove', 'tariff', '--key', 'day')).stdout, 'night 0.31\n');
  assert.equal((await crdt('set', 'peak', '7', '--type', 'max')).stdout, '7\n');
  assert.equal((await crdt('get', 'peak')).stdout, '7\n');
  assert.equal(JSON.parse((await crdt('get', 'peak', '--json')).stdout).schema, 'gridvine.crdt/1');
});

test('list shows names, types and what is ignored', async (t) => {
  const { crdt, node: fake } = await node(t);
  const empty = await crdt('list');
  assert.deepEqual([empty.code, empty.stdout, empty.stderr], [0, '', 'gridvine: no shared data\n']);
  await crdt('inc', 'n', '3');
  fake.others = [memberView({ id: OTHER, name: 'barn' })];
  fake.arrive(recordView({ owner: OTHER, node: 'barn', key: 'crdt/pncounter/n', value: 'x' }));
  const { stdout } = await crdt('list');
  assert.match(stdout, /^n +pncounter +3 +1 +ignored: barn$/m);
  assert.match((await crdt('get', 'n')).stderr, /ignored what barn holds of it: expected a list of counts/);
  assert.equal(JSON.parse((await crdt('list', '--json')).stdout).schema, 'gridvine.crdts/1');
});

test('what is not there, of another type, or said wrongly is a failure that tells what to do', async (t) => {
  const { crdt } = await node(t);
  const missing = await crdt('get', 'nothing');
  assert.deepEqual([missing.code, missing.stderr.includes('see: gridvine crdt list')], [1, true]);
  await crdt('inc', 'n');
  assert.match(
    (await crdt('add', 'n', 'x', '--type', 'orset')).stderr,
    /of its type pncounter; got one of orset/,
  );
  assert.match((await crdt('add', 'n', 'x')).stderr, /n: op: expected increment; got add/);
  for (const argv of [
    ['remove', 'n'],
    ['remove', 'n', 'x', '--key', 'k'],
    ['get'],
    ['inc', 'n', '--type', 'tally'],
  ])
    assert.equal((await crdt(...argv)).code, 2, argv.join(' '));
});

test('aggregate prints the number with what it is of', async (t) => {
  const { aggregate, node: fake } = await node(t);
  fake.put('power', 100, { unit: 'W' });
  const { code, stdout } = await aggregate('sum', 'power');
  assert.equal(code, 0);
  assert.match(stdout, /^100 W +1 of 1 +5ms +good +pump-house$/m);
  assert.equal(JSON.parse((await aggregate('sum', 'power', '--json')).stdout).groups[0].value, 100);
});

test('aggregate fails and says why where too few nodes count', async (t) => {
  const { aggregate, node: fake } = await node(t);
  fake.put('power', 100, { unit: 'W' });
  fake.others = [memberView({ id: OTHER, name: 'barn', state: 'down', tags: { site: 'south' } })];
  const { code, stdout, stderr } = await aggregate('sum', 'power');
  assert.equal(code, 1);
  assert.match(stdout, /^unknown +1 of 2 .* barn$/m);
  assert.match(stderr, /unknown: 1 of 2 nodes count, 100 % are asked for: barn \(missing\)/);
  assert.equal((await aggregate('sum', 'power', '--min-coverage', '0.5')).code, 0);
  const grouped = await aggregate('sum', 'power', '--by', 'site');
  assert.match(grouped.stdout, /^SITE +VALUE/m);
  assert.match(grouped.stderr, /unknown for site south: 0 of 1/);
  assert.match(
    (await aggregate('sum', 'power', '--by', 'site', '--where', 'site=east')).stderr,
    /no member is asked/,
  );
});

test('aggregate refuses what makes no sense', async (t) => {
  const { aggregate } = await node(t);
  for (const argv of [
    ['median', 'power'],
    ['sum'],
    ['sum', 'power', '--min-coverage', '90'],
    ['sum', 'power', '--max-age', '5'],
    ['sum', 'power', '--where', 'site'],
  ])
    assert.equal((await aggregate(...argv)).code, 2, argv.join(' '));
  assert.match((await aggregate('quantile', 'power')).stderr, /quantile: expected a number from 0 to 1/);
});
