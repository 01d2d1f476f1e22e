import { test } from 'node:test';
import { nobleProvider, nobleSealKey } from '#runtime/crypto/noble-provider.ts';
import { createNodeProvider, nodeSealKey } from '#runtime/crypto/node-provider.ts';
import { createSodiumProvider } from '#runtime/crypto/sodium-provider.ts';
import { cryptoCompliance } from '#runtime/testing/crypto-compliance.ts';
import { complyAsCryptoProvider } from '#runtime/testing/crypto-suite.ts';

const sodiumProvider = await createSodiumProvider(createNodeProvider());

for (const provider of [nobleProvider, sodiumProvider, createNodeProvider()])
  cryptoCompliance(test, provider);

// What seals datagrams isn't what `cipherKey` gives everywhere.
const inner = (title: string, body: () => void | Promise<void>) => test(`inner cipher: ${title}`, body);
complyAsCryptoProvider(inner, { provider: nobleProvider, sealKeyOf: nobleSealKey });
complyAsCryptoProvider(inner, { provider: createNodeProvider(), sealKeyOf: nodeSealKey });
