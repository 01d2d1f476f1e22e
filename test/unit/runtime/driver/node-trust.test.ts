import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { TrustView } from '#runtime/core/trust-view.ts';
import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { identityFromSeed } from '#runtime/crypto/identity.ts';
import { createNode } from '#runtime/driver/create-node.ts';
import type { CertificateOptions, NodeOptions } from '#runtime/driver/node-options.ts';
import type { EngineOptions } from '#runtime/engine/contract.ts';
import type { CertificateClaims } from '#runtime/pki/certificate-claims.ts';
import { encodeChecked } from '#runtime/storage/checked-json.ts';
import { MemoryNetwork } from '#runtime/testing/memory-network.ts';
import { testEpoch } from '../../../support/epochs.ts';
import { FailingDisk } from '../../../support/failing-disk.ts';
import { FakeEngine } from '../../../support/fake-engine.ts';
import { ManualTime } from '../../../support/manual-time.ts';
import {
  CLUSTER,
  certified,
  OTHER_ROOT,
  provider,
  REGISTRAR,
  ROOT,
  registrarBytes,
  rootBytes,
  SENSOR,
  START,
  YEAR,
} from '../../../support/pki.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const SEED = new Uint8Array(32).fill(9);
const IDENTITY = identityFromSeed(provider, SEED);
const AGREEMENT = agreementKeyOf(provider, SEED).publicKey;
const VIEW: TrustView = {
  epoch: null,
  next: null,
  certificates: 1,
  revocations: 0,
  policy: 0,
  roster: 2,
  floorSeconds: START,
  admission: {},
  own: { standing: true, name: 'roof', groups: ['sensor'], expires: START + YEAR },
};

const certificateOf = (changes: Partial<CertificateClaims> = {}) =>
  certified(ROOT, IDENTITY, { agreementKey: AGREEMENT, ...changes });

async function bench(t: TestContext) {
  const time = new ManualTime();
  const disk = new FailingDisk();
  const dataDir = await temporaryDirectory(t);
  disk.put(
    `${dataDir}/identity.json`,
    encodeChecked('gridvine.identity/1', { seed: Buffer.from(SEED).toString('hex') }),
  );
  const engines: FakeEngine[] = [];
  const made: EngineOptions[] = [];
  const logged: string[] = [];
  const world = { wallSeconds: START };
  const options: NodeOptions = {
    name: 'roof',
    cluster: CLUSTER,
    dataDir,
    bind: [],
    links: [{ name: 'mem0', multicast: 'full' }],
    log: (_level, event) => logged.push(event),
    inject: {
      clock: time,
      scheduler: time,
      files: disk,
      wallSeconds: () => world.wallSeconds,
      transports: [new MemoryNetwork().transport('10.0.0.1', 1)],
      createEngine: (given) => {
        made.push(given);
        const engine = new FakeEngine();
        engine.boot = given.boot;
        engine.trustView = VIEW;
        engines.push(engine);
        return engine;
      },
    },
  };
  const start = async (
    certificates: Partial<CertificateOptions> = {},
    changes: Partial<NodeOptions> = {},
  ) => {
    const whole = { chain: [certificateOf()], roots: [rootBytes()], ...certificates };
    const node = await createNode({ ...options, certificates: whole, ...changes });
    t.after(() => node.close());
    return node;
  };
  const codes = (node: { health(): readonly { code: string }[] }) =>
    node
      .health()
      .map(({ code }) => code)
      .filter((code) => code !== 'boot-counter-lost')
      .sort();
  return { time, disk, dataDir, engines, made, logged, options, start, codes, world };
}

const microtasks = async () => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

