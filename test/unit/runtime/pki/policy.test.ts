import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Identity } from '#runtime/crypto/identity.ts';
import { newestOf } from '#runtime/pki/newest.ts';
import {
  DEFAULT_POLICY,
  hasRight,
  mayGovern,
  mayWrite,
  type PolicyClaims,
  signPolicy,
  verifyPolicy,
} from '#runtime/pki/policy.ts';
import {
  accepted,
  anchors,
  CLUSTER,
  OTHER_ROOT,
  provider,
  ROOT,
  reasonOf,
  rootBytes,
  START,
} from '../../../support/pki.ts';

const CLAIMS: PolicyClaims = {
  ...DEFAULT_POLICY,
  cluster: CLUSTER,
  number: 3,
  issuedAt: START,
  writes: { '': ['sensor'], 'pv/': 'everybody', 'pv/limit/': ['controller', 'operator'], 'locked/': [] },
};

const policyOf = (changes: Partial<PolicyClaims> = {}) =>
  accepted(verifyPolicy(anchors(), signPolicy(provider, ROOT, { ...CLAIMS, ...changes })));

test('[P-11.10] unless a root says otherwise everybody writes, but only controllers set points', () => {
  assert.equal(mayWrite(DEFAULT_POLICY, [], 'pv/power'), true);
  assert.equal(mayWrite(DEFAULT_POLICY, [], 'setpoint/battery'), false);
  assert.equal(mayWrite(DEFAULT_POLICY, ['controller'], 'setpoint/battery'), true);
  assert.equal(mayWrite(DEFAULT_POLICY, [], 'setpoint'), true, 'not below the prefix');
  assert.equal(hasRight(DEFAULT_POLICY, ['controller'], 'vote'), true);
  assert.equal(hasRight(DEFAULT_POLICY, ['controller'], 'mint'), false);
  assert.equal(hasRight(DEFAULT_POLICY, ['keymaster'], 'mint'), true);
  assert.equal(hasRight(DEFAULT_POLICY, [], 'command'), false);
});

test('[P-11.10] of the prefixes that fit the longest counts, also where it allows less', () => {
  const policy = policyOf();
  assert.equal(mayWrite(policy, ['sensor'], 'load/power'), true);
  assert.equal(mayWrite(policy, ['operator'], 'load/power'), false);
  assert.equal(mayWrite(policy, [], 'pv/power'), true);
  assert.equal(mayWrite(policy, ['sensor'], 'pv/limit/w'), false);
  assert.equal(mayWrite(policy, ['operator'], 'pv/limit/w'), true);
  assert.equal(mayWrite(policy, ['sensor', 'controller', 'operator'], 'locked/x'), false);
  assert.equal(mayWrite({ writes: { 'a/': [] } }, [], 'b'), true, 'no prefix fits');
});

test('[P-11.16] keys on which the whole fleet acts are opened by a rule for them, or by the right to command', () => {
  const may = (policy: Parameters<typeof mayGovern>[0], groups: readonly string[]) =>
    mayGovern(policy, groups, 'fleet/settings');
  assert.equal(may(DEFAULT_POLICY, ['sensor']), false, 'though everybody writes everything else');
  assert.equal(may(DEFAULT_POLICY, []), false);
  assert.equal(may(DEFAULT_POLICY, ['controller']), true);
  const ruled = { ...DEFAULT_POLICY, writes: { '': 'everybody', 'fleet/': ['operator'] } } as const;
  assert.equal(may(ruled, ['operator']), true);
  assert.equal(may(ruled, ['controller']), false, 'the rule says who');
  assert.equal(may({ ...ruled, writes: { 'fleet/': 'everybody' } }, []), true);
  assert.equal(may({ ...ruled, writes: { 'fleet/': [] } }, ['controller']), false);
  assert.equal(may({ writes: {}, rights: { ...DEFAULT_POLICY.rights, command: [] } }, ['controller']), false);
});

test('a policy survives its encoding', () => {
  const { signed, provenSeconds, ...claims } = policyOf();
  assert.deepEqual(claims, CLAIMS);
  assert.equal(provenSeconds, START);
  assert.equal(signed.kind, 'policy');
});

test('the higher number counts, and of equal numbers the same one for all', () => {
  const [old, next] = [policyOf(), policyOf({ number: 4 })];
  assert.equal(newestOf(old, next, anchors()), next);
  assert.equal(newestOf(next, old, anchors()), next);
  const other = policyOf({ issuedAt: START + 1 });
  assert.equal(newestOf(old, other, anchors()), newestOf(other, old, anchors()));
});

test('of one policy that two roots signed the statement of the newer root counts, in either order', () => {
  const roots = anchors(rootBytes(), rootBytes(OTHER_ROOT, ROOT));
  const by = (root: Identity) => accepted(verifyPolicy(roots, signPolicy(provider, root, CLAIMS)));
  const [old, next] = [by(ROOT), by(OTHER_ROOT)];
  assert.equal(newestOf(old, next, roots), next);
  assert.equal(newestOf(next, old, roots), next);
});

test('only a root of this cluster makes a policy, and cut ones are refused', () => {
  const verdict = (bytes: Uint8Array) => reasonOf(verifyPolicy(anchors(), bytes));
  assert.equal(verdict(signPolicy(provider, OTHER_ROOT, CLAIMS)), 'unknown-issuer');
  assert.equal(verdict(signPolicy(provider, ROOT, { ...CLAIMS, cluster: 'valley' })), 'wrong-cluster');
  const bytes = signPolicy(provider, ROOT, CLAIMS);
  for (let length = 0; length < bytes.length; length++)
    assert.equal(verdict(bytes.subarray(0, length)), 'truncated');
});

test('what can not be said is not signed', () => {
  const sign = (changes: Partial<PolicyClaims>) => () =>
    signPolicy(provider, ROOT, { ...CLAIMS, ...changes });
  assert.throws(sign({ number: 0 }), /number: expected an integer from 1/);
  assert.throws(sign({ writes: { 'a\n': [] } }), /prefix "a\\n": expected no control/);
  assert.throws(sign({ writes: { a: ['Not A Group'] } }), /group: expected 1 to 32/);
  const writes = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`p${i}/`, []]));
  assert.throws(sign({ writes }), /prefixes: expected at most 64; got 65/);
});
