import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { armor, dearmor } from '#runtime/pki/armor.ts';
import { signRequest, verifyRequest } from '#runtime/pki/request.ts';
import { TimeFloor } from '#runtime/pki/time-floor.ts';
import { accepted, CLUSTER, DEVICE, provider, reasonOf, rootBytes } from '../../../support/pki.ts';

const { publicKey: agreementKey } = agreementKeyOf(provider, new Uint8Array(32).fill(1));
const claims = { cluster: CLUSTER, name: 'roof', agreementKey };

test('[P-11.11] a request proves that its maker has the key, and names it', () => {
  const request = accepted(verifyRequest(provider, signRequest(provider, DEVICE, claims)));
  assert.equal(request.id, DEVICE.id);
  assert.deepEqual([request.name, request.cluster], ['roof', CLUSTER]);
  assert.deepEqual(request.agreementKey, agreementKey);
});

test('a request that was changed or cut is refused', () => {
  const bytes = signRequest(provider, DEVICE, claims);
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] ^= 1;
    assert.notEqual(reasonOf(verifyRequest(provider, changed)), 'accepted', `byte ${at}`);
    assert.equal(reasonOf(verifyRequest(provider, bytes.subarray(0, at))), 'truncated');
  }
  assert.throws(() => signRequest(provider, DEVICE, { ...claims, name: '' }), /name: expected 1 to 64/);
});

test('the agreement key of an identity differs from it, and is the same each time', () => {
  const seed = new Uint8Array(32).fill(1);
  assert.deepEqual(agreementKeyOf(provider, seed).publicKey, agreementKey);
  assert.notDeepEqual(agreementKeyOf(provider, seed).secret.reveal(), seed);
  assert.equal(String(agreementKeyOf(provider, seed).secret), '[redacted]');
});

test('[P-11.12] text around blocks is passed over, and each block comes back as it was', () => {
  const objects = [
    { kind: 'root', bytes: rootBytes() },
    { kind: 'request', bytes: signRequest(provider, DEVICE, claims) },
  ] as const;
  const text = `Hello,\r\n${objects.map(armor).join('\n> some words\n').replaceAll('\n', '\r\n')}bye`;
  assert.deepEqual(dearmor(text), { objects });
  assert.deepEqual(dearmor('nothing here'), { objects: [] });
});

test('a block that was cut or mixed up is told by its line', () => {
  const text = armor({ kind: 'root', bytes: rootBytes() });
  const lines = text.split('\n');
  const problemOf = (changed: readonly string[]) => {
    const result = dearmor(changed.join('\n'));
    return 'problem' in result ? result.problem : 'none';
  };
  assert.match(problemOf(lines.slice(0, -2)), /line 1: the block has no END line; it was cut/);
  assert.match(problemOf(lines.slice(1)), /an END line without its BEGIN/);
  assert.match(problemOf([...lines.slice(0, 2), ...lines]), /line 1: the block has no END/);
  assert.match(problemOf([lines[0] ?? '', 'not base64!', ...lines.slice(1)]), /line 1: expected base64/);
  assert.match(problemOf(['-----BEGIN GRIDVINE NONSENSE-----', ...lines]), /line 1: expected a kind/);
});

test('[P-11.8] the time floor rises by what was proven, never falls, and refuses what is no time', () => {
  const floor = new TimeFloor(100);
  assert.equal(floor.observe({ provenSeconds: 99 }), false);
  assert.equal(floor.observe({ provenSeconds: 100 }), false);
  assert.equal(floor.observe({ provenSeconds: 150 }), true);
  assert.equal(floor.observe({ provenSeconds: Number.NaN }), false);
  assert.equal(floor.seconds, 150);
  assert.equal(new TimeFloor().seconds, 0);
  assert.throws(() => new TimeFloor(-1), /time floor: expected whole seconds/);
});
