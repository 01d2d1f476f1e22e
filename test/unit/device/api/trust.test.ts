import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GridvineError } from '#runtime/core/errors.ts';
import type { CertifiedView, TrustView } from '#runtime/core/trust-view.ts';
import { armor } from '#runtime/pki/armor.ts';
import { FAKE_ID, memberView } from '../../../support/fake-node.ts';
import { certified, DEVICE, ROOT, rootBytes } from '../../../support/pki.ts';
import { startHarness } from './harness.ts';

const VIEW: TrustView = {
  epoch: 7,
  next: 8,
  certificates: 2,
  revocations: 1,
  policy: 3,
  roster: 2,
  floorSeconds: 1_000,
  admission: { calls: 4, 'dropped-forged': 1 },
  own: { standing: true, name: 'roof', groups: ['sensor'], expires: 2_000 },
};
const CERTIFIED: CertifiedView = {
  members: [
    {
      id: FAKE_ID,
      name: 'roof',
      groups: ['sensor'],
      serial: 'ab'.repeat(16),
      issuedAt: 500,
      expires: 2_000,
      isByRegistrar: false,
      standing: 'valid',
    },
  ],
  revoked: [{ kind: 'node', target: 'cd'.repeat(16), revokedAt: 700, reason: 'stolen' }],
};
const signed = (text: string) => JSON.stringify({ signed: text });

test('trust shows the epoch, who is certified with how it lives, and who is out', async (t) => {
  const api = await startHarness(t);
  api.node.trustView = VIEW;
  api.node.certifiedView = CERTIFIED;
  const { status, json } = await api.call('GET', '/v1/trust');
  assert.equal(status, 200);
  assert.deepEqual(json, {
    schema: 'gridvine.trust/1',
    self: FAKE_ID,
    mode: 'certificates',
    epoch: 7,
    next: 8,
    policy: 3,
    roster: 2,
    floorMs: 1_000_000,
    own: { standing: true, name: 'roof', groups: ['sensor'], expiresMs: 2_000_000, reason: null, text: null },
    members: [
      {
        id: FAKE_ID,
        name: 'roof',
        groups: ['sensor'],
        serial: 'ab'.repeat(16),
        issuedMs: 500_000,
        expiresMs: 2_000_000,
        byRegistrar: false,
        standing: 'valid',
        state: 'alive',
      },
    ],
    revoked: [{ kind: 'node', target: 'cd'.repeat(16), revokedAtMs: 700_000, reason: 'stolen' }],
    admission: { calls: 4, 'dropped-forged': 1 },
  });
});

test('a member whose certificate is known and who is no member has no state', async (t) => {
  const api = await startHarness(t);
  api.node.trustView = VIEW;
  const other = { ...CERTIFIED.members[0]!, id: 'ee'.repeat(16) };
  api.node.certifiedView = { ...CERTIFIED, members: [other] };
  const [shown] = (await api.call('GET', '/v1/trust')).json.members;
  assert.equal(shown.state, null);
  api.node.others = [memberView({ id: other.id, state: 'down' })];
  assert.equal((await api.call('GET', '/v1/trust')).json.members[0].state, 'down');
});

test('under a pre-shared key there is nothing to show, and nothing to handle under certificates', async (t) => {
  const api = await startHarness(t);
  const { json } = await api.call('GET', '/v1/trust');
  assert.deepEqual([json.mode, json.epoch, json.own, json.members], ['psk', null, null, []]);
  assert.equal((await api.call('GET', '/v1/keys')).json.mode, 'psk');
  assert.deepEqual((await api.call('GET', '/v1/status')).json.security, {
    mode: 'psk',
    crypto: 'node',
    epoch: null,
    certificate: null,
  });
  api.node.trustView = { ...VIEW, own: { standing: false, reason: 'expired', text: 'it ended' } };
  api.node.keysView = { ...api.node.keysView, use: 'ab'.repeat(8) };
  const keys = (await api.call('GET', '/v1/keys')).json;
  assert.deepEqual([keys.mode, keys.use, keys.keys, keys.members], ['certificates', null, [], []]);
  const { security } = (await api.call('GET', '/v1/status')).json;
  assert.deepEqual(
    [security.mode, security.epoch, security.certificate.reason],
    ['certificates', 7, 'expired'],
  );
});

