import { nobleProvider, nobleSealKey } from '#runtime/crypto/noble-provider.ts';
import { createNodeProvider, nodeSealKey } from '#runtime/crypto/node-provider.ts';
import { complyAsCryptoProvider } from './crypto-provider.ts';
import { complyForObjects } from './object-provider.ts';
import { complyAsX25519 } from './x25519-provider.ts';

complyAsCryptoProvider({ provider: nobleProvider, sealKeyOf: nobleSealKey });
complyAsCryptoProvider({ provider: createNodeProvider(), sealKeyOf: nodeSealKey });

for (const provider of [nobleProvider, createNodeProvider()]) {
  complyAsX25519(provider);
  complyForObjects(provider);
}
