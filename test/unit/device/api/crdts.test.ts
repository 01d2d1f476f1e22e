import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAKE_ID, memberView, recordView } from '../../../support/fake-node.ts';
import { startHarness } from './harness.ts';

const OTHER = 'cd'.repeat(16);
const post = (operation: object) => JSON.stringify(operation);

test('shared data is made by its first change, read by name and listed', async (t) => {
  const api = await startHarness(t);
  const made = await api.call(
    'POST',
    '/v1/crdts/energy%2Ftotal',
    post({ op: 'increment', by: 250, type: 'gcounter' }),
  );
  const expected = {
    name: 'energy/total',
    type: 'gcounter',
    value: 250,
    slots: [{ id: FAKE_ID, node: 'pump-house' }],
    ignored: [],
    orphaned: false,
    written: [],
  };
  assert.deepEqual([made.status, made.json], [200, { schema: 'gridvine.crdt/1', ...expected }]);
  assert.deepEqual((await api.call('GET', '/v1/crdts/energy%2Ftotal')).json, made.json);
  assert.deepEqual((await api.call('GET', '/v1/crdts')).json, {
    schema: 'gridvine.crdts/1',
    crdts: [expected],
  });
  assert.equal(api.node.puts[0]?.key, 'crdt/gcounter/energy/total');
});

test('without a type it is the one that the name has, or the one that the operation begins', async (t) => {
  const api = await startHarness(t);
  const change = async (name: string, operation: object) =>
    (await api.call('POST', `/v1/crdts/${name}`, post(operation))).json;
  assert.equal((await change('count', { op: 'increment' })).type, 'pncounter');
  assert.equal((await change('mode', { op: 'set', value: 'island' })).type, 'lww');
  assert.equal((await change('tariff', { op: 'set', key: 'night', value: 0.31 })).type, 'lwwmap');
  assert.equal((await change('who', { op: 'add', value: { $bytes: 'AQI=' } })).type, 'orset');
  assert.deepEqual((await change('who', { op: 'remove', value: { $bytes: 'AQI=' } })).value, []);
  assert.equal((await change('top', { op: 'set', value: 3, type: 'max' })).value, 3);
  assert.deepEqual((await change('top', { op: 'set', value: 1 })).value, 3);
  const { status, json } = await api.call('POST', '/v1/crdts/nobody', post({ op: 'remove', value: 1 }));
  assert.deepEqual([status, json.error.code], [404, 'E_NOT_FOUND']);
});

test('what makes no sense is refused by its place, and an unknown name is not found', async (t) => {
  const api = await startHarness(t);
  await api.call('POST', '/v1/crdts/n', post({ op: 'increment', by: 1 }));
  const bad = [
    [{ op: 'multiply' }, 400, /op: expected one of increment/],
    [{ op: 'increment', by: 'x' }, 400, /by: expected a number/],
    [{ op: 'increment', by: 0.5 }, 400, /n: by: expected a whole number/],
    [{ op: 'add', value: 1 }, 400, /n: op: expected increment; got add/],
    [{ op: 'add', value: 1, type: 'orset' }, 409, /pncounter; got one of orset/],
    [{ op: 'increment', type: 'tally' }, 400, /type: expected one of gcounter/],
    [{ op: 'increment', unit: 'W' }, 400, /unit/],
    [{ op: 'set', type: 'lww', value: { $bytes: 7 } }, 400, /\$bytes/],
  ] as const;
  for (const [body, status, message] of bad) {
    const answer = await api.call('POST', '/v1/crdts/n', post(body));
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.json.error.message, message);
  }
  assert.equal((await api.call('GET', '/v1/crdts/m')).status, 404);
  assert.equal((await api.call('GET', '/v1/crdts/n?type=tally')).status, 400);
  assert.equal((await api.call('GET', '/v1/crdts/n?type=orset')).status, 404);
  assert.equal((await api.call('POST', '/v1/crdts/%0a', post({ op: 'increment' }))).status, 400);
});

test('two types of one name, made apart, are a conflict until the reader says which', async (t) => {
  const api = await startHarness(t);
  await api.call('POST', '/v1/crdts/n', post({ op: 'increment', by: 1 }));
  api.node.arrive(recordView({ owner: OTHER, node: 'barn', key: 'crdt/gset/n', value: ['x'] }));
  const { status, json } = await api.call('GET', '/v1/crdts/n');
  assert.deepEqual([status, json.error.code], [409, 'E_CRDT_TYPE']);
  assert.deepEqual((await api.call('GET', '/v1/crdts/n?type=gset')).json.value, ['x']);
});

test('a slot that is none is shown with its node and what is wrong', async (t) => {
  const api = await startHarness(t);
  api.node.others = [memberView({ id: OTHER, name: 'barn' })];
  api.node.arrive(recordView({ owner: OTHER, node: 'barn', key: 'crdt/gset/n', value: 7 }));
  const [row] = (await api.call('GET', '/v1/crdts')).json.crdts;
  assert.deepEqual(row.ignored, [{ id: OTHER, node: 'barn', problem: 'expected a list of elements' }]);
});

test('an aggregate answers with what it is of, and null with the reason where that is too little', async (t) => {
  const api = await startHarness(t);
  api.node.put('power', 100, { unit: 'W' });
  const ask = (more: string) => api.call('GET', `/v1/aggregate?key=power&function=sum&maxAgeMs=1000&${more}`);
  const alone = await ask('minCoverage=1');
  assert.equal(alone.status, 200);
  assert.deepEqual([alone.json.schema, alone.json.groups[0].value], ['gridvine.aggregate/1', 100]);
  api.node.others = [memberView({ id: OTHER, name: 'barn', tags: { site: 'south' } })];
  const [group] = (await ask('minCoverage=1')).json.groups;
  assert.deepEqual([group.value, group.unknown.reason, group.coverage], [null, 'coverage', 0.5]);
  assert.deepEqual(group.leftOut, [{ id: OTHER, node: 'barn', reason: 'missing', ageMs: null }]);
  assert.equal((await ask('minCoverage=0.5')).json.groups[0].value, 100);
  assert.deepEqual(
    (await ask('minCoverage=0&groupBy=site')).json.groups.map(({ tag }: { tag: string }) => tag),
    ['south', null],
  );
  assert.equal((await ask('minCoverage=1&where=site%3Dsouth')).json.groups[0].expected, 1);
});

test('an aggregate without coverage or age is refused: who asks has to say', async (t) => {
  const api = await startHarness(t);
  const bad = [
    ['key=power&function=sum&maxAgeMs=1000', /parameter minCoverage/],
    ['key=power&function=sum&minCoverage=1', /parameter maxAgeMs/],
    ['function=sum&minCoverage=1&maxAgeMs=1', /parameter key/],
    ['key=p&function=median&minCoverage=1&maxAgeMs=1', /function: expected one of sum/],
    ['key=p&function=sum&minCoverage=all&maxAgeMs=1', /minCoverage: expected a number; got all/],
    ['key=p&function=sum&minCoverage=2&maxAgeMs=1', /minCoverage: expected a share/],
    ['key=p&function=sum&minCoverage=1&maxAgeMs=1&where=site', /where: expected TAG=VALUE/],
    ['key=p&function=sum&minCoverage=1&maxAgeMs=1&quality=bad', /quality/],
    ['key=p&function=quantile&minCoverage=1&maxAgeMs=1', /quantile/],
  ] as const;
  for (const [query, message] of bad) {
    const { status, json, text } = await api.call('GET', `/v1/aggregate?${query}`);
    assert.equal(status, 400, text);
    assert.match(json.error.message, message);
  }
});
