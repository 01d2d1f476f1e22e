import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { Keyring } from '#runtime/crypto/keyring.ts';
import { PeerKeys } from '#runtime/engine/peer-keys.ts';
import { OFFSET_SALT, SALT_BYTES } from '#runtime/wire/header.ts';
import { ANN, BEN, CLUSTER, keyringOf, provider } from '../../../support/wire.ts';

const [FIRST, SECOND] = [keyringOf(1).writing, keyringOf(2).writing];

test('[P-6.29] of each key one salt is used at a time: who comes back to a key leaves no other salt of it behind', () => {
  const salts: string[] = [];
  const keys = new PeerKeys({
    provider,
    cluster: CLUSTER,
    keyring: new Keyring(FIRST, [SECOND]),
    random: new SeededRandom(1),
    onSalt: (salt) => salts.push(toHex(salt)),
  });
  const saltTo = (peer: string) => {
    const sealed = keys.sealTo(peer, new Uint8Array(20));
    return toHex(sealed.subarray(OFFSET_SALT, OFFSET_SALT + SALT_BYTES));
  };
  // Ben reads the second key only, then the first one only, while the cluster goes to the second and back.
  const used = new Map<string, string[]>([
    ['first', []],
    ['second', []],
  ]);
  const note = (key: string, salt: string) => {
    const of = used.get(key) as string[];
    if (of.at(-1) !== salt) of.push(salt);
  };
  for (let round = 0; round < 3; round++) {
    keys.useKeyring(new Keyring(FIRST, [SECOND]));
    keys.note(BEN, SECOND);
    note('first', saltTo(ANN));
    note('second', saltTo(BEN));
    keys.useKeyring(new Keyring(SECOND, [FIRST]));
    keys.note(BEN, FIRST);
    note('second', saltTo(ANN));
    note('first', saltTo(BEN));
  }
  for (const [key, of] of used) assert.equal(new Set(of).size, of.length, `${key}: ${of.join(' ')}`);
  assert.ok([...used.values()].flat().every((salt) => salts.includes(salt)));
});

test('[P-2.4] each transport has a salt of its own, and a new life or key draws both anew', () => {
  const salts: string[] = [];
  const keys = new PeerKeys({
    provider,
    cluster: CLUSTER,
    keyring: new Keyring(FIRST, [SECOND]),
    random: new SeededRandom(1),
    onSalt: (salt) => salts.push(toHex(salt)),
  });
  const seen = () =>
    (['udp', 'http'] as const).flatMap((transport) =>
      [keys.sealTo(ANN, new Uint8Array(20), transport), keys.sealToAny(new Uint8Array(20), transport)].map(
        (sealed) => toHex(sealed.subarray(OFFSET_SALT, OFFSET_SALT + SALT_BYTES)),
      ),
    );
  const rounds = [seen()];
  keys.renewSalts();
  rounds.push(seen());
  keys.useKeyring(new Keyring(SECOND, [FIRST]));
  rounds.push(seen());
  for (const [udp, udpAny, http, httpAny] of rounds)
    assert.ok(udp === udpAny && http === httpAny && udp !== http);
  assert.equal(new Set(rounds.flat()).size, 6);
  assert.ok(
    rounds.flat().every((salt) => salts.includes(salt)),
    'its openers know them as its own',
  );
});
