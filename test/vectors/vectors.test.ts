import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fromHex, toHex } from '#runtime/core/ids.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { clusterTag } from '#runtime/crypto/cluster.ts';
import { nameKey } from '#runtime/crypto/fingerprint.ts';
import { identityFromSeed } from '#runtime/crypto/identity.ts';
import { decodeKeyring, decodeWraps, encodeKeyring } from '#runtime/crypto/key-records.ts';
import { unwrapKey, wrapKey } from '#runtime/crypto/key-wrap.ts';
import { groupKeyFrom, groupKeyOf, Keyring } from '#runtime/crypto/keyring.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { BodyBuilder, decodeBody } from '#runtime/wire/body.ts';
import { decodeCbor, encodeValue, toAppValue } from '#runtime/wire/cbor.ts';
import { Opener } from '#runtime/wire/opener.ts';
import { decodeRecord, encodeRecord } from '#runtime/wire/record-codec.ts';
import { decodeRefusal } from '#runtime/wire/refusal.ts';
import { generateVectors } from '../../scripts/vectors/generate.ts';
import type {
  BodyVector,
  DatagramVector,
  EpochVector,
  InvalidCbor,
  KeyRotationVectors,
  KeyVector,
  PresenceChainVector,
  ProofVector,
  RecordVector,
  RefusalVector,
  ValidCbor,
} from '../../scripts/vectors/shape.ts';
import * as independent from './independent.ts';
import * as epochs from './independent-epochs.ts';
import { linkBelow, macOf, pairKey } from './independent-proofs.ts';

const FOLDER = import.meta.dirname;

function load<T>(name: string): T {
  return JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as T;
}

test('the files hold what the code makes today: a change of the wire shows here (npm run vectors writes them)', () => {
  const generated = generateVectors();
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  assert.deepEqual(files.sort(), Object.keys(generated).sort());
  for (const [name, content] of Object.entries(generated)) assert.deepEqual(load(name), content, name);
});

for (const provider of [nobleProvider, createNodeProvider()]) {
  test(`[P-2] keys, ids and tags are those of the vectors, with the ${provider.name} provider`, () => {
    for (const vector of load<KeyVector[]>('keys.json')) {
      const group = groupKeyOf(provider, fromHex(vector.preSharedKey), vector.cluster);
      assert.equal(toHex(group.key.reveal()), vector.groupKey);
      assert.equal(group.id, vector.keyId);
      assert.equal(toHex(clusterTag(provider, vector.cluster)), vector.clusterTag);
      const identity = identityFromSeed(provider, fromHex(vector.seed));
      assert.deepEqual([toHex(identity.publicKey), identity.id], [vector.publicKey, vector.nodeId]);
    }
  });

  test(`[P-3] datagrams open or are dropped as the vectors say, with the ${provider.name} provider`, () => {
    for (const vector of load<DatagramVector[]>('datagrams.json')) {
      const keyring = new Keyring(groupKeyOf(provider, fromHex(vector.preSharedKey), vector.cluster));
      const opener = new Opener({ provider, cluster: vector.cluster, keyring, self: vector.destination });
      const result = opener.open(0, fromHex(vector.datagram));
      assert.equal('drop' in result ? result.drop : null, vector.drop, vector.name);
      if ('body' in result)
        assert.deepEqual(result.body, decodeBody(fromHex(vector.body ?? '')), vector.name);
    }
  });
}

test('[P-4.1] the decoder refuses all invalid CBOR', () => {
  for (const { rule, bytes } of load<InvalidCbor[]>('cbor-invalid.json'))
    assert.ok('refusal' in decodeCbor(fromHex(bytes)), rule);
});

test('[P-4.1] the decoder takes what just keeps its bounds, and a second reader too', () => {
  for (const { rule, bytes } of load<ValidCbor[]>('cbor-valid.json')) {
    assert.ok('value' in decodeCbor(fromHex(bytes)), rule);
    assert.ok(independent.readCbor(fromHex(bytes)) !== undefined, rule);
  }
});

