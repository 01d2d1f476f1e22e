import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Keyring } from '#runtime/crypto/keyring.ts';
import type { CryptoProvider } from '#runtime/crypto/provider.ts';
import { idBytes } from '#runtime/wire/body.ts';
import { encodeValue } from '#runtime/wire/cbor.ts';
import type { Opened, OpenResult } from '#runtime/wire/opener.ts';
import { encodeRefusal } from '#runtime/wire/refusal.ts';
import {
  ANN,
  BEN,
  bodyOf,
  CEM,
  keyring,
  keyringOf,
  openerOf,
  PING,
  provider,
  sealerOf,
} from '../../../support/wire.ts';

const body = bodyOf([PING]);

function opened(result: OpenResult): Opened {
  assert.ok('session' in result, 'drop' in result ? result.drop : 'a refusal');
  return result;
}

function dropOf(result: OpenResult): string {
  assert.ok('drop' in result, 'was not dropped');
  return result.drop;
}

/** A copy with one byte changed. */
function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}

test('a datagram opens to its body and its session', () => {
  const sealer = sealerOf();
  const opener = openerOf();
  const first = opened(opener.open(5, sealer.sealTo(BEN, body)));
  assert.deepEqual(first.body.messages, [PING]);
  assert.equal(first.sealedToAny, false);
  assert.deepEqual(
    [first.session.id, first.session.boot, first.session.proven, first.session.lastMs],
    [ANN, 1, false, 5],
  );
  const second = opened(opener.open(9, sealer.sealToAny(body)));
  assert.equal(second.session, first.session);
  assert.equal(second.sealedToAny, true);
  assert.deepEqual([first.session.openedCount, first.session.lastMs], [2, 9]);
  assert.deepEqual(opener.sessionsOf(ANN), [first.session]);
});

// B-63, B-92, B-116, B-121
test('[P-3.5] size, magic, version, kind, cluster and key id are told apart', () => {
  const opener = openerOf();
  const datagram = sealerOf().sealToAny(body);
  assert.equal(dropOf(opener.open(0, datagram.subarray(0, 48))), 'size');
  assert.equal(dropOf(opener.open(0, new Uint8Array(0))), 'size');
  assert.equal(dropOf(opener.open(0, new Uint8Array(1_201).fill(0x47))), 'size');
  assert.equal(dropOf(opener.open(0, changed(datagram, 0, 0x48))), 'version');
  assert.deepEqual(withoutHeader(opener.open(0, changed(datagram, 1, 0x22))), {
    drop: 'version',
    refusable: 'version-too-old',
  });
  assert.equal(dropOf(opener.open(0, changed(datagram, 1, 0x14))), 'kind');
  assert.equal(dropOf(opener.open(0, changed(datagram, 1, 0x10))), 'kind');
  const elsewhere = sealerOf({ cluster: 'shop' }).sealToAny(body);
  assert.deepEqual(withoutHeader(opener.open(0, elsewhere)), {
    drop: 'wrong-cluster',
    foreignTag: Buffer.from(elsewhere.subarray(2, 6)).toString('hex'),
    refusable: 'wrong-cluster',
  });
  assert.deepEqual(withoutHeader(opener.open(0, sealerOf({ keyring: keyringOf(2) }).sealToAny(body))), {
    drop: 'unknown-key',
    refusable: 'unknown-key',
  });
  assert.equal(opener.sessionCount, 0);
});

test('[P-8.1] only datagrams of kind 2 may be answered by a refusal', () => {
  const opener = openerOf();
  const result = opener.open(0, sealerOf({ cluster: 'shop' }).sealTo(BEN, body));
  assert.ok('drop' in result);
  assert.equal(result.refusable, undefined);
  assert.equal(result.header?.kind, 1);
});

function withoutHeader(result: OpenResult): object {
  const { header, ...rest } = result as { header?: unknown };
  assert.ok(header);
  return rest;
}

test('[P-3.5] any changed bit of a datagram drops it, and it can still be opened afterwards', () => {
  const opener = openerOf();
  const datagram = sealerOf().sealTo(BEN, body);
  for (let bit = 0; bit < 8 * datagram.length; bit++) {
    const result = opener.open(0, changed(datagram, bit >> 3, datagram[bit >> 3] ^ (1 << (bit & 7))));
    assert.ok('drop' in result, `bit ${bit}`);
  }
  opened(opener.open(0, datagram));
});

test('[P-3.4] what was sealed to another node, or to another cluster with the same tag, does not open', () => {
  // B-120
  const opener = openerOf({ self: CEM });
  assert.equal(dropOf(opener.open(0, sealerOf().sealTo(BEN, body))), 'forged');
  const foreign = sealerOf({ cluster: 'shop' }).sealToAny(body);
  foreign.set(sealerOf().sealToAny(body).subarray(2, 6), 2);
  assert.equal(dropOf(opener.open(0, foreign)), 'forged');
});

