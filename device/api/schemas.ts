import { AGGREGATE_FUNCTIONS } from '#runtime/coordination/aggregates/contract.ts';
import { CRDT_TYPE_NAMES } from '#runtime/data/crdt/type-names.ts';

import { FLEET_SCHEMAS } from './fleet-schemas.ts';
import {
  anything,
  boolean,
  constant,
  integer,
  type JsonSchema,
  list,
  mapOf,
  nodeId,
  nullable,
  number,
  object,
  oneOf,
  ref,
  text,
} from './json-schema.ts';

const severity = oneOf('info', 'warning', 'failure');

const mode = oneOf('psk', 'certificates');
const ownCertificate = object({
  standing: boolean,
  name: nullable(text),
  groups: list(text),
  expiresMs: nullable(integer),
  reason: nullable(text),
  text: nullable(text),
});
const nodeName = { id: nodeId, node: text };
const crdtType = oneOf(...CRDT_TYPE_NAMES);
const crdt = {
  name: text,
  type: crdtType,
  value: ref('Value'),
  slots: list(object(nodeName)),
  ignored: list(object({ ...nodeName, problem: text })),
  orphaned: { type: 'boolean' },
  written: list(object({ key: nullable(text), ...nodeName, wallMs: integer })),
} as const;
const aggregateFunction = oneOf(...AGGREGATE_FUNCTIONS);

const putOptions = {
  ttlMs: integer,
  ageMs: integer,
  unit: text,
  quality: oneOf('good', 'stale', 'bad', 'sub'),
  priority: oneOf('urgent', 'normal', 'lazy'),
  ifVersion: integer,
};
const put = { value: ref('Value'), ...putOptions };

const fingerprint: JsonSchema = { type: 'string', pattern: '^[0-9a-f]{16}$' };

