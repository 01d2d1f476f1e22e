import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { clusterTag as ownClusterTag } from '#runtime/crypto/cluster.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { FrameCodec } from '#runtime/trust/admission/frame.ts';
import type {
  AdmissionDatagram,
  AdmissionEpoch,
  AdmissionSide,
  AdmissionVector,
  AdmissionVectors,
} from '../../scripts/vectors/shape.ts';
import { clusterTag, readCbor } from './independent.ts';
import { epochId, type Followed, follow, open, readFrame, seal } from './independent-admission.ts';

const { handshakes, drops } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'admission.json'), 'utf8'),
) as AdmissionVectors;

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

/** An epoch's name as it stands in CBOR. */
function nameOf(epoch: AdmissionEpoch | null): unknown {
  return epoch === null ? null : [epoch.number, new Uint8Array(bytes(epoch.id))];
}

function plain(payload: Buffer): unknown {
  return JSON.parse(JSON.stringify(readCbor(payload)?.value, replacer));
}

function replacer(_: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (value !== null && typeof value === 'object' && 'type' in value && value.type === 'Buffer')
    return Buffer.from((value as unknown as { data: number[] }).data).toString('hex');
  return typeof value === 'bigint' ? Number(value) : value;
}

function secretsOf(side: AdmissionSide): { fixed: Buffer; ephemeral: Buffer } {
  return { fixed: bytes(side.agreementSecret), ephemeral: bytes(side.ephemeralSecret) };
}

function frameOf(vector: AdmissionVector, { datagram }: AdmissionDatagram) {
  const frame = readFrame(bytes(datagram), clusterTag(vector.cluster));
  assert.ok('step' in frame, vector.name);
  assert.equal(frame.connection.toString('hex'), vector.connection);
  return frame;
}

for (const vector of handshakes) {
  test(`[P-13] an independent reader follows: ${vector.name}`, () => {
    const { datagrams, initiator, responder } = vector;
    assert.deepEqual(
      datagrams.slice(0, 5).map(({ from, step }) => `${from} ${step}`),
      ['initiator hello', 'responder retry', 'initiator hello', 'responder response', 'initiator finish'],
    );
    const [first, retry, hello, response, finish, ...sealed] = datagrams.map((each) => frameOf(vector, each));
    assert.ok(first.payload.equals(Buffer.alloc(48)), 'the first hello is blank');
    assert.ok(hello.payload.subarray(0, 16).equals(retry.payload), 'the second one has the cookie');
    const followed = follow(
      {
        cluster: vector.cluster,
        connection: bytes(vector.connection),
        initiator: secretsOf(initiator),
        responder: secretsOf(responder),
      },
      { hello: hello.payload, response: response.payload, finish: finish.payload },
    );
    assert.equal(followed.responseText.toString('hex'), datagrams[3].payload);
    assert.equal(followed.finishText.toString('hex'), datagrams[4].payload);
    const said = plain(followed.finishText) as unknown[];
    assert.deepEqual(
      plain(followed.responseText),
      JSON.parse(json([responder.credential, nameOf(responder.epoch)])),
    );
    assert.deepEqual(said.slice(0, 2), JSON.parse(json([initiator.credential, nameOf(initiator.epoch)])));
    assert.equal(said[2], vector.name === 'the responder is not admitted' ? 10 : 0);
    assert.deepEqual(
      sealed.map(({ step }) => step),
      VERDICTS[vector.name],
    );
    for (const [i, each] of datagrams.slice(5).entries()) checkSealed(each, sealed[i].ordinal, followed);
    for (const each of datagrams) if (each.step === 'grant') checkGrant(each, vector);
  });
}

const VERDICTS: Readonly<Record<string, readonly string[]>> = {
  'the responder grants its epoch': ['grant', 'done'],
  'the initiator grants its epoch': ['done', 'grant', 'done'],
  'both have the same epoch': ['done'],
  'the initiator is not admitted': ['denied'],
  'the responder is not admitted': ['done'],
};

function json(value: unknown): string {
  return JSON.stringify(value, replacer);
}

/** [P-13.8]: opened, and sealed again to the same bytes. */
function checkSealed(
  { from, datagram, payload }: AdmissionDatagram,
  ordinal: number,
  { keys }: Followed,
): void {
  assert.equal(ordinal >> 7, from === 'responder' ? 1 : 0);
  const [header, sealed] = [bytes(datagram).subarray(0, 16), bytes(datagram).subarray(16)];
  const text = open(keys[from], ordinal & 0x7f, header, sealed);
  assert.equal(text.toString('hex'), payload);
  assert.deepEqual(seal(keys[from], ordinal & 0x7f, header, text), sealed);
}

function checkGrant({ from, payload }: AdmissionDatagram, vector: AdmissionVector): void {
  const { epoch } = vector[from];
  assert.ok(epoch !== null && payload !== null);
  assert.deepEqual(plain(bytes(payload)), [epoch.number, epoch.secret, epoch.revocations, epoch.warrant]);
  assert.equal(epochId(bytes(epoch.secret), bytes(epoch.revocations)).toString('hex'), epoch.id);
}

test('[P-13.2] both readers refuse the same datagrams for the same reason', () => {
  for (const { name, cluster, datagram, drop } of drops) {
    assert.deepEqual(readFrame(bytes(datagram), clusterTag(cluster)), { drop }, name);
    const codec = new FrameCodec(ownClusterTag(nobleProvider, cluster));
    assert.deepEqual(codec.decode(bytes(datagram)), { fault: drop }, name);
  }
});
