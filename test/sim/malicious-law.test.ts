import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromHex } from '#runtime/core/ids.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { identityFromSeed } from '#runtime/crypto/identity.ts';
import { encodeKeyring, encodeWraps, KEYRING_KEY, keyRecordKey } from '#runtime/crypto/key-records.ts';
import { issueCertificate } from '#runtime/pki/certificate.ts';
import { signPolicy } from '#runtime/pki/policy.ts';
import { signRevocation } from '#runtime/pki/revocation.ts';
import { signRoot } from '#runtime/pki/root.ts';
import { signRoster } from '#runtime/pki/signed-roster.ts';
import { CERTIFICATE_KEY, encodeCertificateRecord } from '#runtime/trust/certificate-record.ts';
import { epochOf } from '#runtime/trust/epoch.ts';
import { EPOCH_KEY, encodeNotice, encodeShares, recipientOf } from '#runtime/trust/epoch-records.ts';
import { sealShare } from '#runtime/trust/epoch-share.ts';
import { signEpoch } from '#runtime/trust/epoch-warrant.ts';
import { issuedKey, lawKey } from '#runtime/trust/law-record.ts';
import type { TrustState } from '#runtime/trust/trust.ts';
import { decodeRecord } from '#runtime/wire/record-codec.ts';
import { CertifiedFleet } from '../support/certified-fleet.ts';
import { EnginePump, type PumpNode } from '../support/engine-pump.ts';
import { START, YEAR } from '../support/pki.ts';
import { Traitor } from '../support/traitor.ts';
import { assertUnmoved, assertWorks, dropsOf, scene } from '../support/traitor-scene.ts';
import { CLUSTER, provider } from '../support/wire.ts';

/** 2090-01-01 */
const YEAR_2090 = 3_786_912_000;

