import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readKeyFile } from '#device/config/key-file.ts';
import { fromHex } from '#runtime/core/ids.ts';
import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { identityFromSeed } from '#runtime/crypto/identity.ts';
import { issueCertificate } from '#runtime/pki/certificate.ts';
import type { CertificateClaims } from '#runtime/pki/certificate-claims.ts';
import { signRevocation } from '#runtime/pki/revocation.ts';
import { NodeWorld, type RunningNode, type WorldNode } from '../support/node-world.ts';
import { CLUSTER, OTHER_ROOT, provider, ROOT, rootBytes, START, YEAR } from '../support/pki.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { CaBench } from '../unit/device/ca/world.ts';

const DAY = 86_400;
const KEY = new Uint8Array(32).fill(7);
/** Long enough for any join, call and repetition. */
const WHILE_MS = 15_000;

/** A board with keys of its own, certified as the test wants. */
function board(fill: number, claims: Partial<CertificateClaims> = {}, by = ROOT): WorldNode {
  const seed = new Uint8Array(32).fill(fill);
  const { publicKey: signingKey } = identityFromSeed(provider, seed);
  const { publicKey: agreementKey } = agreementKeyOf(provider, seed);
  const certificate = issueCertificate(provider, by, {
    name: `b${fill}`,
    cluster: CLUSTER,
    serial: new Uint8Array(16).fill(fill),
    signingKey,
    agreementKey,
    groups: ['sensor'],
    notBefore: START,
    issuedAt: START,
    expires: START + YEAR,
    ...claims,
  });
  return { name: `b${fill}`, seed, certificates: { chain: [certificate], roots: [rootBytes(by)] } };
}

const roof = (claims: Partial<CertificateClaims> = {}) => board(1, { groups: ['keymaster'], ...claims });

const says = (node: RunningNode) => node.health().map(({ code, text }) => `${code}: ${text}`);

function assertSays(node: RunningNode, code: string, text: RegExp): void {
  const found = node.health().find((item) => item.code === code);
  assert.ok(found !== undefined, `expected ${code}; got\n${says(node).join('\n')}`);
  assert.match(found.text, text);
}

/** Neither side takes the other for a member, in whatever state, and no record passes. */
function assertApart(one: RunningNode, other: RunningNode): void {
  for (const [node, peer] of [
    [one, other],
    [other, one],
  ] as const) {
    assert.ok(!node.members().some(({ id }) => id === peer.id), 'half joined');
    assert.deepEqual(
      node.records().filter(({ owner }) => owner === peer.id),
      [],
    );
  }
}

/** Starts a member and then somebody at fault; both have put a record. */
async function meet(world: NodeWorld, member: WorldNode, newcomer: WorldNode) {
  const inside = await world.start(member);
  inside.put('reading', 1);
  await world.run(5_000);
  const outside = await world.start(newcomer);
  outside.put('reading', 2);
  await world.run(WHILE_MS);
  return { inside, outside };
}

test('without a fault the same two are one cluster, by key and by certificate', async (t) => {
  for (const [member, newcomer] of [
    [
      { name: 'a', psk: KEY },
      { name: 'b', psk: KEY },
    ],
    [roof(), board(2)],
  ]) {
    const { inside, outside } = await meet(new NodeWorld(t), member, newcomer);
    assert.deepEqual(
      [inside, outside].map((node) => node.members().length),
      [2, 2],
    );
    assert.equal(inside.records({ owner: outside.id, key: 'reading' }).length, 1);
  }
});

