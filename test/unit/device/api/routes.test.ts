import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GridvineError } from '#runtime/core/errors.ts';
import { FAKE_ID, memberView, recordView } from '../../../support/fake-node.ts';
import { startHarness } from './harness.ts';

describe('GET /v1/status', () => {
  test('has the shape of the contract, with drops and the health of everything', async (t) => {
    const api = await startHarness(t);
    api.node.counters.drops.replay = 4;
    api.node.conditions = [{ code: 'twin', severity: 'failure', title: 'a', text: 'b', sinceMs: 1.7 }];
    api.conditions.push({ code: 'mqtt-unreachable', severity: 'warning', title: 'c', text: 'd', sinceMs: 9 });
    const { status, json } = await api.call('GET', '/v1/status');
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(json), [
      'schema',
      'id',
      'name',
      'cluster',
      'version',
      'protocol',
      'uptimeMs',
      'profile',
      'security',
      'members',
      'records',
      'quota',
      'drops',
      'interfaces',
      'health',
    ]);
    assert.equal(json.schema, 'gridvine.status/1');
    assert.equal(json.uptimeMs, 1235);
    assert.equal(json.profile, 'raspberry-pi-4b');
    assert.deepEqual(json.members, { joining: 0, alive: 1, suspect: 0, down: 0, leaving: 0, left: 0 });
    assert.equal(json.drops.replay, 4);
    assert.deepEqual(json.interfaces, api.node.traffic());
    assert.deepEqual(
      json.health.map((item: { code: string; sinceMs: number }) => [item.code, item.sinceMs]),
      [
        ['twin', 2],
        ['mqtt-unreachable', 9],
      ],
    );
  });
});

describe('GET /v1/members', () => {
  test('has all fields of a member, and no infinity', async (t) => {
    const api = await startHarness(t);
    api.node.others = [
      memberView({ id: 'f'.repeat(32), name: 'b', state: 'suspect', phi: Number.POSITIVE_INFINITY }),
    ];
    const { json } = await api.call('GET', '/v1/members');
    assert.equal(json.schema, 'gridvine.members/1');
    assert.equal(json.self, FAKE_ID);
    const [, other] = json.members;
    assert.equal(other.phi, null);
    assert.equal(other.state, 'suspect');
    for (const key of [
      'id',
      'name',
      'boot',
      'incarnation',
      'endpoints',
      'tags',
      'lastHeardMs',
      'rttMs',
      'accusers',
    ]) {
      assert.ok(key in other, key);
    }
    for (const key of ['segment', 'path', 'flags']) assert.ok(key in other, key);
  });
});

describe('GET /v1/records', () => {
  test('filters by key, prefix, name and id of a node', async (t) => {
    // B-126
    const api = await startHarness(t);
    api.node.put('pump/target', 40, { unit: '%' });
    api.node.arrive(recordView({ owner: 'f'.repeat(32), node: 'barn', key: 'pump/target', value: 'x' }));
    const keys = async (query: string) =>
      (await api.call('GET', `/v1/records${query}`)).json.records.map((r: { node: string }) => r.node);
    assert.deepEqual(await keys(''), ['pump-house', 'barn']);
    assert.deepEqual(await keys('?key=pump/target'), ['pump-house', 'barn']);
    assert.deepEqual(await keys('?key=pump/'), ['pump-house', 'barn']);
    assert.deepEqual(await keys('?key=pump'), []);
    assert.deepEqual(await keys('?node=barn'), ['barn']);
    assert.deepEqual(await keys(`?key=pump%2Ftarget&node=${FAKE_ID}`), ['pump-house']);
  });

  test('a record has the shape of the contract', async (t) => {
    const api = await startHarness(t);
    api.node.put('energy', 2n ** 60n, { unit: 'Wh', ttlMs: 5000 });
    const { json } = await api.call('GET', '/v1/records');
    assert.deepEqual(json, {
      schema: 'gridvine.records/1',
      records: [
        {
          id: FAKE_ID,
          node: 'pump-house',
          key: 'energy',
          value: { $int: '1152921504606846976' },
          unit: 'Wh',
          quality: 'good',
          version: 101,
          ageMs: 5,
          ageBoundMs: 0,
          ttlMs: 5000,
        },
      ],
    });
  });
});

