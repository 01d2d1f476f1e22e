import { toHex } from '#runtime/core/ids.ts';
import { agreementKeyFrom } from '#runtime/crypto/agreement-key.ts';
import { identityFromSeed } from '#runtime/crypto/identity.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { epochOf, groupKeyOfEpoch, revocationMark } from '#runtime/trust/epoch.ts';
import { sealShare } from '#runtime/trust/epoch-share.ts';
import { signEpoch } from '#runtime/trust/epoch-warrant.ts';
import type { EpochVector } from './shape.ts';

const MINTER = identityFromSeed(nobleProvider, new Uint8Array(32).fill(77));

/** Epochs with their keys, and a share of each. */
export function epochVectors(): EpochVector[] {
  return [
    { cluster: 'Sonnenhof Süd', number: 1, fill: 3, revoked: 0 },
    { cluster: 'a', number: 2 ** 32 - 1, fill: 200, revoked: 70_000 },
  ].map(({ cluster, number, fill, revoked }) => {
    const mark = revocationMark(revoked, new Uint8Array(32).fill(fill ^ 255));
    const epoch = epochOf(nobleProvider, {
      number,
      secret: new Uint8Array(32).fill(fill),
      revocations: mark,
      warrant: new Uint8Array(0),
    });
    const key = groupKeyOfEpoch(nobleProvider, epoch, cluster);
    const minterKey = agreementKeyFrom(nobleProvider, new Uint8Array(32).fill(fill + 1));
    const recipientKey = agreementKeyFrom(nobleProvider, new Uint8Array(32).fill(fill + 2));
    const route = { epoch, minter: 'a1'.repeat(16), recipient: 'b2'.repeat(16) };
    const share = sealShare(nobleProvider, epoch.secret.reveal(), {
      own: minterKey,
      theirKey: recipientKey.publicKey,
      route,
    });
    if (share === undefined) throw new Error('a weak key');
    return {
      cluster,
      number,
      secret: toHex(epoch.secret.reveal()),
      mark: toHex(mark),
      id: toHex(epoch.id),
      groupKey: toHex(key.key.reveal()),
      keyId: key.id,
      minterPublicKey: toHex(MINTER.publicKey),
      signature: toHex(signEpoch(MINTER, cluster, epoch)),
      share: {
        minter: route.minter,
        minterPublicKey: toHex(minterKey.publicKey),
        recipient: route.recipient,
        recipientSecretKey: toHex(recipientKey.secret.reveal()),
        sealed: toHex(share),
      },
    };
  });
}
