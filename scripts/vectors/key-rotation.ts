import { toHex } from '#runtime/core/ids.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { type NamedKey, nameKey } from '#runtime/crypto/fingerprint.ts';
import { encodeKeyring, encodeWraps, type KeyringReport } from '#runtime/crypto/key-records.ts';
import { LAMPORT_MAX } from '#runtime/crypto/key-state.ts';
import { type Wrap, wrapKey } from '#runtime/crypto/key-wrap.ts';
import { groupKeyOf } from '#runtime/crypto/keyring.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { encodeValue } from '#runtime/wire/cbor.ts';
import type { KeyRotationVectors } from './shape.ts';

const CLUSTER = 'Sonnenhof Süd';
const NODE = '34750f98bd59fcfc946da45aaabe933b';
const [OLD, NEW] = [0, 0x5a].map((byte) => keyOf(byte));
const NONCE = Uint8Array.from({ length: 24 }, (_, i) => 0xc0 + i);

/** Wrapped keys and the records of section 10. */
export function keyRotationVectors(): KeyRotationVectors {
  return { wraps: wrapVectors(), keyrings: keyringVectors(), keys: keyVectors() };
}

function keyOf(byte: number, cluster = CLUSTER): NamedKey {
  return nameKey(nobleProvider, groupKeyOf(nobleProvider, new Uint8Array(32).fill(byte), cluster));
}

function wrap(cluster = CLUSTER, under = OLD, key = NEW): Wrap {
  return wrapKey(nobleProvider, { cluster, under, key, nonce: NONCE });
}

function wrapVectors(): KeyRotationVectors['wraps'] {
  const whole = wrap();
  const changed = (at: number) => whole.sealed.map((byte, i) => (i === at ? byte ^ 1 : byte));
  const cases: [string, Wrap, boolean][] = [
    ['the new key under the old one', whole, true],
    ['a changed byte of the key', { ...whole, sealed: changed(0) }, false],
    ['a changed byte of the tag', { ...whole, sealed: changed(47) }, false],
    ['another nonce', { ...whole, nonce: NONCE.map((byte) => byte ^ 1) }, false],
    ['of another cluster', wrap('Nordhof'), false],
    ['another key than it is named after', renamed(), false],
  ];
  return cases.map(([name, { nonce, sealed }, valid]) => ({
    name,
    cluster: CLUSTER,
    wrappingKey: toHex(OLD.key.key.reveal()),
    wrappedKey: toHex(NEW.key.key.reveal()),
    under: OLD.fingerprint,
    fingerprint: NEW.fingerprint,
    nonce: toHex(nonce),
    sealed: toHex(sealed),
    valid,
  }));
}

/** Sealed as it should be, but what is within isn't the key of that fingerprint. */
function renamed(): Wrap {
  return wrap(CLUSTER, OLD, { fingerprint: NEW.fingerprint, key: keyOf(7).key });
}

function keyringVectors(): KeyRotationVectors['keyrings'] {
  const stamp = { lamport: 3, by: NODE };
  const base: KeyringReport = {
    writes: NEW.fingerprint,
    reads: [NEW.fingerprint, OLD.fingerprint],
    use: { fingerprint: NEW.fingerprint, stamp },
    changes: [{ fingerprint: NEW.fingerprint, stamp: { lamport: 2, by: NODE }, state: 'installed' }],
  };
  const removed = {
    fingerprint: OLD.fingerprint,
    stamp: { lamport: LAMPORT_MAX, by: NODE },
    state: 'removed',
  } as const;
  const valid: [string, KeyringReport][] = [
    ['in the midst of a rotation', base],
    [
      'after it, with the highest number',
      { ...base, reads: [NEW.fingerprint], changes: [...base.changes, removed] },
    ],
    ['no word on what to write with', { ...base, writes: OLD.fingerprint, use: undefined }],
  ];
  const invalid: [string, Partial<KeyringReport>][] = [
    ['writes with a key that it does not read', { reads: [OLD.fingerprint] }],
    ['a key twice', { reads: [NEW.fingerprint, NEW.fingerprint] }],
    [
      'nine keys',
      { reads: [NEW.fingerprint, ...Array.from({ length: 8 }, (_, i) => keyOf(i + 1).fingerprint)] },
    ],
    ['number 0', { use: { fingerprint: NEW.fingerprint, stamp: { lamport: 0, by: NODE } } }],
    ['number 2^52', { use: { fingerprint: NEW.fingerprint, stamp: { lamport: 2 ** 52, by: NODE } } }],
    [
      'a giver of 8 bytes',
      { use: { fingerprint: NEW.fingerprint, stamp: { lamport: 1, by: NODE.slice(16) } } },
    ],
    ['a fingerprint of 7 bytes', { writes: NEW.fingerprint.slice(2), reads: [NEW.fingerprint.slice(2)] }],
    ['two words on one key', { changes: [removed, { ...removed, state: 'installed' }] }],
  ];
  return [
    ...valid.map(([name, report]) => ({ name, value: hexOf(encodeKeyring(report)), valid: true })),
    ...invalid.map(([name, part]) => ({
      name,
      value: hexOf(encodeKeyring({ ...base, ...part })),
      valid: false,
    })),
    { name: 'too short', value: hexOf([]), valid: false },
  ];
}

function keyVectors(): KeyRotationVectors['keys'] {
  const { under, nonce, sealed } = wrap();
  const cases: [string, readonly Wrap[], boolean][] = [
    ['one wrap', [{ under, nonce, sealed }], true],
    ['none', [], true],
    ['nine wraps', Array.from({ length: 9 }, () => ({ under, nonce, sealed })), false],
    ['a nonce of 23 bytes', [{ under, nonce: nonce.slice(1), sealed }], false],
    ['a key of 31 bytes', [{ under, nonce, sealed: sealed.slice(1) }], false],
  ];
  return cases.map(([name, wraps, valid]) => ({ name, value: hexOf(encodeWraps(wraps)), valid }));
}

function hexOf(value: AppValue): string {
  return toHex(encodeValue(value));
}