test('[P-5] valid records survive decoding and encoding, invalid ones are refused', () => {
  for (const { name, record, valid } of load<RecordVector[]>('records.json')) {
    const body = decodeRecord(fromHex(record));
    assert.equal(body !== undefined, valid, name);
    if (body !== undefined && name !== 'meta: unknown number')
      assert.equal(toHex(encodeRecord(body)), record, name);
  }
});

test('[P-4] bodies survive decoding and encoding byte for byte', () => {
  for (const vector of load<BodyVector[]>('bodies.json')) {
    const body = decodeBody(fromHex(vector.body));
    assert.ok(body, vector.name);
    assert.deepEqual(
      body.messages.map((message) => message.type),
      vector.types,
    );
    const builder = new BodyBuilder(body.sender, body.boot);
    for (const message of body.messages) assert.ok(builder.tryAdd(message));
    assert.equal(toHex(builder.finish()), vector.body, vector.name);
  }
});

test('[P-8.1] refusals read as the vectors say', () => {
  for (const vector of load<RefusalVector[]>('refusals.json')) {
    const refusal = decodeRefusal(fromHex(vector.refusal));
    assert.equal(refusal?.code, vector.code);
    assert.equal(refusal?.cluster, vector.cluster);
    assert.equal(toHex(refusal?.nonce ?? new Uint8Array(0)), vector.answered.slice(16, 64));
  }
});

for (const provider of [nobleProvider, createNodeProvider()]) {
  test(`[P-10.3] wrapped keys open or are refused as the vectors say, with the ${provider.name} provider`, () => {
    for (const vector of load<KeyRotationVectors>('key-rotation.json').wraps) {
      const under = nameKey(provider, groupKeyFrom(provider, fromHex(vector.wrappingKey)));
      assert.equal(under.fingerprint, vector.under);
      const { cluster, fingerprint } = vector;
      const nonce = fromHex(vector.nonce);
      const wrap = { under: vector.under, nonce, sealed: fromHex(vector.sealed) };
      const key = unwrapKey(provider, { cluster, under, fingerprint, wrap });
      assert.equal(
        key === undefined ? undefined : toHex(key.key.key.reveal()),
        expectedKey(vector),
        vector.name,
      );
      if (key !== undefined)
        assert.deepEqual(wrapKey(provider, { cluster, under, key, nonce }), wrap, vector.name);
    }
  });
}

test('[P-10.2] records about keys are taken or refused as the vectors say', () => {
  const { keyrings, keys } = load<KeyRotationVectors>('key-rotation.json');
  for (const { name, value, valid } of keyrings) {
    const report = decodeKeyring(readValue(value));
    assert.equal(report !== undefined, valid, name);
    if (report !== undefined) assert.equal(toHex(encodeValue(encodeKeyring(report))), value, name);
  }
  for (const { name, value, valid } of keys)
    assert.equal(decodeWraps(readValue(value)) !== undefined, valid, name);
});

function readValue(hex: string): AppValue {
  const decoded = decodeCbor(fromHex(hex));
  assert.ok('value' in decoded);
  const value = toAppValue(decoded.value);
  assert.ok(value !== undefined);
  return value;
}

function expectedKey({ valid, wrappedKey }: { valid: boolean; wrappedKey: string }): string | undefined {
  return valid ? wrappedKey : undefined;
}

