import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeId } from '#runtime/core/ids.ts';
import { fromHex } from '#runtime/core/ids.ts';
import type { AppValue } from '#runtime/core/value.ts';
import type { Identity } from '#runtime/crypto/identity.ts';
import { signRevocation } from '#runtime/pki/revocation.ts';
import { CertificateBook } from '#runtime/trust/certificate-book.ts';
import { CERTIFICATE_KEY, encodeCertificateRecord } from '#runtime/trust/certificate-record.ts';
import { FleetLaw } from '#runtime/trust/fleet-law.ts';
import { RecordAuthority } from '#runtime/trust/record-authority.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';
import {
  accepted,
  anchors,
  CLUSTER,
  certified,
  DEVICE,
  identityOf,
  OTHER_ROOT,
  provider,
  ROOT,
  START,
} from '../../../support/pki.ts';
import { v } from '../../../support/record-tables.ts';
import { recordOf } from '../../../support/wire.ts';

const SELF = identityOf(50);
const SENSOR = identityOf(51);
const KEYMASTER = identityOf(52);
const STRANGER = identityOf(53);

function setUp() {
  const law = new FleetLaw(provider, anchors());
  const book = new CertificateBook(law);
  for (const [identity, groups] of [
    [SELF, []],
    [DEVICE, ['controller']],
    [SENSOR, ['sensor']],
    [KEYMASTER, ['keymaster']],
  ] as const)
    accepted(book.learn([certified(ROOT, identity, { groups })]));
  const authorityOf = (identity: Identity) =>
    new RecordAuthority({ provider, cluster: CLUSTER, identity, law, book, unsignedPrefixes: ['fast/'] });
  const authority = authorityOf(SELF);
  const judge = (
    by: Identity,
    key: string,
    { owner = by.id, value = 1 as AppValue, unsigned = false } = {},
  ) => {
    const body = encodeRecord(recordOf({ key, version: v(1), value }));
    const signature = unsigned ? undefined : authorityOf(by).sign(key, body);
    return authority.refusal(owner, { key, body, signature });
  };
  return { law, book, authority, authorityOf, judge };
}

test('what a member signed is taken, what it signed for another is not', () => {
  const { judge } = setUp();
  assert.equal(judge(SENSOR, 'battery/soc'), undefined);
  assert.equal(judge(SENSOR, 'node'), undefined);
  assert.equal(judge(SENSOR, 'battery/soc', { owner: DEVICE.id }), 'bad-signature');
  assert.equal(judge(SENSOR, 'accuse/0', { owner: DEVICE.id }), 'bad-signature');
});

test('a signature counts for one cluster and for one content', () => {
  const { authority, authorityOf } = setUp();
  const body = encodeRecord(recordOf({ key: 'a', version: v(1) }));
  const signature = authorityOf(SENSOR).sign('a', body);
  const bent = body.slice();
  bent[bent.length - 1] ^= 1;
  assert.equal(authority.refusal(SENSOR.id, { key: 'a', body: bent, signature }), 'bad-signature');
  const elsewhere = new RecordAuthority({ ...setUp(), provider, cluster: 'other', identity: SENSOR });
  assert.equal(
    authority.refusal(SENSOR.id, { key: 'a', body, signature: elsewhere.sign('a', body) }),
    'bad-signature',
  );
});

test('unsigned is taken under an exempt prefix only, and never for what the node says of itself', () => {
  const { judge, authority } = setUp();
  assert.equal(judge(SENSOR, 'fast/amps', { unsigned: true }), undefined);
  assert.equal(judge(SENSOR, 'slow/amps', { unsigned: true }), 'unsigned');
  for (const key of ['node', 'accuse/1', 'sys/epoch'])
    assert.equal(judge(KEYMASTER, key, { unsigned: true }), 'unsigned');
  assert.equal(authority.sign('fast/amps', new Uint8Array(3)), undefined);
  assert.equal(authority.sign('node', new Uint8Array(3))?.length, 64);
});

