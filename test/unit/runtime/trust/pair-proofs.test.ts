import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STATEMENT_CODES, type Statement, type StatementKind } from '#runtime/trust/pair-proofs.ts';
import { MAC_BYTES } from '#runtime/wire/messages/mac.ts';
import { TrustedGroup } from '../../../support/trusted-group.ts';

const group = new TrustedGroup(3);
const [ann, ben, cem] = [0, 1, 2].map((index) => group.proofs(index));
const SAID: Statement = {
  kind: 'ack',
  sender: group.id(0),
  senderBoot: 3,
  destination: group.id(1),
  seq: 0xdead_beef,
  value: 2 ** 40,
};

test('[P-6.21] what one node says to another is proof to that one, and to nobody else', () => {
  const mac = ann.prove(SAID);
  assert.equal(mac?.length, MAC_BYTES);
  assert.equal(ben.check(SAID, mac), 'valid');
  assert.equal(cem.check(SAID, mac), 'wrong');
});

test('[P-6.21] a proof of one thing is none of another, nor of the same in the other direction', () => {
  const mac = ann.prove(SAID);
  const others: Statement[] = [
    { ...SAID, senderBoot: 4 },
    { ...SAID, seq: SAID.seq - 1 },
    { ...SAID, value: 2 ** 40 + 1 },
    ...(Object.keys(STATEMENT_CODES) as StatementKind[])
      .filter((kind) => kind !== SAID.kind)
      .map((kind) => ({ ...SAID, kind })),
  ];
  for (const other of others) assert.equal(ben.check(other, mac), 'wrong', JSON.stringify(other));
  assert.equal(ann.check({ ...SAID, sender: group.id(1), destination: group.id(0) }, mac), 'wrong');
});

test('[P-6.22] a proof that is missing, cut or lengthened is wrong; of somebody without a certificate nothing is known', () => {
  const mac = ann.prove(SAID) as Uint8Array;
  for (const bad of [undefined, mac.slice(0, 7), new Uint8Array([...mac, 0]), mac.map((byte) => byte ^ 1)])
    assert.equal(ben.check(SAID, bad), 'wrong');
  group.unknown.add(group.id(0));
  assert.equal(ben.check(SAID, mac), 'unknown');
  group.unknown.add(group.id(1));
  assert.equal(ann.prove(SAID), undefined);
  group.unknown.clear();
});
