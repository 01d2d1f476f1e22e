import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { METRICS } from '#device/api/metrics.ts';
import { SCHEMAS } from '#device/api/schemas.ts';
import type { WhyView } from '#runtime/core/why.ts';
import { EnginePump } from '../../../support/engine-pump.ts';
import { memberView, recordView } from '../../../support/fake-node.ts';
import { type ApiHarness, startHarness } from './harness.ts';

type Schema = {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
};

/** Faults of a value against a schema; a key that the schema doesn't name is one. */
function faults(schema: Schema, value: unknown, place: string): string[] {
  if (schema.$ref !== undefined)
    return faults(SCHEMAS[schema.$ref.split('/').at(-1) ?? ''] as Schema, value, place);
  if (schema.anyOf !== undefined) {
    const tried = schema.anyOf.map((option) => faults(option, value, place));
    return tried.some((found) => found.length === 0) ? [] : (tried[0] ?? []);
  }
  if ('const' in schema) return value === schema.const ? [] : [`${place}: not ${schema.const}`];
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return [`${place}: ${value} is not in the enum`];
  if (schema.type === 'array') {
    if (!Array.isArray(value)) return [`${place}: no array`];
    return value.flatMap((item, index) => faults(schema.items ?? {}, item, `${place}[${index}]`));
  }
  if (schema.type === 'object') return objectFaults(schema, value, place);
  if (schema.type === 'integer') return Number.isInteger(value) ? [] : [`${place}: ${value} is no integer`];
  if (schema.type === undefined) return [];
  const type = value === null ? 'null' : typeof value;
  return type === schema.type ? [] : [`${place}: ${type}, not ${schema.type}`];
}

