import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GridvineError } from '#runtime/core/errors.ts';
import type { QueryAnswer, QuerySummary } from '#runtime/core/query-views.ts';
import { FAKE_ID, memberView } from '../../../support/fake-node.ts';
import { startHarness } from '../api/harness.ts';
import { gridvine } from './run.ts';

const BARN = 'ab'.repeat(16);
const answer = (changes: Partial<QueryAnswer> = {}): QueryAnswer => ({
  node: BARN,
  name: 'barn',
  kind: 'answer',
  value: 'up 3 days',
  cutFrom: null,
  afterMs: 12,
  relayed: false,
  ...changes,
});

test('event send sends what is typed', async (t) => {
  const api = await startHarness(t);
  const send = (...argv: string[]) => gridvine(['event', 'send', ...argv, '--socket', api.socket]);
  assert.deepEqual(await send('deploy', '{"version":7}', '--window', '5m', '--urgent'), {
    code: 0,
    stdout: '',
    stderr: '',
  });
  assert.equal((await send('alarm', 'smoke')).code, 0);
  assert.equal((await send('bare')).code, 0);
  assert.deepEqual(api.node.emitted, [
    { name: 'deploy', payload: { version: 7 }, options: { windowMs: 300_000, priority: 'urgent' } },
    { name: 'alarm', payload: 'smoke', options: { windowMs: 60_000 } },
    { name: 'bare', payload: null, options: { windowMs: 60_000 } },
  ]);
  const { stdout } = await send('deploy', '--json');
  assert.equal(JSON.parse(stdout).schema, 'gridvine.emitted/1');
  api.node.refusal = new GridvineError('E_QUOTA', 'event a: too many; wait 5 ms');
  assert.deepEqual(await send('a'), {
    code: 1,
    stdout: '',
    stderr: 'gridvine: event a: too many; wait 5 ms\n',
  });
});

test('query asks what is typed, and shows each answer and who is silent', async (t) => {
  const api = await startHarness(t);
  api.node.queryAnswers = [
    answer({ kind: 'ack', value: null }),
    answer(),
    answer({ name: 'roof', value: { load: 0.5 }, relayed: true, cutFrom: 5_000 }),
    answer({ name: 'well', kind: 'failed', value: 'exit 3' }),
    answer({ name: 'gate', kind: 'none', value: null }),
  ];
  const argv = [
    'uptime',
    '--node',
    'b*',
    '--node',
    'r*',
    '--tag',
    'role=x*',
    '--group',
    'g',
    '--timeout',
    '2s',
  ];
  const { code, stdout, stderr } = await gridvine(['query', ...argv, '--ack', '--socket', api.socket]);
  assert.equal(code, 1, 'somebody said nothing');
  assert.deepEqual(stdout.trimEnd().split('\n'), [
    'barn got it (12ms)',
    'barn up 3 days (12ms)',
    'roof {"load":0.5} (the first part of 5000 bytes) (12ms, relayed)',
    'well failed: exit 3 (12ms)',
    'gate nothing answers to that name there (12ms)',
  ]);
  assert.equal(stderr, '5 of 3 answered in 12ms; no word of abababab\n');
  const options = { nodes: ['b*', 'r*'], tags: { role: 'x*' }, groups: ['g'], timeoutMs: 2_000, ack: true };
  assert.deepEqual(api.node.asked, [{ name: 'uptime', options: { ...options, payload: null } }]);
});

test('query --json prints a line for each answer and for the end', async (t) => {
  const api = await startHarness(t);
  api.node.queryAnswers = [answer()];
  const { stdout } = await gridvine(['query', 'uptime', '--json', '--socket', api.socket]);
  const schemas = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).schema);
  assert.deepEqual(schemas, ['gridvine.query-answer/1', 'gridvine.query-over/1']);
});

test('query says what is wrong with its arguments, and why a daemon refuses', async (t) => {
  const api = await startHarness(t);
  const query = (...argv: string[]) => gridvine(['query', ...argv, '--socket', api.socket]);
  assert.equal((await query('a', '--tag', 'role')).code, 2);
  api.node.refusal = new GridvineError('E_EVENT', 'query name: expected letters');
  assert.deepEqual(await query('!'), {
    code: 1,
    stdout: '',
    stderr: 'gridvine: query name: expected letters\n',
  });
  assert.equal((await gridvine(['query', 'a', '--socket', `${api.socket}.none`])).code, 69);
});

test('reach shows who is not reached by whom, and what to look at', async (t) => {
  const api = await startHarness(t);
  api.node.others = [
    memberView({ id: BARN, name: 'barn' }),
    memberView({ id: 'cd'.repeat(16), name: 'well', state: 'down' }),
    memberView({ id: 'ef'.repeat(16), name: 'gate', state: 'left' }),
    memberView({ id: '12'.repeat(16), name: 'shed' }),
  ];
  const sees = { alive: 3, notReached: 1, named: [['well', 'down']] };
  api.node.queryAnswers = [
    answer({ node: FAKE_ID, name: 'pump-house', value: sees }),
    answer({ value: { ...sees, notReached: 3 }, relayed: true }),
  ];
  const { code, stdout } = await gridvine(['reach', '--socket', api.socket], { columns: 120 });
  assert.equal(code, 1);
  assert.match(stdout, /barn +alive +12ms relayed +3 +well \(down\), and 2 more/);
  assert.match(stdout, /well +down +none/);
  assert.doesNotMatch(stdout, /gate/);
  assert.match(stdout, /shed: alive for this node, and without an answer/);
  assert.match(stdout, /well: not reached from here either/);
  assert.match(stdout, /barn: answers only through others.*UDP port 18262/);
  const json = JSON.parse((await gridvine(['reach', '--json', '--socket', api.socket])).stdout);
  assert.equal(json.schema, 'gridvine.reach/1');
  assert.equal(json.nodes.length, 4);
});

test('reach is content where all see all', async (t) => {
  const api = await startHarness(t);
  api.node.queryAnswers = [answer({ node: FAKE_ID, value: { alive: 1, notReached: 0, named: [] } })];
  const { code, stdout } = await gridvine(['reach', '--socket', api.socket]);
  assert.equal(code, 0);
  assert.match(stdout, /All members answer, and see all others/);
});

test('query exits with 0 only where all that were asked answered, and with what they were asked for', async (t) => {
  const api = await startHarness(t);
  const exit = async (end: Partial<QuerySummary>, ...answers: QueryAnswer[]) => {
    api.node.queryEnd = { silent: [], ...end };
    api.node.queryAnswers = answers;
    return gridvine(['query', 'load', '--socket', api.socket]);
  };
  const none = answer({ kind: 'none', value: null });
  assert.equal((await exit({ end: 'complete', expected: 2 }, answer(), none)).code, 0);
  assert.equal((await exit({ end: 'complete', expected: 0 })).code, 1, 'a pattern that fits nobody');
  assert.equal((await exit({ end: 'complete', expected: 1 }, none)).code, 1, 'nobody knows the name');
  const failed = answer({ kind: 'failed', value: 'exit 3' });
  assert.equal((await exit({ end: 'complete', expected: 2 }, answer(), failed)).code, 1);
  assert.equal(
    (await exit({ end: 'timeout', expected: 2 }, answer())).code,
    1,
    'one took it and said no more',
  );
  assert.equal((await exit({ end: 'limit', expected: 2 }, answer())).code, 1);
  const { code, stderr } = await exit({ end: 'cancelled', expected: 3, answers: 1 }, answer());
  assert.deepEqual([code, stderr], [1, '1 of 3 answered in 12ms, then it was ended\n'], 'the daemon stops');
});
