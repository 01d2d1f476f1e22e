import { type GroupKey, groupKeyFrom } from '../crypto/keyring.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { Secret } from '../crypto/secret.ts';

/** Bytes of an epoch's secret, of its id, and of the mark of the revocations that its minter knew. */
export const EPOCH_SECRET_BYTES = 32;
export const EPOCH_ID_BYTES = 8;
export const REVOCATION_MARK_BYTES = 12;

/** The highest number. */
export const EPOCH_NUMBER_MAX = 2 ** 32 - 1;

/** How an epoch is called: by its number, and where two minted one apart, by its id too [P-14.1]. */
export interface EpochName {
  /** From 1. */
  readonly number: number;
  /** 8 bytes that stand for its secret and for the revocations that it was minted under. */
  readonly id: Uint8Array;
}

/** A group key's life in a cluster of certificates. */
export interface Epoch extends EpochName {
  readonly secret: Secret;
  /** Which revocations its minter knew: `revocationMark`. */
  readonly revocations: Uint8Array;
  /** The minter's word for it, to be shown to whoever is given the secret: `signature | chain` [P-14.8]. */
  readonly warrant: Uint8Array;
}

const encoder = new TextEncoder();
const ID_LABEL = encoder.encode('gridvine/1 epoch');
const NO_SALT = new Uint8Array(0);

/** @throws RangeError where a number or a length is out of range: what came from outside has been checked before. */
export function epochOf(
  provider: CryptoProvider,
  parts: {
    readonly number: number;
    readonly secret: Uint8Array;
    readonly revocations: Uint8Array;
    readonly warrant: Uint8Array;
  },
): Epoch {
  const { number, secret, revocations, warrant } = parts;
  if (!(Number.isInteger(number) && number >= 1 && number <= EPOCH_NUMBER_MAX))
    throw new RangeError(`epoch: expected a number of 1 to ${EPOCH_NUMBER_MAX}; got ${number}`);
  if (secret.length !== EPOCH_SECRET_BYTES || revocations.length !== REVOCATION_MARK_BYTES)
    throw new RangeError(`epoch: expected a secret of 32 and a mark of 12 bytes`);
  const input = new Uint8Array(ID_LABEL.length + secret.length + revocations.length);
  input.set(ID_LABEL);
  input.set(secret, ID_LABEL.length);
  input.set(revocations, ID_LABEL.length + secret.length);
  const id = provider.sha256(input).slice(0, EPOCH_ID_BYTES);
  return {
    number,
    id,
    secret: new Secret(secret),
    revocations: revocations.slice(),
    warrant: warrant.slice(),
  };
}

/** Stands for a set of revocations: how many they are (uint32), and the first 8 bytes of the set's hash [P-14.3]. */
export function revocationMark(count: number, hash: Uint8Array): Uint8Array {
  const mark = new Uint8Array(REVOCATION_MARK_BYTES);
  new DataView(mark.buffer).setUint32(0, count);
  mark.set(hash.subarray(0, REVOCATION_MARK_BYTES - 4), 4);
  return mark;
}

/** How many revocations a mark stands for. The set only grows: who knows more of them knows one that isn't in it. */
export function revocationCount(mark: Uint8Array): number {
  return new DataView(mark.buffer, mark.byteOffset).getUint32(0);
}

/** The order of epochs: by number, then by id. Negative where `a` comes first, 0 where they are the same. */
export function compareEpochs(a: EpochName, b: EpochName): number {
  if (a.number !== b.number) return a.number - b.number;
  for (let i = 0; i < EPOCH_ID_BYTES; i++) if (a.id[i] !== b.id[i]) return a.id[i] - b.id[i];
  return 0;
}

/** The key that seals a cluster's datagrams during an epoch [P-14.2]. */
export function groupKeyOfEpoch(provider: CryptoProvider, epoch: Epoch, cluster: string): GroupKey {
  const info = encoder.encode(`gridvine/1 epoch key ${epoch.number} ${cluster}`);
  return groupKeyFrom(provider, provider.hkdf(epoch.secret.reveal(), NO_SALT, info, EPOCH_SECRET_BYTES));
}