function objectFaults(schema: Schema, value: unknown, place: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${place}: no object`];
  const missing = (schema.required ?? [])
    .filter((key) => !(key in value))
    .map((key) => `${place}.${key}: missing`);
  const present = Object.entries(value).flatMap(([key, item]) => {
    const property = schema.properties?.[key] ?? schema.additionalProperties;
    return property === undefined
      ? [`${place}.${key}: not described`]
      : faults(property, item, `${place}.${key}`);
  });
  return [...missing, ...present];
}

/** What routes ask for that don't answer without it. */
const QUERIES: Readonly<Record<string, string>> = {
  '/v1/aggregate': '?key=load&function=sum&minCoverage=0.9&maxAgeMs=1000',
};

async function fill(api: ApiHarness): Promise<void> {
  api.node.crdt.apply('lww', 'mode', { op: 'set', value: 'island' });
  api.node.put('load', 5, { unit: 'W' });
  api.node.others = [
    memberView({
      id: 'f'.repeat(32),
      phi: 1.5,
      rttMs: 0.4,
      lastHeardMs: null,
      path: { transport: 'udp', address: '::1', port: 1 },
      endpoints: [{ transport: 'udp', address: '::1', port: 1 }],
      tags: { a: 'b' },
      accusers: ['e'.repeat(32)],
      segment: 'eth0',
    }),
  ];
  const [view] = evidenceOfEngines();
  if (view !== undefined) api.node.evidence.set(api.node.id, view);
  api.node.arrive(recordView({ value: { a: [1, null] }, ageBoundMs: null, ttlMs: 5 }));
  api.node.arrive(recordView({ owner: 'f'.repeat(32), key: 'crdt/lww/mode', value: 'no slot' }));
  await api.fleet.desk.set({ preset: 'radio' });
  await api.fleet.desk.set({ log: { level: 'warn' } }, { nodes: [], tags: { a: 'b' }, percent: 10 });
  api.node.arrive(recordView({ owner: 'e'.repeat(32), key: 'fleet/settings', value: 'none' }));
  const refused = { version: `2/${api.node.id}`, why: 'x' };
  api.node.arrive(
    recordView({ owner: 'f'.repeat(32), key: 'fleet-status', value: { refused, unwell: ['c'] } }),
  );
  api.conditions.push({ code: 'c', severity: 'warning', title: 't', text: 'x', sinceMs: 5 });
  api.sources.push({
    name: 's',
    kind: 'exec',
    simulated: false,
    state: 'failed',
    counters: { samples: 1 },
    health: [{ code: 'source-failed', severity: 'failure', title: 't', text: 'x' }],
  });
}

/** What real engines say of themselves, of one that is well, and of one that was killed and is called. */
function evidenceOfEngines(): WhyView[] {
  const pump = new EnginePump({ multicast: 'full' });
  const [ann, ben, ...others] = pump.cluster(5);
  pump.kill(ben, { hostStaysUp: true });
  pump.until(() => pump.sees(ann, [ben], 'down'), 30_000, 'down');
  pump.run(30_000);
  const views = [ann, ben, others[0]].map((about) => ann.engine.why(pump.nowMs, about!.id));
  return views.filter((view) => view !== undefined);
}

describe('/openapi.json', () => {
  test('describes every JSON reply as it really is', async (t) => {
    // B-126
    const api = await startHarness(t);
    await fill(api);
    const { json } = await api.call('GET', '/openapi.json');
    assert.equal(json.openapi, '3.1.0');
    for (const [path, operations] of Object.entries<Record<string, unknown>>(json.paths)) {
      const schema = (
        operations as { get?: { responses: Record<string, { content: Record<string, { schema: Schema }> }> } }
      ).get?.responses[200]?.content['application/json']?.schema;
      if (schema === undefined) continue;
      const url = path.replace('{id}', api.node.id).replace('{name}', 'mode');
      const answer = await api.call('GET', `${url}${QUERIES[path] ?? ''}`);
      assert.equal(answer.status, 200, path);
      assert.deepEqual(faults(schema, answer.json, path), []);
    }
  });

  test('describes all evidence that engines give', async (t) => {
    const api = await startHarness(t);
    const views = evidenceOfEngines();
    assert.deepEqual(
      views.map(({ member }) => member.state),
      ['alive', 'down', 'alive'],
    );
    assert.ok((views[1]?.suspicion?.accusers.length ?? 0) > 0 && (views[1]?.verdicts.length ?? 0) > 0);
    for (const view of views) {
      api.node.evidence.set(view.member.id, view);
      const { json } = await api.call('GET', `/v1/members/${view.member.id}/why`);
      assert.deepEqual(faults(SCHEMAS.Why as Schema, json, view.member.name), []);
    }
  });

  test('describes writing, leaving and refusals as they really are', async (t) => {
    const api = await startHarness(t);
    const check = (name: string, value: unknown) =>
      assert.deepEqual(faults(SCHEMAS[name] as Schema, value, name), []);
    check('Written', (await api.call('PUT', '/v1/records/a', '{"value":1}')).json);
    check('Written', (await api.call('DELETE', '/v1/records/a')).json);
    const batch = '{"records":[{"key":"a","value":1},{"key":"b","value":2,"unit":"W"}]}';
    check('WrittenBatch', (await api.call('POST', '/v1/records', batch)).json);
    await api.call('DELETE', '/v1/records/a');
    check('Error', (await api.call('DELETE', '/v1/records/a')).json);
    check('Forgotten', (await api.call('POST', `/v1/members/${'ab'.repeat(16)}/forget`)).json);
    check('Left', (await api.call('POST', '/v1/leave')).json);
  });

  test('has every route, and no reference that leads nowhere', async (t) => {
    const api = await startHarness(t);
    const { json, text } = await api.call('GET', '/openapi.json');
    assert.deepEqual(Object.keys(json.paths).sort(), [
      '/healthz',
      '/metrics',
      '/openapi.json',
      '/v1/aggregate',
      '/v1/crdts',
      '/v1/crdts/{name}',
      '/v1/events',
      '/v1/fleet',
      '/v1/fleet/promote',
      '/v1/fleet/rollback',
      '/v1/keys',
      '/v1/keys/{fingerprint}/remove',
      '/v1/keys/{fingerprint}/use',
      '/v1/lease-recovery',
      '/v1/leases',
      '/v1/leases/{name}',
      '/v1/leases/{name}/renew',
      '/v1/leave',
      '/v1/members',
      '/v1/members/{id}/forget',
      '/v1/members/{id}/why',
      '/v1/profile',
      '/v1/queries',
      '/v1/records',
      '/v1/records/{key}',
      '/v1/sources',
      '/v1/status',
      '/v1/stream',
      '/v1/trust',
      '/v1/trust/proclaim',
    ]);
    const names = [...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map((match) => match[1] ?? '');
    for (const name of new Set(names)) assert.ok(name in SCHEMAS, name);
    for (const name of Object.keys(SCHEMAS))
      assert.ok(names.includes(name), `${name} is described and never used`);
  });

  test('a schema fault would be found', () => {
    assert.deepEqual(faults(SCHEMAS.Left as Schema, { schema: 'gridvine.left/1', idd: 'x' }, 'p'), [
      'p.id: missing',
      'p.idd: not described',
    ]);
  });
});

describe('/metrics', () => {
  test('has every documented metric, in the text format', async (t) => {
    // B-130
    const api = await startHarness(t);
    await fill(api);
    api.node.counters.drops.replay = 4;
    const { status, headers, text } = await api.call('GET', '/metrics');
    assert.equal(status, 200);
    assert.match(headers['content-type'] ?? '', /^text\/plain/);
    for (const { name, kind } of METRICS) assert.match(text, new RegExp(`^# TYPE ${name} ${kind}$`, 'm'));
    assert.match(text, /^gridvine_drops_total\{reason="replay"\} 4$/m);
    assert.match(text, /^gridvine_members\{state="alive"\} 2$/m);
    assert.match(text, /^gridvine_interface_sent_bytes_total\{interface="eth0"\} 20$/m);
    assert.match(text, /^gridvine_interface_refused_datagrams_total\{interface="eth0",class="data"\} 5$/m);
    assert.match(text, /^gridvine_interface_budget_bytes_per_second\{interface="eth0"\} 20000$/m);
  });

  test('conditions of one code and severity are counted together', async (t) => {
    const api = await startHarness(t);
    for (const title of ['a', 'b'])
      api.conditions.push({ code: 'c', severity: 'warning', title, text: '', sinceMs: 0 });
    const { text } = await api.call('GET', '/metrics');
    assert.match(text, /^gridvine_health_items\{code="c",severity="warning"\} 2$/m);
  });

  test('two scrapes give the same counters, not their sum', async (t) => {
    const api = await startHarness(t);
    api.node.counters.probes = 7;
    await api.call('GET', '/metrics');
    assert.match((await api.call('GET', '/metrics')).text, /^gridvine_probes_total 7$/m);
  });

  test('the README lists exactly these metrics', () => {
    // B-130
    const readme = readFileSync(join(import.meta.dirname, '../../../../device/README.md'), 'utf8');
    const listed = [...readme.matchAll(/^\| `(gridvine_\w+)`/gm)].map((match) => match[1]);
    assert.deepEqual(
      listed,
      METRICS.map(({ name }) => name),
    );
  });
});
