import { fromHex, NODE_ID_BYTES, type NodeId, toHex } from '../core/ids.ts';
import type { AppValue } from '../core/value.ts';
import { SIGNATURE_BYTES } from '../crypto/record-signature.ts';
import { EPOCH_ID_BYTES, EPOCH_NUMBER_MAX, type EpochName, REVOCATION_MARK_BYTES } from './epoch.ts';
import { SHARE_BYTES } from './epoch-share.ts';

/** Under which a minter says which epoch it minted last. */
export const EPOCH_KEY = 'sys/epoch';
/** Under which it leaves the shares: `sys/epoch/0` and so on. */
export const SHARES_PREFIX = 'sys/epoch/';
/** Recipients are found by so many bytes of their ids: a clash costs a failed opening. */
export const RECIPIENT_BYTES = 8;
/** Shares that fit one record. */
export const SHARES_PER_RECORD = 13;
/** Records of shares, at most: in a larger cluster those who find none are admitted anew by their neighbours. */
export const SHARE_RECORDS_MAX = 20;

/** An epoch as its minter announces it: without its secret. */
export interface EpochNotice extends EpochName {
  readonly revocations: Uint8Array;
  /** The minter's signature under the epoch, which others will show in its place. */
  readonly signature: Uint8Array;
}

export interface Share {
  /** The first 8 bytes of the recipient's id. */
  readonly recipient: Uint8Array;
  readonly sealed: Uint8Array;
}

/** `epoch-value = [ number, id, revocations, signature ]`. */
export function encodeNotice({ number, id, revocations, signature }: EpochNotice): AppValue {
  return [number, id, revocations, signature];
}

/** @returns undefined where it breaks the specification. Never throws. */
export function decodeNotice(value: AppValue): EpochNotice | undefined {
  if (!Array.isArray(value)) return undefined;
  const [number, id, revocations, signature] = value as AppValue[];
  if (!isNumber(number) || !isBytes(id, EPOCH_ID_BYTES) || !isBytes(revocations, REVOCATION_MARK_BYTES))
    return undefined;
  if (!isBytes(signature, SIGNATURE_BYTES)) return undefined;
  return { number, id: id.slice(), revocations: revocations.slice(), signature: signature.slice() };
}

/** `shares-value = [ number, id, bstr ]`: 56 bytes a share, recipient and sealed secret. */
export function encodeShares(epoch: EpochName, shares: readonly Share[]): AppValue {
  const packed = new Uint8Array(shares.length * (RECIPIENT_BYTES + SHARE_BYTES));
  shares.forEach(({ recipient, sealed }, i) => {
    packed.set(recipient, i * (RECIPIENT_BYTES + SHARE_BYTES));
    packed.set(sealed, i * (RECIPIENT_BYTES + SHARE_BYTES) + RECIPIENT_BYTES);
  });
  return [epoch.number, epoch.id, packed];
}

/** The shares in this record that may be for this node, with the epoch that they open. Never throws. */
export function sharesFor(
  self: NodeId,
  value: AppValue,
): { epoch: EpochName; sealed: Uint8Array[] } | undefined {
  if (!Array.isArray(value)) return undefined;
  const [number, id, packed] = value as AppValue[];
  if (!isNumber(number) || !isBytes(id, EPOCH_ID_BYTES) || !(packed instanceof Uint8Array)) return undefined;
  if (packed.length % (RECIPIENT_BYTES + SHARE_BYTES) !== 0) return undefined;
  const wanted = self.slice(0, 2 * RECIPIENT_BYTES);
  const sealed: Uint8Array[] = [];
  for (let at = 0; at < packed.length; at += RECIPIENT_BYTES + SHARE_BYTES) {
    if (toHex(packed.subarray(at, at + RECIPIENT_BYTES)) !== wanted) continue;
    sealed.push(packed.slice(at + RECIPIENT_BYTES, at + RECIPIENT_BYTES + SHARE_BYTES));
  }
  return { epoch: { number, id: id.slice() }, sealed };
}

/** How a recipient is named in a share. */
export function recipientOf(id: NodeId): Uint8Array {
  return fromHex(id).subarray(0, Math.min(RECIPIENT_BYTES, NODE_ID_BYTES));
}

function isNumber(value: AppValue): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= EPOCH_NUMBER_MAX;
}

function isBytes(value: AppValue, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length;
}
