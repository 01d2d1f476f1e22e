import { fromHex, NODE_ID_BYTES, toHex } from '../core/ids.ts';
import { FINGERPRINT_BYTES, type Fingerprint, KEY_CHANGES_MAX, KEYS_MAX } from '../core/key-views.ts';
import type { AppValue } from '../core/value.ts';
import { type KeyChange, type KeyUse, LAMPORT_MAX, type Stamp } from './key-state.ts';
import { WRAP_NONCE_BYTES, WRAPPED_BYTES, type Wrap } from './key-wrap.ts';

/** Where a node says which keys it has, and what it heard of operations [P-10.2]. */
export const KEYRING_KEY = 'sys/keyring';
const KEY_PREFIX = 'sys/key/';
const STATES = ['removed', 'installed'] as const;

/** The content of a node's record `sys/keyring`. */
export interface KeyringReport {
  readonly writes: Fingerprint;
  readonly reads: readonly Fingerprint[];
  readonly use: KeyUse | undefined;
  readonly changes: readonly KeyChange[];
}

/** The record that holds a key, sealed with each other key of its owner [P-10.3]. */
export function keyRecordKey(fingerprint: Fingerprint): string {
  return KEY_PREFIX + fingerprint;
}

/** Whether a record is about keys. */
export function isKeyRecord(key: string): boolean {
  return key === KEYRING_KEY || key.startsWith(KEY_PREFIX);
}

export function encodeKeyring({ writes, reads, use, changes }: KeyringReport): AppValue {
  return [
    fromHex(writes),
    reads.map(fromHex),
    use === undefined ? null : [stampToValue(use.stamp), fromHex(use.fingerprint)],
    changes.map(({ fingerprint, stamp, state }) => [
      fromHex(fingerprint),
      stampToValue(stamp),
      STATES.indexOf(state),
    ]),
  ];
}

/** @returns undefined where the value breaks [P-10.2]. */
export function decodeKeyring(value: AppValue): KeyringReport | undefined {
  if (!Array.isArray(value) || value.length < 4) return undefined;
  const [rawWrites, rawReads, rawUse, rawChanges] = value as AppValue[];
  const writes = asFingerprint(rawWrites);
  const reads = listOf(rawReads, KEYS_MAX, asFingerprint);
  const use = rawUse === null ? null : asUse(rawUse);
  const changes = listOf(rawChanges, KEY_CHANGES_MAX, asChange);
  if (writes === undefined || reads === undefined || use === undefined || changes === undefined)
    return undefined;
  if (!reads.includes(writes) || hasDoubles(reads)) return undefined;
  if (hasDoubles(changes.map(({ fingerprint }) => fingerprint))) return undefined;
  return { writes, reads, use: use ?? undefined, changes };
}

export function encodeWraps(wraps: readonly Wrap[]): AppValue {
  return wraps.map(({ under, nonce, sealed }) => [fromHex(under), nonce, sealed]);
}

/** @returns undefined where the value breaks [P-10.3]. */
export function decodeWraps(value: AppValue): readonly Wrap[] | undefined {
  return listOf(value, KEYS_MAX, (raw) => {
    if (!Array.isArray(raw) || raw.length < 3) return undefined;
    const under = asFingerprint(raw[0] as AppValue);
    const nonce = asBytes(raw[1] as AppValue, WRAP_NONCE_BYTES);
    const sealed = asBytes(raw[2] as AppValue, WRAPPED_BYTES);
    if (under === undefined || nonce === undefined || sealed === undefined) return undefined;
    return { under, nonce, sealed };
  });
}

function stampToValue({ lamport, by }: Stamp): AppValue {
  return [lamport, fromHex(by)];
}

function asStamp(raw: AppValue): Stamp | undefined {
  if (!Array.isArray(raw) || raw.length < 2) return undefined;
  const [lamport, by] = raw as AppValue[];
  const id = asBytes(by, NODE_ID_BYTES);
  if (typeof lamport !== 'number' || !Number.isInteger(lamport)) return undefined;
  if (lamport < 1 || lamport > LAMPORT_MAX || id === undefined) return undefined;
  return { lamport, by: toHex(id) };
}

function asUse(raw: AppValue): KeyUse | undefined {
  if (!Array.isArray(raw) || raw.length < 2) return undefined;
  const stamp = asStamp(raw[0] as AppValue);
  const fingerprint = asFingerprint(raw[1] as AppValue);
  return stamp === undefined || fingerprint === undefined ? undefined : { stamp, fingerprint };
}

function asChange(raw: AppValue): KeyChange | undefined {
  if (!Array.isArray(raw) || raw.length < 3) return undefined;
  const fingerprint = asFingerprint(raw[0] as AppValue);
  const stamp = asStamp(raw[1] as AppValue);
  const state = raw[2] === 0 || raw[2] === 1 ? STATES[raw[2]] : undefined;
  if (fingerprint === undefined || stamp === undefined || state === undefined) return undefined;
  return { fingerprint, stamp, state };
}

function asFingerprint(raw: AppValue): Fingerprint | undefined {
  const bytes = asBytes(raw, FINGERPRINT_BYTES);
  return bytes === undefined ? undefined : toHex(bytes);
}

function asBytes(raw: AppValue, length: number): Uint8Array | undefined {
  return raw instanceof Uint8Array && raw.length === length ? raw : undefined;
}

function listOf<T>(raw: AppValue, max: number, read: (item: AppValue) => T | undefined): T[] | undefined {
  if (!Array.isArray(raw) || raw.length > max) return undefined;
  const items: T[] = [];
  for (const each of raw as AppValue[]) {
    const item = read(each);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

function hasDoubles(items: readonly string[]): boolean {
  return new Set(items).size !== items.length;
}
