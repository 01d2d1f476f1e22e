import { refusalOf } from '#device/api/api-error.ts';
import { EventLog } from '#device/api/event-log.ts';
import { LeaseSessions } from '#device/api/lease-sessions.ts';
import { routeTable } from '#device/api/route-table.ts';
import { ApiRouter } from '#device/api/router.ts';
import { StreamHub } from '#device/api/routes/stream.ts';
import type { ApiService } from '#device/api/service.ts';
import { FleetDesk } from '#device/fleet/fleet-desk.ts';
import { FleetFile } from '#device/fleet/fleet-file.ts';
import { aggregate } from '#runtime/coordination/aggregates/aggregate.ts';
import { SharedData } from '#runtime/coordination/shared-data/shared-data.ts';
import { GridvineError } from '#runtime/core/errors.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import type { NodePutEntry, NodePutOptions, RunningNode } from '#runtime/driver/contract.ts';
import { Engine } from '#runtime/engine/engine.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import { type FuzzTarget, promise, textOf, utf8 } from '../contract.ts';
import { CLUSTER, keyring, provider, SELF } from '../fixtures.ts';
import { memoryFiles } from './files.ts';

/** A node without sockets: an engine and a clock that stands still. */
function node(): RunningNode {
  const engine = new Engine({
    id: SELF,
    name: 'pump-house',
    cluster: CLUSTER,
    boot: 3,
    keyring,
    provider,
    random: new SeededRandom(1),
    settings: settingsOf('lan'),
    endpoints: [],
    links: [],
  });
  engine.start(1_000);
  engine.put(1_000, 'pump/target', 40);
  const drained = <T>(value: T): T => {
    while (engine.pollOutput().type !== 'timeout');
    return value;
  };
  const records = (filter: { key: string }) => engine.records(1_000, filter);
  const crdt = new SharedData(
    {
      id: SELF,
      boot: 3,
      random: new SeededRandom(2),
      nowMs: () => 1_000,
      wallMs: () => 0,
      members: () => engine.members(1_000),
      records: (key) => records({ key }),
      put: (key, value) => {
        drained(engine.put(1_000, key, value));
        for (const record of records({ key })) crdt.onRecord({ type: 'record', change: 'put', record });
      },
    },
    { soon: (callback) => callback() },
  );
  return {
    ...{
      id: SELF,
      name: 'pump-house',
      cluster: CLUSTER,
      boot: 3,
      endpoints: [],
      uptimeMs: 5,
      localHealth: 0,
      recordCount: 1,
      cryptoProvider: provider.name,
      crdt,
    },
    aggregate: (query) => aggregate(query, engine.members(1_000), records({ key: query.key })),
    trust: () => engine.trust(),
    certified: () => engine.certified(),
    proclaim: (signed) => drained(engine.proclaim(1_000, signed)),
    counters: engine.counters,
    gauges: () => engine.gauges(),
    members: () => engine.members(1_000),
    why: (id) => engine.why(1_000, id),
    records: (filter) => engine.records(1_000, filter),
    put: (key, value, { keep: _, ...options }: NodePutOptions = {}) =>
      drained(engine.put(1_000, key, value, options)),
    putDurably: async (key, value, options) => drained(engine.put(1_000, key, value, options)),
    persist: async () => undefined,
    putMany: (entries: readonly NodePutEntry[]) =>
      drained(
        engine.putMany(
          1_000,
          entries.map(({ keep: _, ...entry }) => entry),
        ),
      ),
    putManyDurably: async (entries) => drained(engine.putMany(1_000, entries)),
    quota: () => engine.quota(),
    forget: (id) => drained(engine.forget(1_000, id)),
    subscribe: () => {
      throw new GridvineError('E_CLOSED', 'nobody subscribes here');
    },
    delete: (key) => drained(engine.delete(1_000, key)),
    keys: () => engine.keys(),
    operateKeys: (operation) => drained(engine.operateKeys(1_000, operation)),
    // Nobody else is there to vote.
    lease: async (name) => {
      engine.leases.acquire(1_000, name);
      drained(undefined);
      throw new GridvineError('E_LEASE_UNAVAILABLE', `lease ${name}: nobody answers`);
    },
    ownLease: (name) => engine.leases.own(1_000, name),
    releaseLease: (name) => drained(engine.leases.release(1_000, name)),
    leases: () => engine.leases.view(1_000),
    setLeaseRoster: (roster) => drained(engine.leases.setRoster(1_000, roster)),
    retune: () => undefined,
    isEntitled: (owner, key) => engine.fleet.isEntitled(owner, key),
    recoverLeases: (fenceAbove) => drained(engine.leases.recover(1_000, fenceAbove)),
    emitEvent: (name, payload = null, options = {}) =>
      drained(engine.events.emit(1_000, name, payload, options)),
    releaseEvents: () => undefined,
    stopEvents: async () => undefined,
    onUserEvent: () => () => undefined,
    userEvents: async function* () {},
    // Nobody else is there to answer.
    query: (name, { payload = null, signal: _, ...options } = {}) => {
      const number = drained(engine.events.ask(1_000, name, payload, options));
      drained(engine.events.cancel(1_000, number));
      const summary = { end: 'cancelled', expected: 0, acks: 0, answers: 0, silent: [], tookMs: 0 } as const;
      const answers = async function* () {};
      return { number, done: Promise.resolve(summary), cancel() {}, [Symbol.asyncIterator]: answers };
    },
    onQuery: () => () => undefined,
    join: () => undefined,
    onEvent: () => () => undefined,
    traffic: () => [],
    health: () => [],
    leave: async () => undefined,
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** Not started: it answers, and follows nothing. */
function fleetOf(own: RunningNode): FleetDesk {
  return new FleetDesk({
    node: own,
    file: new FleetFile({ files: memoryFiles(new Map()), directory: '/data' }),
    machineBoot: null,
    accept: true,
    health: () => [],
    apply: async () => undefined,
    clock: { nowMs: () => 1_000 },
    scheduler: { after: () => () => undefined },
    log: () => undefined,
  });
}

/** Requests of whoever may open the socket: path, query, headers and body; each is answered, or refused with a status. */
export const apiRequest: FuzzTarget = {
  name: 'api',
  about: 'requests to the API: path, query, headers, body',
  shape: 'text',
  bytesMax: 3_000,
  weight: 4,
  words: [
    ...[
      'GET /v1/',
      'PUT /v1/records/',
      'DELETE /v1/records/',
      'POST /v1/keys',
      'POST /v1/crdts/',
      'POST /v1/leases/',
      'POST /v1/lease-recovery',
      'POST /v1/events',
      'POST /v1/queries',
      'POST /v1/trust/proclaim',
      'GET /v1/aggregate?key=',
      '/use',
      '/remove',
      '/why',
      '?key=',
      '&node=',
      '?cursor=3.',
      '?prefix=',
    ],
    ...[
      '{"value":',
      '{"type":"orset","op":"add"',
      '{"signed":"-----BEGIN GRIDVINE',
      '"ttlMs":',
      '"ageMs":',
      '"unit":"',
      '"quality":"',
      '"priority":"',
      '"ifVersion":',
      '{"key":"',
      '{"force":true}',
      '{"name":"',
      '"payload":',
      '"windowMs":',
      '"tags":{"role":"*"}',
      '?types=user-event',
      '%2F',
      '%',
    ],
  ],
  reaches: ['200', '400', '403', '404', '405', '409', 'stream'],
  seeds: () =>
    [
      'GET /v1/status',
      'GET /v1/members',
      `GET /v1/members/${SELF}/why`,
      'GET /v1/records?key=pump/&node=pump-house',
      'GET /openapi.json',
      'GET /healthz',
      'HEAD /v1/keys',
      'PUT /v1/records/pump/target\n{"value":{"a":[1,{"$bytes":"AA=="}]},"ttlMs":5000,"unit":"%","quality":"good","priority":"urgent","ifVersion":0}',
      'PUT /v1/records/a%2Fb\n{"value":18446744073709551615}',
      'PUT /v1/records/node\n{"value":1}',
      'DELETE /v1/records/pump/target',
      'DELETE /v1/records/none',
      'POST /v1/keys\n{"key":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="}',
      'POST /v1/keys/0123456789abcdef/use\n{"force":true}',
      'POST /v1/keys/x/remove\n{}',
      'GET /v1/fleet',
      'POST /v1/fleet\n{"config":{"preset":"radio","settings":{"fanOut":3}},"stage":{"percent":20,"tags":{"a":"b"}}}',
      'POST /v1/fleet\n{"config":{"mqtt":{"url":"mqtt://10.0.0.1","keys":["**"]},"log":{"level":"warn"}}}',
      'POST /v1/fleet/promote\n{"force":true}',
      'POST /v1/fleet/rollback\n{"to":1}',
      'POST /v1/leave',
      'POST /v1/events\n{"name":"deploy","payload":{"a":[1]},"windowMs":5000,"priority":"urgent"}',
      'POST /v1/queries\n{"name":"uptime","nodes":["b*"],"tags":{"role":"*"},"groups":[],"timeoutMs":900,"ack":true}',
      'GET /v1/stream?prefix=a',
      'GET /v1/stream?cursor=3.0',
      'POST /v1/status',
      'GET /',
      'PUT /v1/records/pump/target\n{"value":1,"ifVersion":5}',
    ].map(utf8),
  prepare: () => async (input) => {
    const [line, ...rest] = textOf(input).split('\n');
    const [method = '', ...path] = line.split(' ');
    const events = new EventLog({ boot: 3, nowMs: () => 5 });
    const own = node();
    const service: ApiService = {
      node: own,
      ...{ version: '0.0.0', protocol: 1, events },
      profile: () => null,
      sources: () => [],
      fleet: fleetOf(own),
      health: () => [],
      leave: async () => undefined,
    };
    const router = new ApiRouter(routeTable(new StreamHub(), new LeaseSessions(own)), service);
    const header = (name: string) => (name === 'last-event-id' && rest.length > 1 ? rest[1] : undefined);
    try {
      const reply = await router.answer({ method, url: path.join(' '), body: rest.join('\n'), header });
      if (reply.kind === 'stream') return 'stream';
      const text = reply.kind === 'json' ? JSON.stringify(reply.body) : reply.body;
      promise(typeof text === 'string', 'an answer that is no text');
      return String(reply.kind === 'json' ? (reply.status ?? 200) : 200);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      promise(refusal.status >= 400 && refusal.message.length < 10_000, 'a refusal that helps nobody');
      promise(
        Object.values(refusal.headers).every((value) => !/[\r\n\0]/.test(value)),
        'a header that is two',
      );
      return String(refusal.status);
    }
  },
};
