import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decode } from 'cbor-x';
import { fromHex, toHex } from '#runtime/core/ids.ts';
import { groupKeyOf, Keyring } from '#runtime/crypto/keyring.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { decodeNodeFacts } from '#runtime/membership/node-facts.ts';
import { decodeFrames } from '#runtime/transport/http/frames.ts';
import { decodeBody } from '#runtime/wire/body.ts';
import { Opener } from '#runtime/wire/opener.ts';
import { decodeRecord } from '#runtime/wire/record-codec.ts';
import type { HttpVectors } from '../../scripts/vectors/shape.ts';
import { openDatagram } from './independent.ts';

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, 'http.json'), 'utf8')) as HttpVectors;

/** [P-19.3] read from the text alone. */
function independently(body: Buffer): string[] | null {
  const datagrams: string[] = [];
  for (let rest = body; rest.length > 0; ) {
    const length = rest.length < 2 ? 0 : rest.readUInt16BE(0);
    if (length < 32 || length > 1_200 || rest.length < 2 + length || datagrams.length === 256) return null;
    datagrams.push(rest.subarray(2, 2 + length).toString('hex'));
    rest = rest.subarray(2 + length);
  }
  return datagrams;
}

test('[P-19.3] bodies read as the vectors say, by the code and by another reader', () => {
  assert.ok(vectors.bodies.length > 0);
  for (const { name, body, datagrams } of vectors.bodies) {
    assert.deepEqual(decodeFrames(fromHex(body))?.map(toHex) ?? null, datagrams, name);
    assert.deepEqual(independently(Buffer.from(body, 'hex')), datagrams, name);
  }
});

test('[P-19.11] a node record that names relays reads as the vector says, by the code and by another reader', () => {
  const { record, endpoints, relays } = vectors.relayed;
  const facts = decodeNodeFacts(decodeRecord(fromHex(record))?.value ?? null);
  assert.deepEqual([facts?.endpoints, facts?.relays], [endpoints, relays]);
  const [, , [, , , places]] = decode(Buffer.from(record, 'hex')) as [
    number,
    string,
    [string, number, number, unknown[][]],
  ];
  const through = places
    .filter(([transport]) => transport === 3)
    .map(([, id]) => Buffer.from(id as Uint8Array).toString('hex'));
  assert.deepEqual(through, relays);
});

test('[P-19.14] what is sealed for HTTP opens where it came by HTTP only, for the code and for another reader', () => {
  assert.ok(vectors.sealed.length > 0);
  for (const vector of vectors.sealed) {
    const { name, cluster, preSharedKey, destination, datagram, body } = vector;
    const keyring = new Keyring(groupKeyOf(nobleProvider, fromHex(preSharedKey), cluster));
    const opener = new Opener({ provider: nobleProvider, cluster, keyring, self: destination });
    const byUdp = opener.open(0, fromHex(datagram), undefined, 'udp');
    assert.equal('drop' in byUdp ? byUdp.drop : null, 'forged', name);
    const byHttp = opener.open(0, fromHex(datagram), undefined, 'http');
    assert.ok('body' in byHttp, name);
    assert.deepEqual(byHttp.body, decodeBody(fromHex(body)), name);

    const bytes = Buffer.from(datagram, 'hex');
    assert.deepEqual(openDatagram(bytes, vector), { drop: 'forged' }, name);
    const read = openDatagram(bytes, vector, 'gridvine/http/1');
    assert.equal('body' in read ? read.body.toString('hex') : null, body, name);
  }
});
