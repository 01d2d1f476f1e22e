import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fromHex, toHex } from '#runtime/core/ids.ts';
import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { verifyChain } from '#runtime/pki/chain.ts';
import type { Judged, PkiReason } from '#runtime/pki/refusal.ts';
import { verifyRevocation } from '#runtime/pki/revocation.ts';
import { RevocationSet } from '#runtime/pki/revocation-set.ts';
import { TrustAnchors } from '#runtime/pki/trust-anchors.ts';
import type { ChainVectors, StatementVectors } from '../../scripts/vectors/shape.ts';
import * as independent from './independent-pki.ts';

function load<T>(name: string): T {
  return JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8')) as T;
}

const chains = load<ChainVectors>('certificates.json');
const statements = load<StatementVectors>('statements.json');

const REASONS: Readonly<Record<PkiReason, true>> = {
  truncated: true,
  malformed: true,
  'unknown-critical': true,
  'unknown-issuer': true,
  'bad-signature': true,
  'wrong-cluster': true,
  'wrong-key-use': true,
  'registrar-exceeds': true,
  revoked: true,
  'not-yet-valid': true,
  expired: true,
};

function taken<T>(judged: Judged<T>): T {
  assert.ok('value' in judged, JSON.stringify(judged));
  return judged.value;
}

test('[P-11.6] the vectors hold every refusal', () => {
  const seen = new Set(chains.cases.map(({ verdict }) => verdict));
  assert.deepEqual([...seen].sort(), ['accepted', ...Object.keys(REASONS)].sort());
});

for (const provider of [nobleProvider, createNodeProvider()]) {
  test(`[P-11.6] chains are judged as the vectors say, with the ${provider.name} provider`, () => {
    const roots = taken(TrustAnchors.of(provider, chains.cluster, chains.roots.map(fromHex)));
    for (const { name, chain, atSeconds, revocations, verdict } of chains.cases) {
      const revoked = new RevocationSet();
      for (const hex of revocations) revoked.add(taken(verifyRevocation(roots, fromHex(hex))));
      const judged = verifyChain(provider, { roots, chain: chain.map(fromHex), atSeconds, revoked });
      assert.equal('refusal' in judged ? judged.refusal.reason : 'accepted', verdict, name);
      if ('refusal' in judged) assert.match(judged.refusal.text, /^[\w "(].{20,}/, name);
    }
  });

  test(`[P-11.3] agreement keys are those of the vectors, with the ${provider.name} provider`, () => {
    for (const { seed, publicKey } of statements.agreementKeys)
      assert.equal(toHex(agreementKeyOf(provider, fromHex(seed)).publicKey), publicKey);
  });
}

describe('a second program, written from the specification alone, agrees on', () => {
  test('chains and what they say', () => {
    const roots = independent.readRoots(chains.roots);
    for (const { name, verdict, says, ...input } of chains.cases) {
      const judged = independent.judgeChain(roots, chains.cluster, input);
      assert.equal(judged.verdict, verdict, name);
      assert.deepEqual(judged.says, says, name);
    }
  });

  test('revocations, policies, endorsements and requests', () => {
    const roots = independent.readRoots(statements.roots);
    for (const one of statements.cases)
      assert.equal(
        independent.judgeStatement(roots, statements.cluster, one),
        one.verdict,
        `${one.kind} ${one.name}`,
      );
  });

  test('the hash of all that is revoked', () => {
    const accepted = statements.cases.filter(
      ({ kind, verdict }) => kind === 'revocation' && verdict === 'accepted',
    );
    assert.equal(independent.revocationHash(accepted.map(({ object }) => object)), statements.revocationHash);
  });

  test('agreement keys', () => {
    const label = Buffer.from('gridvine/1 x25519');
    for (const { seed, publicKey } of statements.agreementKeys) {
      const secret = Buffer.from(hkdfSync('sha256', Buffer.from(seed, 'hex'), Buffer.alloc(0), label, 32));
      const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secret]);
      const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
      assert.equal(key.export({ format: 'der', type: 'spki' }).toString('hex', 12), publicKey);
    }
  });
});