describe('a second program, written from the specification alone, agrees on', () => {
  test('keys, ids and tags', () => {
    for (const vector of load<KeyVector[]>('keys.json')) {
      const key = independent.groupKey(Buffer.from(vector.preSharedKey, 'hex'), vector.cluster);
      assert.equal(key.toString('hex'), vector.groupKey);
      assert.equal(independent.keyId(key), vector.keyId);
      assert.equal(independent.clusterTag(vector.cluster).toString('hex'), vector.clusterTag);
      const publicKey = independent.publicKeyOf(Buffer.from(vector.seed, 'hex'));
      assert.equal(publicKey.toString('hex'), vector.publicKey);
      assert.equal(independent.sha256(publicKey).toString('hex', 0, 16), vector.nodeId);
    }
  });

  test('datagrams', () => {
    for (const vector of load<DatagramVector[]>('datagrams.json')) {
      const result = independent.openDatagram(Buffer.from(vector.datagram, 'hex'), vector);
      assert.equal('drop' in result ? result.drop : null, vector.drop, vector.name);
      if ('body' in result) assert.equal(result.body.toString('hex'), vector.body, vector.name);
    }
  });

  test('wrapped keys, their fingerprints, and records about keys', () => {
    const { wraps, keyrings, keys } = load<KeyRotationVectors>('key-rotation.json');
    const bytes = (hex: string) => Buffer.from(hex, 'hex');
    for (const vector of wraps) {
      const about = {
        cluster: vector.cluster,
        wrappingKey: bytes(vector.wrappingKey),
        fingerprint: bytes(vector.fingerprint),
      };
      assert.equal(independent.fingerprint(about.wrappingKey).toString('hex'), vector.under);
      const opened = independent.unwrap({ nonce: bytes(vector.nonce), sealed: bytes(vector.sealed) }, about);
      assert.equal(opened?.toString('hex'), expectedKey(vector), vector.name);
    }
    const read = (hex: string) => independent.readCbor(bytes(hex))?.value;
    for (const { name, value, valid } of keyrings)
      assert.equal(independent.isKeyring(read(value)), valid, name);
    for (const { name, value, valid } of keys)
      assert.equal(independent.isKeyRecord(read(value)), valid, name);
  });

  test('bodies and records being strict CBOR, and what is in them', () => {
    for (const vector of load<BodyVector[]>('bodies.json'))
      assert.deepEqual(independent.messageTypes(Buffer.from(vector.body, 'hex')), vector.types, vector.name);
    for (const vector of load<RecordVector[]>('records.json')) {
      const items = independent.readCbor(Buffer.from(vector.record, 'hex'))?.value;
      assert.ok(Array.isArray(items), vector.name);
      if (vector.valid) assert.equal(typeof items[1], 'string');
    }
  });

  test('[P-14] epochs, their keys and the shares of their secrets', () => {
    for (const vector of load<EpochVector[]>('epochs.json')) {
      assert.equal(epochs.epochId(vector), vector.id);
      assert.deepEqual(epochs.epochKey(vector), { key: vector.groupKey, id: vector.keyId });
      assert.equal(epochs.openShare(vector), vector.secret);
      assert.ok(epochs.isSigned(vector));
      assert.ok(!epochs.isSigned({ ...vector, number: vector.number - 1 }));
    }
  });

  test('[P-5.20] whose signature stands by a record', () => {
    const [{ cluster, publicKey }] = load<KeyVector[]>('keys.json');
    const key = Buffer.from(publicKey, 'hex');
    const signed = load<BodyVector[]>('bodies.json').flatMap(({ body }) =>
      independent.signedItems(Buffer.from(body, 'hex')),
    );
    assert.ok(signed.length >= 2);
    for (const [record, signature] of signed) {
      assert.ok(independent.isSignedBy(key, { cluster, record, signature }));
      assert.ok(!independent.isSignedBy(key, { cluster: `${cluster}x`, record, signature }));
    }
  });

  test('[P-6.20, P-6.21] keys of pairs, and what is proven with them', () => {
    const vectors = load<ProofVector[]>('proofs.json');
    assert.equal(vectors.length, 7);
    for (const vector of vectors) {
      const key = pairKey(vector);
      assert.equal(key.toString('hex'), vector.pairKey, vector.kind);
      assert.equal(macOf(key, vector).toString('hex'), vector.mac, vector.kind);
    }
  });

  test('[P-6.25] chains of presences', () => {
    for (const vector of load<PresenceChainVector[]>('presence-chains.json')) {
      const links = [vector.anchor, ...vector.links];
      for (let place = 1; place < links.length; place++)
        assert.equal(
          linkBelow(vector, place, Buffer.from(links[place], 'hex')).toString('hex'),
          links[place - 1],
        );
    }
  });
});
