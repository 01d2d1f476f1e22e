import { NODE_ID_BYTES, type NodeId, writeHex } from '../core/ids.ts';
import type { AgreementKey } from '../crypto/agreement-key.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { EPOCH_ID_BYTES, EPOCH_SECRET_BYTES, type EpochName } from './epoch.ts';

/** Bytes of a share: the secret and its tag. */
export const SHARE_BYTES = EPOCH_SECRET_BYTES + 16;

const LABEL = new TextEncoder().encode('gridvine/1 epoch share');
const NO_SALT = new Uint8Array(0);
/** Each share has a key of its own, so the nonce needs no counting. */
const COUNTER = new Uint8Array(8);

/** Between whom a share passes, and of which epoch. */
export interface ShareRoute {
  readonly epoch: EpochName;
  readonly minter: NodeId;
  readonly recipient: NodeId;
}

/**
 * Seals an epoch's secret for one member [P-14.4]. @param theirKey the recipient's certified X25519 key.
 * @returns 48 bytes; undefined where the key is weak.
 */
export function sealShare(
  provider: CryptoProvider,
  secret: Uint8Array,
  { own, theirKey, route }: { own: AgreementKey; theirKey: Uint8Array; route: ShareRoute },
): Uint8Array | undefined {
  const key = shareKey(provider, { own, theirKey, route });
  return key?.seal(COUNTER, contextOf(route), secret);
}

/** Opens a share that a minter sealed for this node. @returns undefined where it isn't one. Never throws. */
export function openShare(
  provider: CryptoProvider,
  share: Uint8Array,
  { own, theirKey, route }: { own: AgreementKey; theirKey: Uint8Array; route: ShareRoute },
): Uint8Array | undefined {
  if (share.length !== SHARE_BYTES) return undefined;
  return shareKey(provider, { own, theirKey, route })?.open(COUNTER, contextOf(route), share);
}

function shareKey(
  provider: CryptoProvider,
  { own, theirKey, route }: { own: AgreementKey; theirKey: Uint8Array; route: ShareRoute },
) {
  const shared = provider.agree(own.secret.reveal(), theirKey);
  if (shared === undefined) return undefined;
  return provider.cipherKey(provider.hkdf(shared, NO_SALT, contextOf(route), 32));
}

/** `"gridvine/1 epoch share" | uint32 number | id | minter | recipient`. */
function contextOf({ epoch, minter, recipient }: ShareRoute): Uint8Array {
  const context = new Uint8Array(LABEL.length + 4 + EPOCH_ID_BYTES + 2 * NODE_ID_BYTES);
  context.set(LABEL);
  new DataView(context.buffer).setUint32(LABEL.length, epoch.number);
  context.set(epoch.id, LABEL.length + 4);
  writeHex(minter, context, LABEL.length + 4 + EPOCH_ID_BYTES);
  writeHex(recipient, context, LABEL.length + 4 + EPOCH_ID_BYTES + NODE_ID_BYTES);
  return context;
}
