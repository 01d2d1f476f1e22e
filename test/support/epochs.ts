import { type Epoch, epochOf, revocationMark } from '#runtime/trust/epoch.ts';
import { provider } from './wire.ts';

/** An epoch that is the same in every run. @param revocations how many its minter knew. */
export function testEpoch(number: number, seed = number, revocations = 0): Epoch {
  return epochOf(provider, {
    number,
    secret: new Uint8Array(32).fill(seed),
    revocations: revocationMark(revocations, new Uint8Array(8).fill(revocations)),
    warrant: new Uint8Array(0),
  });
}