// B-124
test('[P-3.6] a repeated datagram is a replay, late ones within the window are not', () => {
  const sealer = sealerOf();
  const opener = openerOf();
  const datagrams = Array.from({ length: 1_030 }, () => sealer.sealTo(BEN, body));
  opened(opener.open(0, datagrams[1_029]));
  assert.equal(dropOf(opener.open(0, datagrams[1_029])), 'replay');
  opened(opener.open(0, datagrams[5]));
  assert.equal(dropOf(opener.open(0, datagrams[5])), 'replay');
  assert.equal(dropOf(opener.open(0, datagrams[4])), 'replay');
});

test('[P-3.6] the window moves only after a datagram was opened', () => {
  const sealer = sealerOf();
  const opener = openerOf();
  opened(opener.open(0, sealer.sealTo(BEN, body)));
  const next = sealer.sealTo(BEN, body);
  const farAhead = next.slice();
  farAhead.set([0, 0, 0, 9, 0, 0, 0, 0], 24);
  assert.equal(dropOf(opener.open(0, farAhead)), 'forged');
  assert.equal(dropOf(opener.open(0, changed(next, next.length - 1, next[next.length - 1] ^ 1))), 'forged');
  opened(opener.open(0, next));
});

test('a counter of 0 or above 2^53 is refused before any crypto', () => {
  const opener = openerOf({ provider: withoutCrypto() });
  const datagram = sealerOf().sealToAny(body);
  datagram.set(new Uint8Array(8), 24);
  assert.equal(dropOf(opener.open(0, datagram)), 'replay');
  datagram.set(new Uint8Array(8).fill(255), 24);
  assert.equal(dropOf(opener.open(0, datagram)), 'replay');
});

/** Hashes, but fails the test where it is asked to derive a key. */
function withoutCrypto(): CryptoProvider {
  return {
    ...provider,
    sealKey() {
      throw new Error('crypto was used');
    },
  };
}

test('own datagrams that come back are dropped without crypto', () => {
  const sealer = sealerOf();
  const opener = openerOf({ provider: withoutCrypto() });
  opener.ownSalt(sealer.salt);
  assert.equal(dropOf(opener.open(0, sealer.sealToAny(body))), 'own');
});

test('[P-3.7] opening unknown salts has a budget, known ones go on', () => {
  const opener = openerOf({ newSaltsPerSecond: 10, newSaltsBurst: 3 });
  const known = sealerOf({ seed: 1 });
  opened(opener.open(0, known.sealTo(BEN, body)));
  const fresh = (seed: number) => sealerOf({ seed, keyring }).sealTo(CEM, body);
  assert.equal(dropOf(opener.open(0, fresh(2))), 'forged');
  assert.equal(dropOf(opener.open(0, fresh(3))), 'forged');
  assert.equal(dropOf(opener.open(0, fresh(4))), 'budget');
  opened(opener.open(0, known.sealTo(BEN, body)));
  assert.equal(dropOf(opener.open(100, fresh(5))), 'forged');
  assert.equal(opener.sessionCount, 1);
});

test('a flood of fresh salts costs no crypto beyond the budget', () => {
  let derived = 0;
  const counting: CryptoProvider = {
    ...provider,
    sealKey(key, salt) {
      derived++;
      return provider.sealKey(key, salt);
    },
  };
  const opener = openerOf({ provider: counting, newSaltsPerSecond: 0, newSaltsBurst: 20 });
  const datagram = sealerOf().sealToAny(body);
  const drops = { forged: 0, budget: 0 };
  for (let i = 0; i < 5_000; i++) {
    new DataView(datagram.buffer, datagram.byteOffset).setUint32(8, i);
    const drop = dropOf(opener.open(0, datagram));
    if (drop === 'forged' || drop === 'budget') drops[drop]++;
  }
  assert.deepEqual(drops, { forged: 20, budget: 4_980 });
  assert.equal(derived, 20);
});

test('[P-3.7] a salt stays bound to the sender and boot that it began with', () => {
  const sealer = sealerOf();
  const opener = openerOf();
  const { session } = opened(opener.open(0, sealer.sealTo(BEN, body)));
  assert.equal(dropOf(opener.open(1, sealer.sealTo(BEN, bodyOf([PING], { sender: CEM })))), 'session');
  assert.equal(dropOf(opener.open(1, sealer.sealTo(BEN, bodyOf([PING], { boot: 2 })))), 'session');
  assert.deepEqual([session.openedCount, session.lastMs], [1, 0]);
  opened(opener.open(2, sealer.sealTo(BEN, body)));
});

// B-121
test('[P-3.5] a body that is no valid CBOR of ours is malformed, begins no session, and harms none', () => {
  const sealer = sealerOf();
  const opener = openerOf();
  const bad = [Uint8Array.of(0xff), encodeValue([idBytes(ANN), 1, [1, 'x', 0]]), encodeValue(null)];
  for (const each of bad) assert.equal(dropOf(opener.open(0, sealer.sealTo(BEN, each))), 'malformed');
  assert.equal(opener.sessionCount, 0);
  opened(opener.open(0, sealer.sealTo(BEN, body)));
  for (const each of bad) assert.equal(dropOf(opener.open(0, sealer.sealTo(BEN, each))), 'malformed');
  opened(opener.open(0, sealer.sealTo(BEN, body)));
});