describe('a newcomer at fault is not half a member, and is told what is wrong where it can be mended:', () => {
  /** Fault, who comes, what its health says. The member's is `roof`, of a cluster of certificates. */
  const NEWCOMERS: readonly [string, WorldNode, WorldNode, string, RegExp][] = [
    [
      'a wrong key',
      { name: 'a', psk: KEY },
      { name: 'b', psk: new Uint8Array(32).fill(8) },
      'join-refused',
      /^10\.0\.0\.1, of cluster "hillside", answered unknown-key .*another key file.*gridvine keys list/,
    ],
    [
      'a wrong cluster, under a key',
      { name: 'a', psk: KEY },
      { name: 'b', psk: KEY, cluster: 'valley' },
      'join-refused',
      /^10\.0\.0\.1, of cluster "hillside", answered wrong-cluster .*Compare cluster name/,
    ],
    [
      'a certificate of another root',
      roof(),
      board(3, {}, OTHER_ROOT),
      'admission-denied',
      /The two trust different roots\. Compare root\.cert/,
    ],
    [
      'a certificate that begins later',
      roof(),
      board(3, { notBefore: START + 30 * DAY, issuedAt: START }),
      'certificate-unfit',
      /not valid before|begins|from .*not-yet-valid/,
    ],
    [
      'a certificate that has ended',
      roof({ issuedAt: START + 60 * DAY }),
      board(3, { expires: START + 30 * DAY }),
      'admission-denied',
      /Its certificate has ended\. Make a request \(gridvine identity request\)/,
    ],
  ];
  for (const [fault, member, newcomer, code, text] of NEWCOMERS) {
    test(fault, async (t) => {
      const { inside, outside } = await meet(new NodeWorld(t), member, newcomer);
      assertApart(inside, outside);
      assertSays(outside, code, text);
    });
  }

  test('a revoked certificate: both sides know it, and the revoked one is told', async (t) => {
    const world = new NodeWorld(t);
    const { inside, outside } = await meet(world, roof(), board(3));
    assert.equal(inside.members().length, 2);
    inside.proclaim(
      signRevocation(provider, ROOT, {
        cluster: CLUSTER,
        revokedAt: START + 1,
        target: { kind: 'node', id: fromHex(outside.id) },
        reason: 'stolen',
      }),
    );
    await world.run(WHILE_MS);
    assert.ok(!inside.members().some(({ id }) => id === outside.id));
    assert.deepEqual(inside.records({ owner: outside.id }), []);
    assertSays(
      outside,
      'admission-denied',
      /This board was put out\. To let it in again give it a new identity/,
    );
  });

  test('a clock in the past is no fault of a member: it is in, and told about its log', async (t) => {
    const { inside, outside } = await meet(new NodeWorld(t), roof(), { ...board(3), wallSeconds: 0 });
    assert.equal(inside.members().length, 2);
    assertSays(
      outside,
      'clock-behind',
      /It says 1970-01-01 00:00:00Z; .*nothing is lost but the times of the log/,
    );
    assert.ok(!inside.health().some(({ code }) => code === 'clock-behind'));
  });

  test('a wrong group: the record is refused where it is put, and nobody else hears of it', async (t) => {
    const { inside, outside } = await meet(new NodeWorld(t), roof(), board(3));
    assert.throws(() => outside.put('setpoint/pump', 1), {
      code: 'E_NOT_ALLOWED',
      message:
        /^setpoint\/pump: the root's policy keeps this key for other groups; .*names sensor\. See `gridvine ca policy`/,
    });
    assert.equal(inside.records({ key: 'setpoint/pump' }).length, 0);
    assert.equal(inside.counters.drops['not-allowed'], 0);
  });
});

describe('what can only be a mistake ends the start, with what to do:', () => {
  const [whole = new Uint8Array(0)] = board(3).certificates?.chain ?? [];
  const withChain = (chain: readonly Uint8Array[], changes: Partial<WorldNode> = {}): WorldNode => ({
    ...board(3),
    certificates: { chain, roots: [rootBytes()] },
    ...changes,
  });
  const STARTS: readonly [string, WorldNode, RegExp][] = [
    ['a truncated certificate', withChain([whole.subarray(0, 100)]), /^certificate: .*(truncated|ends|cut)/],
    [
      'an unknown critical field',
      withChain([withCriticalField(whole)]),
      /its field 99 must be understood, and this version doesn't know it; update gridvine/,
    ],
    [
      'a certificate of another cluster',
      withChain([whole], { cluster: 'valley' }),
      /expected one .*"valley".*got "hillside"/,
    ],
    [
      'a certificate by a root that is not trusted',
      withChain(board(3, {}, OTHER_ROOT).certificates?.chain ?? []),
      /signed by [0-9a-f]{16}; expected a root of this cluster .*copy its root\.cert/,
    ],
    [
      'a certificate of another board',
      withChain(board(4).certificates?.chain ?? []),
      /expected one for this node, [0-9a-f]{32}; got one for [0-9a-f]{32}.*gridvine identity request/,
    ],
  ];
  for (const [fault, node, text] of STARTS) {
    test(fault, async (t) => {
      await assert.rejects(new NodeWorld(t).start(node), { code: 'E_CERTIFICATE', message: text });
    });
  }

  test('a key file that others may read', async (t) => {
    const file = join(await temporaryDirectory(t), 'cluster.key');
    writeFileSync(file, `${Buffer.from(KEY).toString('base64')}\n`);
    chmodSync(file, 0o644);
    assert.throws(() => readKeyFile(file), { code: 'E_KEY_FILE', message: /cluster\.key.*chmod 600/s });
  });

  test('a wrong passphrase at the CA', async (t) => {
    const ca = new CaBench(await temporaryDirectory(t));
    await ca.done('init', '--cluster', CLUSTER);
    ca.file('pass', 'not this one\n');
    const { code, stdout, stderr } = await ca.run('issue', 'roof', '--out', ca.path('roof.bundle'));
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /passphrase/);
  });
});

/** The certificate with label 99 in its header, and marked as critical. Its signature can't count then: the field is judged first. */
function withCriticalField(certificate: Uint8Array): Uint8Array {
  // { 1: -8, 4: kid, 16: type } becomes { 1: -8, 2: [99], 4: kid, 16: type, 99: null }.
  const at = certificate.findIndex(
    (byte, i) => byte === 0xa3 && certificate[i + 1] === 0x01 && certificate[i + 2] === 0x27,
  );
  const length = certificate[at - 1] ?? 0;
  const header = certificate.subarray(at, at + length);
  const made = Buffer.concat([
    Buffer.from([0xa5]),
    header.subarray(1, 3),
    Buffer.from([0x02, 0x81, 0x18, 0x63]),
    header.subarray(3),
    Buffer.from([0x18, 0x63, 0xf6]),
  ]);
  return Buffer.concat([
    certificate.subarray(0, at - 1),
    Buffer.from([made.length]),
    made,
    certificate.subarray(at + length),
  ]);
}