/** JSON Schemas (2020-12, as OpenAPI 3.1 takes them) of the API's documents. A test holds them equal to what is answered. */
export const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Error: object({ error: object({ code: text, message: text }) }),
  Value: {
    description:
      'Any JSON. Bytes are {"$bytes": base64}, integers beyond 2^53 {"$int": decimal}; a map whose only key is one of ' +
      'these, "$map" or the reserved "$float" is {"$map": {...}}.',
  },
  Endpoint: object({ transport: oneOf('udp', 'http'), address: text, port: integer }),
  HealthItem: object({ code: text, severity, title: text, text, sinceMs: integer }),
  Status: object({
    schema: constant('gridvine.status/1'),
    id: nodeId,
    name: text,
    cluster: text,
    version: text,
    protocol: integer,
    uptimeMs: integer,
    profile: nullable(text),
    security: object({
      mode,
      crypto: oneOf('node', 'noble', 'sodium'),
      epoch: nullable(integer),
      certificate: nullable(ownCertificate),
    }),
    members: mapOf(integer),
    records: integer,
    quota: object({ records: integer, recordsMax: integer, bytes: integer, bytesMax: integer }),
    drops: mapOf(integer),
    interfaces: list(
      object({
        name: text,
        rxBytes: integer,
        txBytes: integer,
        rxDatagrams: integer,
        txDatagrams: integer,
        rxDropped: integer,
        txDropped: object({ liveness: integer, membership: integer, data: integer }),
        bytesPerSecondMax: nullable(integer),
      }),
    ),
    health: list(ref('HealthItem')),
  }),
  Member: object({
    id: nodeId,
    name: text,
    state: oneOf('joining', 'alive', 'suspect', 'down', 'leaving', 'left'),
    boot: integer,
    incarnation: integer,
    endpoints: list(ref('Endpoint')),
    tags: mapOf(text),
    lastHeardMs: nullable(integer),
    phi: nullable(number),
    rttMs: nullable(number),
    accusers: list(nodeId),
    segment: nullable(text),
    path: nullable(ref('Endpoint')),
    twin: { type: 'boolean' },
    flags: list(text),
  }),
  Members: object({ schema: constant('gridvine.members/1'), self: nodeId, members: list(ref('Member')) }),
  Accuser: object({
    id: nodeId,
    name: text,
    stage: oneOf('suspect', 'down'),
    saidMs: integer,
    heardMs: integer,
    evidence: object({
      waitedMs: integer,
      helpers: integer,
      nacks: integer,
      localHealth: integer,
      refusals: integer,
    }),
  }),
  Verdict: object({
    boot: integer,
    incarnation: integer,
    startedMs: integer,
    downMs: nullable(integer),
    endedMs: nullable(integer),
    end: nullable(oneOf('refuted', 'restarted', 'left', 'answered', 'withdrawn')),
    accuserCount: integer,
    accusers: list(ref('Accuser')),
  }),
  Why: object(
    {
      schema: constant('gridvine.why/1'),
      self: nodeId,
      member: ref('Member'),
      stateMs: nullable(integer),
      heardBy: nullable(oneOf('unicast', 'multicast')),
      pathFrom: nullable(oneOf('heard', 'announced')),
      paths: list(object({ endpoint: ref('Endpoint'), standing: oneOf('works', 'silent', 'untried') })),
      relays: list(object({ id: nodeId, name: text })),
      roundTrip: nullable(
        object({ smoothedMs: nullable(number), highMs: nullable(number), timeoutMs: number }),
      ),
      vouchedForMs: nullable(integer),
      lastHelper: nullable(object({ id: nodeId, name: text })),
      suspicion: nullable(
        object({
          accusers: list(ref('Accuser')),
          confirmationsWanted: integer,
          confirmations: integer,
          refusedBy: integer,
          fallsInMs: nullable(integer),
        }),
      ),
      retry: nullable(object({ everyMs: integer, lastMs: nullable(integer) })),
      twin: nullable(
        object({
          sinceMs: integer,
          lives: list(object({ boot: integer, endpoint: ref('Endpoint') })),
          witnesses: list(object({ id: nodeId, name: text })),
        }),
      ),
      verdicts: list(ref('Verdict')),
    },
    ['paths', 'relays'],
  ),
  Record: object(
    {
      id: nodeId,
      node: text,
      key: text,
      value: ref('Value'),
      unit: nullable(text),
      quality: oneOf('good', 'stale', 'bad', 'sub'),
      version: integer,
      ageMs: integer,
      ageBoundMs: nullable(integer),
      ttlMs: nullable(integer),
      ageUnknown: boolean,
    },
    ['ageUnknown'],
  ),
  Records: object({ schema: constant('gridvine.records/1'), records: list(ref('Record')) }),
  PutRecord: object({ ...put, durable: boolean }, [...Object.keys(putOptions), 'durable']),
  PutRecords: object(
    { records: list(object({ key: text, ...put }, Object.keys(putOptions))), durable: boolean },
    ['durable'],
  ),
  Written: object({ schema: constant('gridvine.written/1'), key: text, version: integer }),
  Forgotten: object({ schema: constant('gridvine.forgotten/1'), id: nodeId }),
  WrittenBatch: object({
    schema: constant('gridvine.written-batch/1'),
    records: list(object({ key: text, version: integer })),
  }),
  Crdt: object({ schema: constant('gridvine.crdt/1'), ...crdt }),
  Crdts: object({ schema: constant('gridvine.crdts/1'), crdts: list(object(crdt)) }),
  ChangeCrdt: object(
    {
      op: oneOf('increment', 'set', 'add', 'remove'),
      type: crdtType,
      by: number,
      key: text,
      value: ref('Value'),
    },
    ['type', 'by', 'key', 'value'],
  ),
  Aggregate: object({
    schema: constant('gridvine.aggregate/1'),
    key: text,
    function: aggregateFunction,
    quantile: nullable(number),
    groups: list(
      object({
        tag: nullable(text),
        value: nullable(number),
        unknown: nullable(
          object({ reason: oneOf('nobody-expected', 'no-values', 'coverage', 'units', 'overflow'), text }),
        ),
        unit: nullable(text),
        n: integer,
        expected: integer,
        coverage: number,
        oldestMs: nullable(integer),
        oldestBoundMs: nullable(integer),
        quality: nullable(oneOf('good', 'sub', 'stale')),
        weakest: nullable(object(nodeName)),
        leftOut: list(
          object({
            ...nodeName,
            reason: oneOf('missing', 'old', 'quality', 'not-a-number'),
            ageMs: nullable(integer),
          }),
        ),
      }),
    ),
  }),
  OwnLease: object({
    state: oneOf('asking', 'held'),
    fence: nullable(integer),
    ttlMs: integer,
    leftMs: nullable(integer),
  }),
  LeaseView: object({
    name: text,
    state: oneOf('held', 'free', 'unsettled'),
    holder: nullable(nodeId),
    node: nullable(text),
    fence: nullable(integer),
    ttlMs: nullable(integer),
    votes: integer,
    own: nullable(ref('OwnLease')),
  }),
  Lease: object({ schema: constant('gridvine.lease/1'), lease: ref('LeaseView') }),
  Leases: object({
    schema: constant('gridvine.leases/1'),
    self: nodeId,
    roster: nullable(
      object({
        version: integer,
        mark: text,
        settled: nullable({ type: 'boolean' }),
        voters: list(
          object({
            id: nodeId,
            name: nullable(text),
            state: oneOf('joining', 'alive', 'suspect', 'down', 'leaving', 'left', 'unknown'),
            set: oneOf('present', 'previous', 'both'),
          }),
        ),
      }),
    ),
    voter: object({
      standing: oneOf(
        'votes',
        'no-roster',
        'no-voter',
        'not-entitled',
        'twin',
        'unsaved',
        'roster-conflict',
        'waits',
        'learns',
      ),
      missing: integer,
      waitMs: nullable(integer),
      givenVersion: nullable(integer),
      promises: integer,
    }),
    leases: list(ref('LeaseView')),
  }),
  AcquireLease: object({ ttlMs: integer, waitMs: integer, keepMs: integer }, ['ttlMs', 'waitMs', 'keepMs']),
  RenewLease: object({ token: text }),
  RecoverLeases: object({ fenceAbove: integer }),
  HeldLease: object({
    schema: constant('gridvine.held-lease/1'),
    name: text,
    fence: integer,
    leftMs: integer,
    token: text,
  }),
  ReleasedLease: object({ schema: constant('gridvine.released-lease/1'), name: text }),
  RecoveredLeases: object({ schema: constant('gridvine.recovered-leases/1'), fenceAbove: integer }),
  Keys: object({
    schema: constant('gridvine.keys/1'),
    self: nodeId,
    mode,
    use: nullable(fingerprint),
    keys: list(
      object({
        fingerprint,
        state: oneOf('installed', 'removed'),
        held: { type: 'boolean' },
        have: list(nodeId),
        write: list(nodeId),
        lack: list(nodeId),
      }),
    ),
    members: list(
      object({
        id: nodeId,
        name: text,
        state: oneOf('joining', 'alive', 'suspect', 'down', 'leaving', 'left'),
        told: { type: 'boolean' },
        reads: list(fingerprint),
        writes: nullable(fingerprint),
      }),
    ),
    waiting: list(object({ fingerprint, reason: oneOf('full', 'sealed', 'stamp') })),
    saving: { type: 'boolean' },
  }),
  InstallKey: object({ key: { ...text, description: 'The pre-shared key: 32 bytes, base64.' } }),
  ForceKey: object({ force: { type: 'boolean' } }, ['force']),
  KeyOperation: object({
    schema: constant('gridvine.key-operation/1'),
    operation: oneOf('install', 'use', 'remove'),
    fingerprint,
  }),
  Trust: object({
    schema: constant('gridvine.trust/1'),
    self: nodeId,
    mode,
    epoch: nullable(integer),
    next: nullable(integer),
    policy: nullable(integer),
    roster: nullable(integer),
    floorMs: nullable(integer),
    own: nullable(ownCertificate),
    members: list(
      object({
        id: nodeId,
        name: text,
        groups: list(text),
        serial: text,
        issuedMs: integer,
        expiresMs: integer,
        byRegistrar: boolean,
        standing: oneOf('valid', 'revoked', 'expired'),
        state: nullable(oneOf('joining', 'alive', 'suspect', 'down', 'leaving', 'left')),
      }),
    ),
    revoked: list(
      object({ kind: oneOf('node', 'certificate'), target: text, revokedAtMs: integer, reason: text }),
    ),
    admission: mapOf(integer),
  }),
  Proclaim: object({
    signed: {
      ...text,
      description: 'A revocation, policy, roster or root as text, with its BEGIN and END lines.',
    },
  }),
  Proclaimed: object({
    schema: constant('gridvine.proclaimed/1'),
    kind: oneOf('root', 'revocation', 'policy', 'roster'),
    isNew: boolean,
  }),
  ...FLEET_SCHEMAS,
  EmitEvent: object(
    { name: text, payload: ref('Value'), windowMs: integer, priority: oneOf('urgent', 'normal') },
    ['payload', 'windowMs', 'priority'],
  ),
  Emitted: object({ schema: constant('gridvine.emitted/1'), name: text, number: integer }),
  AskQuery: object(
    {
      name: text,
      payload: ref('Value'),
      nodes: list(text),
      tags: mapOf(text),
      groups: list(text),
      timeoutMs: integer,
      ack: boolean,
      answersMax: integer,
      bytesMax: integer,
    },
    ['payload', 'nodes', 'tags', 'groups', 'timeoutMs', 'ack', 'answersMax', 'bytesMax'],
  ),
  Left: object({ schema: constant('gridvine.left/1'), id: nodeId }),
  Healthz: object({ schema: constant('gridvine.healthz/1'), status: oneOf('ok', 'degraded') }),
  Profile: object({
    schema: constant('gridvine.active-profile/1'),
    profile: nullable(
      object({
        id: text,
        title: text,
        matchedBy: text,
        interfaces: list(
          object({ name: text, kind: text, multicast: text, used: { type: 'boolean' }, reason: text }),
        ),
      }),
    ),
  }),
  Sources: object({
    schema: constant('gridvine.sources/1'),
    sources: list(
      object({
        name: text,
        kind: text,
        simulated: { type: 'boolean' },
        state: oneOf('running', 'failed'),
        counters: mapOf(integer),
        health: list(object({ code: text, severity, title: text, text })),
      }),
    ),
  }),
  OpenApi: anything,
};