test('the engine is given identity, certificate, roots and settings, and no key', async (t) => {
  const { start, made } = await bench(t);
  await start({ unsignedPrefixes: ['telemetry/'], epochMs: 3_600_000, foundingMs: 5 });
  const [{ trust, keyring, keys }] = made as [EngineOptions];
  assert.deepEqual([keyring, keys], [undefined, undefined]);
  assert.equal(trust?.identity.id, IDENTITY.id);
  assert.deepEqual(trust?.agreementKey.publicKey, AGREEMENT);
  assert.deepEqual(trust?.unsignedPrefixes, ['telemetry/']);
  assert.deepEqual([trust?.epochMs, trust?.foundingMs, trust?.saved], [3_600_000, 5, undefined]);
});

test('either a key or certificates, and certificates within their bounds', async (t) => {
  const { start, options } = await bench(t);
  await assert.rejects(createNode(options), {
    code: 'E_CONFIG',
    message: /either psk or certificates; got neither/,
  });
  await assert.rejects(start({}, { psk: new Uint8Array(32) }), { message: /got both/ });
  for (const [wrong, message] of [
    [{ chain: [] }, /certificates\.chain: expected 1 to 2 certificates; got 0/],
    [{ roots: [] }, /certificates\.roots: expected at least one root; got none/],
    [{ unsignedPrefixes: [''] }, /unsignedPrefixes\[0\]/],
    [{ unsignedPrefixes: Array.from({ length: 17 }, String) }, /at most 16; got 17/],
    [{ epochMs: 59_999 }, /certificates\.epochMs: expected 60000 to 2592000000 milliseconds; got 59999/],
    [{ foundingMs: -1 }, /foundingMs/],
  ] as const)
    await assert.rejects(start(wrong), { code: 'E_CONFIG', message });
});

test("what doesn't fit together is refused before anything is opened, by what is wrong with it", async (t) => {
  const { start, engines } = await bench(t);
  const cut = certificateOf().slice(0, 40);
  const registrar = certified(REGISTRAR, IDENTITY, { agreementKey: AGREEMENT, ...SENSOR });
  for (const [wrong, message] of [
    [
      { chain: [certified(ROOT, OTHER_ROOT)] },
      /expected one for this node, [0-9a-f]{32}; got one for .*identity request/,
    ],
    [
      { chain: [certificateOf({ agreementKey: new Uint8Array(32).fill(9) })] },
      /X25519 key; it names another/,
    ],
    [{ chain: [certificateOf({ cluster: 'valley' })] }, /for cluster "hillside"; got "valley"/],
    [{ chain: [cut] }, /ends? after 40 bytes|truncated|cut/],
    [
      { chain: [certified(OTHER_ROOT, IDENTITY, { agreementKey: AGREEMENT })] },
      /expected a root of this cluster/,
    ],
    [{ chain: [registrar] }, /expected a root of this cluster/],
    [
      { chain: [registrar, registrarBytes({ issuer: { groups: [], validitySecondsMax: YEAR } })] },
      /may not issue it/,
    ],
    [{ roots: [rootBytes(ROOT, ROOT, 'valley')] }, /roots: .*cluster "hillside"; got "valley"/],
    [{ roots: [Uint8Array.of(1)] }, /roots: /],
  ] as const)
    await assert.rejects(start(wrong), { code: 'E_CERTIFICATE', message });
  assert.equal(engines.length, 0);
  await start({ chain: [registrar, registrarBytes()] });
});

test('what only time or the root has against a certificate does not keep the node from running', async (t) => {
  const { start, disk, dataDir, engines } = await bench(t);
  const first = await start();
  engines[0].kept = { law: { objects: [], floorSeconds: START + 3 * YEAR }, epochs: [] };
  engines[0].outputs.push({ type: 'event', event: { type: 'trust-changed' } });
  first.put('x', 1);
  await first.close();
  assert.ok(disk.files.has(`${dataDir}/trust.json`));
  await start();
  assert.equal(engines.length, 2);
});

