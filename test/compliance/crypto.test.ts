import { nobleProvider, nobleSealKey } from '#runtime/crypto/noble-provider.ts';
import { createNodeProvider, nodeSealKey } from '#runtime/crypto/node-provider.ts';
import { createSodiumProvider } from '#runtime/crypto/sodium-provider.ts';
import { complyAsCryptoProvider } from './crypto-provider.ts';
import { complyForObjects } from './object-provider.ts';
import { complyAsX25519 } from './x25519-provider.ts';

const sodiumProvider = await createSodiumProvider(createNodeProvider());

complyAsCryptoProvider({ provider: nobleProvider, sealKeyOf: nobleSealKey });
complyAsCryptoProvider({ provider: sodiumProvider, sealKeyOf: sodiumProvider.cipherKey });
complyAsCryptoProvider({ provider: createNodeProvider(), sealKeyOf: nodeSealKey });

for (const provider of [nobleProvider, sodiumProvider, createNodeProvider()]) {
  complyAsX25519(provider);
  complyForObjects(provider);
}