test('an object that a root signed reaches the node as it was signed', async (t) => {
  const api = await startHarness(t);
  const bytes = rootBytes();
  const text = `Dear colleague,\n${armor({ kind: 'root', bytes })}`;
  const { status, json } = await api.call('POST', '/v1/trust/proclaim', signed(text));
  assert.equal(status, 200);
  assert.deepEqual(json, { schema: 'gridvine.proclaimed/1', kind: 'revocation', isNew: true });
  assert.deepEqual(api.node.proclaimed, [bytes]);
});

test('what is no object, or several, never reaches the node', async (t) => {
  const api = await startHarness(t);
  const one = armor({ kind: 'certificate', bytes: certified(ROOT, DEVICE) });
  for (const [body, message] of [
    [signed(''), /expected one signed object.*got 0/],
    [signed(one + one), /got 2/],
    [signed(one.slice(0, 80)), /body\.signed: line 1: /],
    ['{"signed":7}', /signed: expected text/],
    ['{}', /signed/],
  ] as const) {
    const { status, json } = await api.call('POST', '/v1/trust/proclaim', body);
    assert.equal(status, 400, body);
    assert.match(json.error.message, message);
  }
  assert.deepEqual(api.node.proclaimed, []);
});

test('what the node refuses is told in its words', async (t) => {
  const api = await startHarness(t);
  api.node.refusal = new GridvineError('E_CERTIFICATE', 'policy: signed by somebody else');
  const { status, json } = await api.call(
    'POST',
    '/v1/trust/proclaim',
    signed(armor({ kind: 'root', bytes: rootBytes() })),
  );
  assert.deepEqual(
    [status, json.error.code, json.error.message],
    [422, 'E_CERTIFICATE', 'policy: signed by somebody else'],
  );
  api.node.refusal = new GridvineError('E_NOT_ALLOWED', 'setpoint/x: not for you');
  assert.equal((await api.call('PUT', '/v1/records/setpoint/x', '{"value":1}')).status, 403);
});

test('metrics of trust are there in a cluster of certificates alone', async (t) => {
  const api = await startHarness(t);
  const lines = async () =>
    (await api.call('GET', '/metrics')).text
      .split('\n')
      .filter((line) => /^gridvine_(trust|certificate|admission)/.test(line));
  assert.deepEqual(await lines(), []);
  const inAnHour = Math.floor(Date.now() / 1_000) + 3_600;
  api.node.trustView = { ...VIEW, own: { ...VIEW.own, expires: inAnHour } as TrustView['own'] };
  const shown = await lines();
  for (const line of [
    'gridvine_trust_epoch 7',
    'gridvine_trust_certificates 2',
    'gridvine_trust_revocations 1',
    'gridvine_trust_policy_number 3',
    'gridvine_admission_total{what="calls"} 4',
    'gridvine_admission_total{what="dropped-forged"} 1',
  ])
    assert.ok(shown.includes(line), `${line}\n${shown.join('\n')}`);
  const left = Number(
    shown.find((line) => line.startsWith('gridvine_certificate_expiry_seconds'))?.split(' ')[1],
  );
  assert.ok(left > 0 && left <= 3_600, String(left));
  api.node.trustView = { ...VIEW, epoch: null, own: { standing: false, reason: 'revoked', text: '' } };
  assert.ok((await lines()).includes('gridvine_certificate_expiry_seconds 0'));
  assert.ok((await lines()).includes('gridvine_trust_epoch 0'));
});
