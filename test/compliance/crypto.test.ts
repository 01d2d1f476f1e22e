import { nobleProvider, nobleSealKey } from '#runtime/crypto/noble-provider.ts';
import { createNodeProvider, nodeSealKey } from '#runtime/crypto/node-provider.ts';
import { complyAsCryptoProvider } from './crypto-provider.ts';

complyAsCryptoProvider({ provider: nobleProvider, sealKeyOf: nobleSealKey });
complyAsCryptoProvider({ provider: createNodeProvider(), sealKeyOf: nodeSealKey });