test('what it lives by is kept at once, then once a second, at close, and given to the next life', async (t) => {
  const { start, engines, made, time, disk, dataDir } = await bench(t);
  const first = await start();
  const [engine] = engines;
  const change = (number: number) => {
    engine.kept = { law: { objects: [], floorSeconds: START + number }, epochs: [testEpoch(number)] };
    engine.outputs.push({ type: 'event', event: { type: 'trust-changed' } });
    first.put('x', number);
  };
  const kept = async () => Buffer.from((await disk.read(`${dataDir}/trust.json`)) ?? []).toString();
  change(1);
  await microtasks();
  const atOnce = await kept();
  assert.notEqual(atOnce, '');
  change(2);
  await microtasks();
  assert.equal(await kept(), atOnce);
  time.advance(1_000);
  await microtasks();
  assert.notEqual(await kept(), atOnce);
  change(3);
  await first.close();
  await start();
  const { saved } = made[1].trust ?? {};
  assert.equal(saved?.law.floorSeconds, START + 3);
  assert.deepEqual(
    saved?.epochs.map(({ number, secret }) => [number, secret.reveal()]),
    [[3, testEpoch(3).secret.reveal()]],
  );
});

test('a file that makes no sense is set aside and told, and that of another cluster is not used', async (t) => {
  const { start, made, disk, dataDir, logged, codes } = await bench(t);
  disk.put(`${dataDir}/trust.json`, new TextEncoder().encode('torn'));
  const first = await start();
  assert.ok(codes(first).includes('trust-damaged'));
  await first.close();
  const wrap = (body: object) =>
    disk.put(
      `${dataDir}/trust.json`,
      encodeChecked('gridvine.trust-state/1', {
        trust: Buffer.from(JSON.stringify(body)).toString('base64'),
      }),
    );
  wrap({ cluster: 'hillside' });
  const second = await start();
  assert.ok(codes(second).includes('trust-damaged'));
  await second.close();
  wrap({ cluster: 'valley', roots: [], floorSeconds: START + 99 * YEAR, objects: [], epochs: [], chain: [] });
  await start();
  assert.ok(logged.includes('trust-foreign'));
  assert.equal(made[2].trust?.saved, undefined);
});

test('others than the owner of the file end the start, and everything is released', async (t) => {
  const { start, disk, dataDir } = await bench(t);
  disk.put(`${dataDir}/trust.json`, Uint8Array.of(), 0o644);
  await assert.rejects(start(), { code: 'E_TRUST_FILE' });
  disk.files.delete(`${dataDir}/trust.json`);
  await start();
});

test('conditions: whom it calls while nobody lets it in, a denial until it is let in, the end of its certificate', async (t) => {
  const { start, engines, codes, world } = await bench(t);
  const node = await start({}, { seeds: [{ transport: 'udp', address: '10.0.0.7', port: 7 }] });
  const [engine] = engines;
  const event = (given: Parameters<FakeEngine['outputs']['push']>[0] & { type: 'event' }) => {
    engine.outputs.push(given);
    node.put('x', 1);
  };
  node.join([{ transport: 'udp', address: '10.0.0.8', port: 8 }]);
  assert.match(
    node.health().find(({ code }) => code === 'not-admitted')?.text ?? '',
    /It calls 10\.0\.0\.7:7, 10\.0\.0\.8:8\./,
  );
  event({ type: 'event', event: { type: 'denied', reason: 'expired', address: '10.0.0.7', isProven: true } });
  assert.deepEqual(codes(node), ['admission-denied', 'not-admitted']);
  engine.trustView = { ...VIEW, epoch: 4 };
  event({ type: 'event', event: { type: 'trust-changed' } });
  assert.deepEqual(codes(node), []);
  world.wallSeconds = START + YEAR;
  assert.deepEqual(codes(node), ['certificate-expired']);
  engine.trustView = { ...VIEW, own: { standing: false, reason: 'revoked', text: 'revoked' } };
  event({ type: 'event', event: { type: 'own-certificate-lapsed' } });
  assert.deepEqual(codes(node), ['certificate-revoked']);
});
