import type { CryptoProvider } from '../../crypto/provider.ts';
import { decodeCbor } from '../../wire/cbor.ts';
import { CborWriter } from '../../wire/cbor-writer.ts';
import { asBytes, asUint } from '../../wire/schema.ts';
import {
  EPOCH_ID_BYTES,
  EPOCH_NUMBER_MAX,
  EPOCH_SECRET_BYTES,
  type Epoch,
  type EpochName,
  epochOf,
  REVOCATION_MARK_BYTES,
} from '../epoch.ts';
import { WARRANT_BYTES_MAX } from '../epoch-warrant.ts';
import { CREDENTIAL_BYTES_MAX } from './limits.ts';
import { ADMITTED_CODE, codeOfReason, type DenialReason, reasonOfCode } from './reasons.ts';

/** What a side says of itself: the payload of the second and third Noise message [P-13.6]. */
export interface Introduction {
  /** 1 to 1040 bytes. */
  readonly credential: Uint8Array;
  /** The epoch that it writes under; undefined: none yet. */
  readonly epoch: EpochName | undefined;
  /** In the third message only: why the initiator doesn't admit the responder, if it doesn't. */
  readonly denial?: DenialReason;
}

/** @throws RangeError where the credential isn't 1 to 1040 bytes: it is our own. */
export function encodeIntroduction(introduction: Introduction, step: 'response' | 'finish'): Uint8Array {
  const { credential, epoch, denial } = introduction;
  checkCredential(credential);
  const writer = new CborWriter(CREDENTIAL_BYTES_MAX);
  writer.array(step === 'response' ? 2 : 3);
  writer.bytes(credential);
  writeEpoch(writer, epoch);
  if (step === 'finish') writer.uint(denial === undefined ? ADMITTED_CODE : codeOfReason(denial));
  return writer.finish();
}

export function decodeIntroduction(bytes: Uint8Array, step: 'response' | 'finish'): Introduction | undefined {
  const [credential, epoch, code] = itemsOf(bytes, step === 'response' ? 2 : 3) ?? [];
  const read = { credential: asBytes(credential), epoch: asEpoch(epoch), code: asUint(code) };
  if (read.credential === undefined || !isCredential(read.credential) || read.epoch === undefined)
    return undefined;
  const introduction = { credential: read.credential, epoch: read.epoch.name };
  if (step === 'response') return introduction;
  if (read.code === undefined) return undefined;
  return read.code === ADMITTED_CODE ? introduction : { ...introduction, denial: reasonOfCode(read.code) };
}

/** Its id isn't sent: it follows from the rest [P-14.1]. */
export function encodeGrant({ number, secret, revocations, warrant }: Epoch): Uint8Array {
  const writer = new CborWriter(64 + warrant.length);
  writer.array(4);
  writer.uint(number);
  writer.bytes(secret.reveal());
  writer.bytes(revocations);
  writer.bytes(warrant);
  return writer.finish();
}

export function decodeGrant(provider: CryptoProvider, bytes: Uint8Array): Epoch | undefined {
  const [rawNumber, rawSecret, rawRevocations, rawWarrant] = itemsOf(bytes, 4) ?? [];
  const warrant = asBytes(rawWarrant);
  const number = asEpochNumber(rawNumber);
  const secret = asBytes(rawSecret, EPOCH_SECRET_BYTES);
  const revocations = asBytes(rawRevocations, REVOCATION_MARK_BYTES);
  if (number === undefined || secret === undefined || revocations === undefined) return undefined;
  if (warrant === undefined || warrant.length > WARRANT_BYTES_MAX) return undefined;
  return epochOf(provider, { number, secret, revocations, warrant });
}

export function encodeDenied(reason: DenialReason): Uint8Array {
  const writer = new CborWriter(16);
  writer.array(1);
  writer.uint(codeOfReason(reason));
  return writer.finish();
}

export function decodeDenied(bytes: Uint8Array): DenialReason | undefined {
  const code = asUint(itemsOf(bytes, 1)?.[0]);
  return code === undefined || code === ADMITTED_CODE ? undefined : reasonOfCode(code);
}

/** @param epoch what the sender has now. */
export function encodeDone(epoch: EpochName | undefined): Uint8Array {
  const writer = new CborWriter(32);
  writer.array(1);
  writeEpoch(writer, epoch);
  return writer.finish();
}

export function decodeDone(bytes: Uint8Array): { readonly name: EpochName | undefined } | undefined {
  const items = itemsOf(bytes, 1);
  return items === undefined ? undefined : asEpoch(items[0]);
}

/** @throws RangeError where an own credential isn't 1 to 1040 bytes. */
export function checkCredential(credential: Uint8Array): void {
  if (!isCredential(credential))
    throw new RangeError(`credential: expected 1 to ${CREDENTIAL_BYTES_MAX} bytes; got ${credential.length}`);
}

function isCredential(bytes: Uint8Array): boolean {
  return bytes.length >= 1 && bytes.length <= CREDENTIAL_BYTES_MAX;
}

/** The items of an array of at least so many; further ones are for later versions [P-4.2]. */
function itemsOf(bytes: Uint8Array, atLeast: number): readonly unknown[] | undefined {
  const decoded = decodeCbor(bytes);
  if ('refusal' in decoded || !Array.isArray(decoded.value)) return undefined;
  const items = decoded.value as readonly unknown[];
  return items.length >= atLeast ? items : undefined;
}

function writeEpoch(writer: CborWriter, epoch: EpochName | undefined): void {
  if (epoch === undefined) {
    writer.null();
    return;
  }
  writer.array(2);
  writer.uint(epoch.number);
  writer.bytes(epoch.id);
}

function asEpoch(raw: unknown): { readonly name: EpochName | undefined } | undefined {
  if (raw === null) return { name: undefined };
  if (!Array.isArray(raw)) return undefined;
  const number = asEpochNumber(raw[0]);
  const id = asBytes(raw[1], EPOCH_ID_BYTES);
  return number === undefined || id === undefined ? undefined : { name: { number, id } };
}

function asEpochNumber(raw: unknown): number | undefined {
  const number = asUint(raw, EPOCH_NUMBER_MAX);
  return number === 0 ? undefined : number;
}