test('groups say who may write which keys', () => {
  const { judge, authority } = setUp();
  assert.equal(judge(DEVICE, 'setpoint/pump'), undefined);
  assert.equal(judge(SENSOR, 'setpoint/pump'), 'not-allowed');
  assert.equal(judge(KEYMASTER, 'sys/epoch'), undefined);
  assert.equal(judge(SENSOR, 'sys/epoch'), 'not-allowed');
  assert.equal(judge(SENSOR, 'sys/epoch/3'), 'not-allowed');
  assert.equal(authority.mayWriteOwn('setpoint/pump'), false);
  assert.equal(authority.mayWriteOwn('battery/soc'), true);
});

test('a stranger is heard once it shows a certificate of its own', () => {
  const { judge, book } = setUp();
  const show = (identity: Identity, by: Identity, owner: NodeId = identity.id, issuer = ROOT) =>
    judge(by, CERTIFICATE_KEY, { owner, value: encodeCertificateRecord([certified(issuer, identity)]) });
  assert.equal(judge(STRANGER, 'node'), 'no-certificate');
  assert.equal(show(STRANGER, STRANGER, STRANGER.id, OTHER_ROOT), 'no-certificate');
  assert.equal(show(SENSOR, STRANGER, STRANGER.id), 'no-certificate');
  assert.equal(judge(STRANGER, CERTIFICATE_KEY, { value: ['x'] }), 'no-certificate');
  assert.equal(judge(STRANGER, CERTIFICATE_KEY, { value: [] }), 'no-certificate');
  assert.equal(book.get(STRANGER.id), undefined);
  assert.equal(show(STRANGER, STRANGER), undefined);
  assert.equal(judge(STRANGER, 'node'), undefined);
});

test('who is revoked says nothing any more', () => {
  const { judge, law } = setUp();
  const target = { kind: 'node', id: fromHex(SENSOR.id) } as const;
  accepted(
    law.take(
      signRevocation(provider, ROOT, { cluster: CLUSTER, revokedAt: START, target, reason: 'stolen' }),
    ),
  );
  assert.equal(judge(SENSOR, 'node'), 'revoked');
  assert.equal(
    judge(SENSOR, CERTIFICATE_KEY, { value: encodeCertificateRecord([certified(ROOT, SENSOR)]) }),
    'revoked',
  );
  assert.equal(judge(DEVICE, 'node'), undefined);
});

test('[P-11.16] what the whole fleet acts on is never taken unsigned, whatever prefix is exempt', () => {
  const { law, book } = setUp();
  const authority = new RecordAuthority({
    provider,
    cluster: CLUSTER,
    identity: DEVICE,
    law,
    book,
    unsignedPrefixes: ['f'],
  });
  const body = encodeRecord(recordOf({ key: 'fleet/settings', version: v(1), value: 1 }));
  assert.ok(authority.sign('fleet/settings', body));
  assert.equal(
    authority.refusal(DEVICE.id, { key: 'fleet/settings', body, signature: undefined }),
    'unsigned',
  );
  const other = encodeRecord(recordOf({ key: 'flow', version: v(1), value: 1 }));
  assert.equal(authority.refusal(DEVICE.id, { key: 'flow', body: other, signature: undefined }), undefined);
});

test('[P-11.16] whom the fleet follows has a certificate that stands, and a group that may', () => {
  const { law, authority } = setUp();
  const key = 'fleet/settings';
  assert.equal(authority.isEntitled(DEVICE.id, key), true);
  assert.equal(authority.isEntitled(SENSOR.id, key), false);
  assert.equal(authority.isEntitled(STRANGER.id, key), false);
  const target = { kind: 'node', id: fromHex(DEVICE.id) } as const;
  const stolen = { cluster: CLUSTER, revokedAt: START, target, reason: 'stolen' };
  accepted(law.take(signRevocation(provider, ROOT, stolen)));
  assert.equal(authority.isEntitled(DEVICE.id, key), false);
});