describe('a malicious member of a cluster of certificates, against what all live by', () => {
  test('moves no clock: neither by laws of 2090 that it signs, nor by certificates', () => {
    const stage = scene();
    const { pump, nodes, traitor, fleet } = stage;
    const { identity } = traitor;
    const claims = { cluster: CLUSTER, issuedAt: YEAR_2090 };
    const root = signRoot(provider, identity, {
      ...claims,
      expires: YEAR_2090 + YEAR,
      publicKey: identity.publicKey,
    });
    const revoked = signRevocation(provider, identity, {
      cluster: CLUSTER,
      revokedAt: YEAR_2090,
      target: { kind: 'node', id: fromHex(nodes[0].id) },
      reason: 'made up',
    });
    const policy = signPolicy(provider, identity, {
      ...claims,
      number: 99,
      writes: { '': [] },
      rights: { mint: ['sensor'], command: ['sensor'], vote: ['sensor'] },
    });
    const roster = signRoster(provider, identity, {
      ...claims,
      roster: { version: 99, voters: [identity.id], previous: [] },
    });
    const made = issueCertificate(provider, identity, {
      name: 'n6',
      cluster: CLUSTER,
      serial: new Uint8Array(16),
      signingKey: identity.publicKey,
      agreementKey: fleet.cards[5].agreementKey.publicKey,
      groups: ['controller', 'keymaster'],
      notBefore: YEAR_2090,
      issuedAt: YEAR_2090,
      expires: YEAR_2090 + YEAR,
    });
    const byItself = encodeCertificateRecord([made]);
    const asRegistrar = encodeCertificateRecord([made, fleet.cards[5].certificate]);
    assertUnmoved(stage, () => {
      traitor.put(nodes, lawKey('00'.repeat(8)), root);
      traitor.put(nodes, lawKey('01'.repeat(8)), revoked);
      traitor.put(nodes, lawKey('02'.repeat(8)), policy);
      traitor.put(nodes, lawKey('03'.repeat(8)), roster);
      for (const chain of [byItself, asRegistrar]) {
        traitor.put(nodes, CERTIFICATE_KEY, chain);
        traitor.put(nodes, issuedKey(traitor.id), chain);
      }
    });
    assert.ok(nodes.every((node) => node.engine.trust()?.floorSeconds === START));
    assert.ok(nodes.every((node) => node.engine.trust()?.roster === 0));
    // What it gave itself opens nothing to it.
    traitor.put(nodes, 'setpoint/pump', 666);
    assert.ok(nodes.every((node) => pump.read(node, traitor.id, 'setpoint/pump') === undefined));
    assert.equal(dropsOf(nodes, 'not-allowed'), nodes.length);
  });

  test('makes no epoch: neither as a minter nor with the word of one that is over', () => {
    const stage = scene({ epochMs: 20_000 });
    const { pump, nodes, traitor, fleet } = stage;
    const first =
      nodes.find((node) => node.engine.blockOf(pump.nowMs, node.id)?.items.some(isNotice)) ?? assert.fail();
    const old = first.engine.blockOf(pump.nowMs, first.id)?.items.find(isNotice) ?? assert.fail();
    // By now its key is no longer read: what it says comes by a member that passes everything on.
    pump.until(() => nodes.every((node) => (node.engine.trust()?.epoch ?? 0) >= 3), 120_000, 'epochs pass');
    const { epochs } = nodes[3].engine.trustState() as TrustState;
    const now = new Traitor(pump, fleet, 5, epochs[0]);
    const made = epochOf(provider, {
      number: 1_000,
      secret: new Uint8Array(32).fill(6),
      revocations: new Uint8Array(12),
      warrant: new Uint8Array(0),
    });
    const signature = signEpoch(traitor.identity, CLUSTER, made);
    const shares = nodes.map(({ id }, index) => ({
      recipient: recipientOf(id),
      sealed: sealShare(provider, made.secret.reveal(), {
        own: fleet.cards[5].agreementKey,
        theirKey: fleet.cards[index].agreementKey.publicKey,
        route: { epoch: made, minter: traitor.id, recipient: id },
      }) as Uint8Array,
    }));
    const version = makeVersion(1, 900);
    const value = encodeNotice({ ...made, signature });
    assertUnmoved(
      stage,
      () => {
        now.put(nodes, `${EPOCH_KEY}/0`, encodeShares(made, shares));
        now.put(nodes, EPOCH_KEY, value);
        now.tell(nodes, now.signed({ key: EPOCH_KEY, value, version }, first.id));
        now.put(nodes, EPOCH_KEY, decodeRecord(old.body)?.value ?? null);
        now.tell(nodes, { owner: first.id, from: 0, to: makeVersion(1, 5), gc: 0, items: [old] });
      },
      1_000,
    );
    assert.equal(dropsOf(nodes, 'not-allowed'), 3 * nodes.length);
    assert.ok(dropsOf(nodes, 'bad-signature') >= nodes.length - 1);
  });

  test('issues nothing: neither for others, nor by what was issued before', () => {
    const stage = scene();
    const { nodes, victim, traitor, fleet } = stage;
    const index = 4;
    const claims = {
      name: 'n5',
      cluster: CLUSTER,
      serial: new Uint8Array(16).fill(7),
      signingKey: fleet.cards[index].identity.publicKey,
      agreementKey: fleet.cards[index].agreementKey.publicKey,
      groups: [],
      notBefore: START,
      issuedAt: START + 10,
      expires: START + 20,
    };
    const made = issueCertificate(provider, traitor.identity, claims);
    const stranger = identityFromSeed(provider, new Uint8Array(32).fill(99));
    assertUnmoved(stage, () => {
      for (const chain of [
        [made],
        [made, fleet.cards[5].certificate],
        [issueCertificate(provider, stranger, claims)],
        [fleet.cards[index].certificate],
        [fleet.cards[3].certificate],
      ])
        traitor.put(nodes, issuedKey(victim.id), encodeCertificateRecord(chain));
      traitor.put(nodes, issuedKey(victim.id), 'no chain');
    });
  });

  test('changes no key by records of key rotation, which mean nothing here', () => {
    const stage = scene();
    const { pump, nodes, traitor } = stage;
    const name = 'ab'.repeat(8);
    const stamp = { lamport: 2 ** 40, by: traitor.id };
    const value = encodeKeyring({
      writes: name,
      reads: [name],
      use: { fingerprint: name, stamp },
      changes: [{ fingerprint: name, stamp, state: 'installed' }],
    });
    const keys = nodes.map((node) => node.engine.keys());
    assertUnmoved(stage, () => {
      traitor.put(nodes, KEYRING_KEY, value);
      traitor.put(
        nodes,
        keyRecordKey(name),
        encodeWraps([{ under: name, nonce: new Uint8Array(24), sealed: new Uint8Array(48) }]),
      );
    });
    assert.deepEqual(
      nodes.map((node) => node.engine.keys().keys),
      keys.map((view) => view.keys),
    );
    assert.ok(
      nodes.every((node) => node.engine.keys().waiting.length === 0 && node.engine.keys().use === null),
    );
    assert.ok(nodes.every((node) => node.keptKeys.length === 0));
    pump.run(5_000);
    assertWorks(stage, 9);
  });

  test('fills the law with junk in vain: its own quota ends it, and the next revocation counts everywhere', () => {
    const stage = scene();
    const { pump, nodes, traitor, fleet } = stage;
    const junk = new Uint8Array(800).fill(0x5a);
    assertUnmoved(stage, () => {
      for (let i = 0; i < 400; i++) {
        junk[0] = i;
        traitor.put(nodes, lawKey(i.toString(16).padStart(16, '0')), i % 2 === 0 ? junk : i);
      }
    });
    assert.ok(dropsOf(nodes, 'malformed') > 0);
    assert.ok(dropsOf(nodes, 'quota') > 0);
    pump.mutate(nodes[3], (engine, nowMs) => engine.proclaim(nowMs, fleet.revocation(traitor.id)));
    const isOut = (node: PumpNode) =>
      node.engine.trust()?.epoch === 2 && pump.stateOf(node, traitor.id) === undefined;
    pump.until(() => nodes.every(isOut), 5_000, 'it is out');
    assertWorks(stage, 5);
  });

  test('leads a newcomer by an old epoch no further than until it hears of the present one', () => {
    const fleet = new CertifiedFleet(5);
    const pump = new EnginePump();
    const epochMs = 20_000;
    const nodes = pump.cluster([0, 1, 2, 3].map((index) => fleet.choices(index, { epochMs })));
    const saved = nodes[3].engine.trustState() as TrustState;
    pump.kill(nodes[3]);
    const honest = nodes.slice(0, 3);
    pump.until(() => honest.every((node) => (node.engine.trust()?.epoch ?? 0) >= 3), 120_000, 'epochs pass');
    const liar = pump.add({ ...fleet.choices(3, { saved, epochMs }), boot: 2 });
    const newcomer = pump.add(fleet.choices(4, { epochMs }));
    const led = new Set([liar, newcomer]);
    pump.drop = (from, to) => led.has(from) !== led.has(to);
    pump.join(newcomer, liar);
    pump.until(() => newcomer.engine.trust()?.epoch === 1, 10_000, 'it is led into the old epoch');
    pump.drop = (from, to) => from === liar || to === liar;
    pump.join(newcomer, honest[1]);
    pump.until(
      () =>
        newcomer.engine.trust()?.epoch === honest[0].engine.trust()?.epoch &&
        pump.sees(newcomer, honest, 'alive'),
      30_000,
      'it finds the present one',
    );
  });
});

function isNotice({ body }: { readonly body: Uint8Array }): boolean {
  return decodeRecord(body)?.key === EPOCH_KEY;
}