describe('PUT and DELETE /v1/records/{key}', () => {
  test('with durable the answer waits for the medium, and says where that refuses', async (t) => {
    const api = await startHarness(t);
    const put = (body: object) => api.call('PUT', '/v1/records/a', JSON.stringify({ value: 1, ...body }));
    assert.equal((await put({})).status, 200);
    assert.equal(api.node.persistedOwn, 0);
    assert.equal((await put({ durable: true })).status, 200);
    assert.equal(api.node.persistedOwn, 1);
    assert.equal(api.node.persisted, 0, "others' records are no business of this");
    const { status, json } = await put({ durable: true, ttlMs: 5 });
    assert.deepEqual([status, json.error.code], [400, 'E_TTL_INVALID']);
    api.node.mediumRefusal = new GridvineError('E_NOT_DURABLE', 'the data directory takes nothing (ENOSPC)');
    const refused = await put({ durable: true });
    assert.deepEqual([refused.status, refused.json.error.code], [507, 'E_NOT_DURABLE']);
    assert.equal(api.node.puts.length, 3);
  });

  for (const path of ['/v1/records/pump/target', '/v1/records/pump%2Ftarget', '/v1/records/pump%2ftarget']) {
    test(`${path} writes the key pump/target`, async (t) => {
      const api = await startHarness(t);
      const { status, json } = await api.call('PUT', path, '{"value":{"$bytes":"AQI="}}');
      assert.equal(status, 200);
      assert.deepEqual(json, { schema: 'gridvine.written/1', key: 'pump/target', version: 101 });
      assert.deepEqual(api.node.puts, [{ key: 'pump/target', value: new Uint8Array([1, 2]), options: {} }]);
    });
  }

  test('hands all options on', async (t) => {
    const api = await startHarness(t);
    const options = { ttlMs: 30000, ageMs: 70, unit: 'W', quality: 'sub', priority: 'urgent', ifVersion: 0 };
    await api.call('PUT', '/v1/records/a', JSON.stringify({ value: null, ...options }));
    assert.deepEqual(api.node.puts, [{ key: 'a', value: null, options }]);
  });

  test('deletes, and says 404 for what is not there', async (t) => {
    const api = await startHarness(t);
    api.node.put('a/b', 1);
    assert.equal((await api.call('DELETE', '/v1/records/a%2Fb')).json.version, 102);
    const { status, json } = await api.call('DELETE', '/v1/records/a/b');
    assert.equal(status, 404);
    assert.equal(json.error.code, 'E_NOT_FOUND');
  });

  for (const [body, message] of [
    ['', /body: expected JSON/],
    ['{"value":', /body: expected JSON/],
    ['[1]', /body: expected a JSON object/],
    ['null', /body: expected a JSON object/],
    ['{}', /value: expected .*; got undefined/],
    ['{"value":1,"ttl":5}', /ttl: expected no such key/],
    ['{"value":1,"ttlMs":"30s"}', /ttlMs: expected milliseconds as a whole number; got "30s"/],
    ['{"value":1,"ttlMs":-1}', /ttlMs: expected/],
    ['{"value":1,"priority":"high"}', /priority: expected one of urgent, normal, lazy; got "high"/],
    [
      `{"value":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
      /value.*: expected at most 16 levels|body: expected JSON/,
    ],
  ] as const) {
    test(`the body ${body.slice(0, 40)} is refused with 400 and a reason`, async (t) => {
      const api = await startHarness(t);
      const { status, json } = await api.call('PUT', '/v1/records/a', body);
      assert.equal(status, 400);
      assert.match(json.error.message, message);
      assert.equal(api.node.puts.length, 0);
      assert.deepEqual(api.errors, []);
    });
  }

  test('a body beyond 64 KiB is refused with 413', async (t) => {
    // B-63
    const api = await startHarness(t);
    const body = JSON.stringify({ value: 'x'.repeat(65_536) });
    const { status, json } = await api.call('PUT', '/v1/records/a', body);
    assert.equal(status, 413);
    assert.match(json.error.message, /at most 65536 bytes/);
  });

  for (const [code, status] of [
    ['E_KEY_INVALID', 400],
    ['E_KEY_RESERVED', 403],
    ['E_VALUE_TOO_LARGE', 413],
    ['E_VERSION_CONFLICT', 409],
    ['E_QUOTA', 507],
    ['E_CLOSED', 503],
  ] as const) {
    test(`a refusal ${code} of the node is answered with ${status}`, async (t) => {
      const api = await startHarness(t);
      api.node.refusal = new GridvineError(code, 'why not');
      const answer = await api.call('PUT', '/v1/records/a', '{"value":1}');
      assert.equal(answer.status, status);
      assert.deepEqual(answer.json, { error: { code, message: 'why not' } });
    });
  }

  test('our own bug is answered with 500 without its text, and handed to the log', async (t) => {
    const api = await startHarness(t);
    const bug = new Error('secret detail');
    api.node.refusal = bug;
    const { status, text } = await api.call('PUT', '/v1/records/a', '{"value":1}');
    assert.equal(status, 500);
    assert.doesNotMatch(text, /secret detail/);
    assert.deepEqual(api.errors, [bug]);
  });
});

describe('the router', () => {
  test('an unknown path is 404, a wrong method 405 with what is allowed', async (t) => {
    const api = await startHarness(t);
    assert.equal((await api.call('GET', '/v2/status')).status, 404);
    const answer = await api.call('POST', '/v1/status');
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.allow, 'GET');
    assert.equal((await api.call('PATCH', '/v1/records/a')).headers.allow, 'PUT, DELETE');
  });

  test('an unknown query parameter is named', async (t) => {
    const api = await startHarness(t);
    const { status, json } = await api.call('GET', '/v1/records?prefix=a');
    assert.equal(status, 400);
    assert.equal(json.error.message, 'query: expected one of the parameters key, node; got prefix');
  });

  test('a broken URL encoding is 400', async (t) => {
    const api = await startHarness(t);
    assert.equal((await api.call('PUT', '/v1/records/%zz', '{"value":1}')).status, 400);
    assert.equal((await api.call('PUT', '/v1/records/%ff', '{"value":1}')).status, 400);
    assert.equal((await api.call('PUT', '/v1/records/', '{"value":1}')).status, 400);
    assert.deepEqual(api.errors, []);
  });

  test('HEAD answers as GET, without a body', async (t) => {
    const api = await startHarness(t);
    const { status, text } = await api.call('HEAD', '/v1/status');
    assert.equal(status, 200);
    assert.equal(text, '');
  });
});

describe('the other routes', () => {
  test('/healthz says degraded where there is a failure, and stays 200', async (t) => {
    const api = await startHarness(t);
    assert.deepEqual((await api.call('GET', '/healthz')).json, {
      schema: 'gridvine.healthz/1',
      status: 'ok',
    });
    api.conditions.push({ code: 'no-interface', severity: 'failure', title: '', text: '', sinceMs: 0 });
    const { status, json } = await api.call('GET', '/healthz');
    assert.equal(status, 200);
    assert.equal(json.status, 'degraded');
  });

  test('/v1/profile and /v1/sources answer with their documents', async (t) => {
    const api = await startHarness(t);
    api.sources.push({
      name: 's',
      kind: 'plant',
      simulated: true,
      state: 'running',
      counters: { samples: 3 },
      health: [],
    });
    assert.equal((await api.call('GET', '/v1/profile')).json.profile.interfaces[0].reason, 'wired, link up');
    assert.deepEqual((await api.call('GET', '/v1/sources')).json.sources, api.sources);
  });

  test('POST /v1/leave says goodbye before it answers', async (t) => {
    const api = await startHarness(t);
    const { status, json } = await api.call('POST', '/v1/leave');
    assert.equal(status, 200);
    assert.deepEqual(json, { schema: 'gridvine.left/1', id: FAKE_ID });
    assert.ok(api.node.left);
  });
});

describe('GET /v1/members/{id}/why', () => {
  test('tells who asks for a stranger, or by a name, what was expected', async (t) => {
    const api = await startHarness(t);
    for (const id of ['f'.repeat(32), 'roof', 'a%20b']) {
      const { status, json } = await api.call('GET', `/v1/members/${id}/why`);
      assert.equal(status, 404, id);
      assert.equal(json.error.code, 'E_NOT_FOUND');
      assert.match(json.error.message, /^id: expected the id of a member.*; got "(f+|roof|a b)"\. See/);
    }
    assert.equal((await api.call('POST', `/v1/members/${FAKE_ID}/why`)).status, 405);
    assert.equal((await api.call('GET', '/v1/members/why')).json.error.code, 'E_ROUTE');
  });
});

describe('POST /v1/records', () => {
  test('puts all records together, each with its options', async (t) => {
    const api = await startHarness(t);
    const records = [
      { key: 'mode', value: 'manual', priority: 'urgent' },
      { key: 'target', value: { $bytes: 'AQI=' }, unit: '%', ttlMs: 5_000, ifVersion: 0 },
    ];
    const { status, json } = await api.call('POST', '/v1/records', JSON.stringify({ records }));
    assert.equal(status, 200);
    assert.deepEqual(json, {
      schema: 'gridvine.written-batch/1',
      records: [
        { key: 'mode', version: 101 },
        { key: 'target', version: 102 },
      ],
    });
    assert.deepEqual(api.node.batches, [
      [
        { key: 'mode', value: 'manual', priority: 'urgent' },
        { key: 'target', value: Uint8Array.of(1, 2), unit: '%', ttlMs: 5_000, ifVersion: 0 },
      ],
    ]);
  });

  for (const [body, message] of [
    ['{"records":{}}', /records: expected a list of records/],
    ['{"records":[{"value":1}]}', /records\.0\.key: expected an object with key and value/],
    ['{"records":[{"key":"a","value":1},{"key":"b"}]}', /records\.1\.value: expected/],
    ['{"records":[{"key":"a","value":{"$bytes":1}}]}', /a: /],
    ['{"records":[{"key":"a","value":1,"ttl":1}]}', /ttl/],
  ] as const) {
    test(`the body ${body} is refused with 400 and a reason, and nothing is put`, async (t) => {
      const api = await startHarness(t);
      const { status, json } = await api.call('POST', '/v1/records', body);
      assert.equal(status, 400);
      assert.match(json.error.message, message);
      assert.deepEqual(api.node.puts, []);
    });
  }

  test('with durable the answer waits until all of them are on the medium, and says where that refuses', async (t) => {
    const api = await startHarness(t);
    const post = (durable: boolean, more: object = {}) => {
      const records = [
        { key: 'mode', value: 1 },
        { key: 'target', value: 2, ...more },
      ];
      return api.call('POST', '/v1/records', JSON.stringify({ records, durable }));
    };
    assert.equal((await post(false)).status, 200);
    assert.equal(api.node.persistedOwn, 0);
    assert.equal((await post(true)).status, 200);
    assert.deepEqual([api.node.persistedOwn, api.node.persisted], [1, 0]);
    const mistaken = await post(true, { ttlMs: 5 });
    assert.deepEqual([mistaken.status, mistaken.json.error.code], [400, 'E_TTL_INVALID']);
    api.node.mediumRefusal = new GridvineError('E_NOT_DURABLE', 'the data directory takes nothing (ENOSPC)');
    const refused = await post(true);
    assert.deepEqual([refused.status, refused.json.error.code], [507, 'E_NOT_DURABLE']);
    assert.equal(api.node.batches.length, 3);
  });

  test('keeps fleet/ for the commands that check what all boards act on, and puts nothing of the batch', async (t) => {
    const api = await startHarness(t);
    for (const durable of [false, true]) {
      const records = [
        { key: 'mode', value: 1 },
        { key: 'fleet/settings', value: { counter: 9 } },
      ];
      const { status, json } = await api.call('POST', '/v1/records', JSON.stringify({ records, durable }));
      assert.deepEqual([status, json.error.code], [403, 'E_KEY_RESERVED']);
      assert.match(json.error.message, /^fleet\/settings: /);
    }
    assert.deepEqual([api.node.batches, api.node.puts], [[], []]);
  });

  test('a refusal of the node names its code', async (t) => {
    const api = await startHarness(t);
    api.node.refusal = new GridvineError('E_BATCH', 'batch: expected 1 to 32 records; got 0');
    const { status, json } = await api.call('POST', '/v1/records', '{"records":[]}');
    assert.deepEqual([status, json.error.code], [400, 'E_BATCH']);
  });
});