test('[P-2.2] where keys share an id each is tried', () => {
  const [a, b] = [keyringOf(1).writing, keyringOf(2).writing].map(({ key }) => ({ key, id: 77 }));
  const opener = openerOf({ keyring: new Keyring(a, [b]) });
  opened(opener.open(0, sealerOf({ keyring: new Keyring(b) }).sealTo(BEN, body)));
  opened(opener.open(0, sealerOf({ keyring: new Keyring(a), seed: 2 }).sealTo(BEN, body)));
});

// B-117
test('a keyring can be changed under running sessions without losing a datagram', () => {
  const sealer = sealerOf({ keyring: keyringOf(1) });
  const opener = openerOf({ keyring: keyringOf(1) });
  const before = opened(opener.open(0, sealer.sealTo(BEN, body))).session;
  opener.useKeyring(keyringOf(1, 2));
  sealer.useKeyring(keyringOf(1, 2));
  assert.equal(opened(opener.open(0, sealer.sealTo(BEN, body))).session, before);
  const late = sealer.sealTo(BEN, body);
  sealer.useKeyring(keyringOf(2, 1));
  assert.notEqual(opened(opener.open(0, sealer.sealTo(BEN, body))).session, before);
  opened(opener.open(0, late));
  opener.useKeyring(keyringOf(2));
  assert.equal(opener.sessionCount, 1);
  opened(opener.open(0, sealer.sealTo(BEN, body)));
  assert.equal(dropOf(opener.open(0, sealerOf({ keyring: keyringOf(1) }).sealTo(BEN, body))), 'unknown-key');
});

test('a receive buffer may be reused after each datagram', () => {
  const sealer = sealerOf();
  const opener = openerOf();
  const buffer = Buffer.alloc(1_500);
  const receive = (datagram: Uint8Array) => {
    buffer.set(datagram);
    const result = opener.open(0, buffer.subarray(0, datagram.length));
    buffer.fill(0xee);
    return result;
  };
  opened(receive(sealer.sealTo(BEN, body)));
  const again = opened(receive(sealer.sealTo(BEN, body)));
  assert.equal(again.session.openedCount, 2);
});

test('[P-8.2] a refusal is handed on as a hint, a malformed one dropped', () => {
  const opener = openerOf();
  const join = sealerOf().sealToAny(body);
  const clusterTag = Uint8Array.of(9, 9, 9, 9);
  const bytes = encodeRefusal(join, { code: 'wrong-cluster', clusterTag, cluster: 'shop' });
  assert.ok(bytes);
  assert.deepEqual(opener.open(0, bytes), {
    refusal: { code: 'wrong-cluster', clusterTag, cluster: 'shop', nonce: join.slice(8, 32) },
  });
  assert.equal(dropOf(opener.open(0, bytes.subarray(0, 32))), 'malformed');
});

test('[P-2.4] a known salt under the id of another key is a forgery, though both keys are held', () => {
  const opener = openerOf({ keyring: keyringOf(1, 2) });
  const sealer = sealerOf();
  opened(opener.open(0, sealer.sealTo(BEN, body)));
  const other = keyringOf(2).writing.id;
  const datagram = sealer.sealTo(BEN, body).slice();
  datagram.set([other >> 8, other & 255], 6);
  assert.equal(dropOf(opener.open(1, datagram)), 'forged');
  opened(opener.open(2, sealer.sealTo(BEN, body)));
});

test('the last 64 salts of its own are known, each once', () => {
  const opener = openerOf();
  const own = Array.from({ length: 65 }, (_, i) => sealerOf({ seed: 100 + i }));
  const [first, second] = own;
  for (const { salt } of [first, first, ...own]) opener.ownSalt(salt);
  assert.equal(dropOf(opener.open(0, second.sealToAny(body))), 'own');
  assert.equal(dropOf(opener.open(0, own[64].sealToAny(body))), 'own');
  opened(opener.open(0, first.sealToAny(body)));
});

test('[P-19.14] what was sealed for one transport opens on no other, known or not', () => {
  const opener = openerOf();
  const [udp, http] = [sealerOf(), sealerOf({ seed: 2, transport: 'http' })];
  const [first, second] = [udp.sealTo(BEN, body), udp.sealToAny(body)];
  assert.equal(dropOf(opener.open(0, first, 1, 'http')), 'forged');
  assert.equal(dropOf(opener.open(0, http.sealToAny(body), 1, 'udp')), 'forged');
  assert.equal(opener.sessionCount, 0);
  assert.equal(opened(opener.open(0, first, 1, 'udp')).session.transport, 'udp');
  assert.equal(opened(opener.open(0, http.sealTo(BEN, body), 1, 'http')).session.transport, 'http');
  assert.equal(dropOf(opener.open(0, second, 1, 'http')), 'forged');
  opened(opener.open(0, second, 1, 'udp'));
});
