import { decodeChecked, encodeChecked } from './checked-json.ts';
import type { StoreAbout } from './table-store.ts';

const SCHEMA = 'gridvine.state/1';

export function encodeAbout(about: StoreAbout): Uint8Array {
  return encodeChecked(SCHEMA, about);
}

/** @returns undefined where the bytes aren't what `encodeAbout` makes. */
export function decodeAbout(bytes: Uint8Array): StoreAbout | undefined {
  const body = decodeChecked(SCHEMA, bytes)?.body;
  if (body === null || typeof body !== 'object') return undefined;
  const { cluster, keys, era, machineBoot, baseMs, lastMs, tookOver } = body as Record<string, unknown>;
  if (typeof cluster !== 'string' || !Array.isArray(keys) || !keys.every((key) => typeof key === 'string'))
    return undefined;
  if (machineBoot !== null && typeof machineBoot !== 'string') return undefined;
  if (![era, baseMs, lastMs].every(Number.isSafeInteger)) return undefined;
  return {
    cluster,
    keys,
    era: era as number,
    machineBoot,
    baseMs: baseMs as number,
    lastMs: lastMs as number,
    ...(typeof tookOver === 'string' && { tookOver }),
  };
}
