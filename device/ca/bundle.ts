import { fromHex, toHex } from '#runtime/core/ids.ts';
import { decodeChecked, encodeChecked } from '#runtime/storage/checked-json.ts';
import { fromBase64, toBase64 } from './ca-index.ts';

const SCHEMA = 'gridvine.provisioning/1';

/** All that a board needs to join: its identity, its certificate, and whom to trust. A secret. */
export interface ProvisioningBundle {
  readonly cluster: string;
  readonly name: string;
  /** Ed25519, 32 bytes. */
  readonly seed: Uint8Array;
  readonly chain: readonly Uint8Array[];
  readonly roots: readonly Uint8Array[];
}

/** The bundle as a file, to be kept at mode 0600. */
export function encodeBundle({ cluster, name, seed, chain, roots }: ProvisioningBundle): Uint8Array {
  return encodeChecked(SCHEMA, {
    cluster,
    name,
    seed: toHex(seed),
    chain: chain.map(toBase64),
    roots: roots.map(toBase64),
  });
}

/** @returns undefined where it isn't one, or not whole. What is in it is still to be judged. */
export function decodeBundle(bytes: Uint8Array): ProvisioningBundle | undefined {
  const body = decodeChecked(SCHEMA, bytes)?.body as
    | Partial<Record<keyof ProvisioningBundle, unknown>>
    | undefined;
  const { cluster, name, seed } = body ?? {};
  const chain = objectsOf(body?.chain);
  const roots = objectsOf(body?.roots);
  if (typeof cluster !== 'string' || typeof name !== 'string' || chain === undefined || roots === undefined)
    return undefined;
  if (typeof seed !== 'string' || !/^[0-9a-f]{64}$/.test(seed)) return undefined;
  return { cluster, name, seed: fromHex(seed), chain, roots };
}

function objectsOf(raw: unknown): readonly Uint8Array[] | undefined {
  if (!Array.isArray(raw) || !raw.every((item) => typeof item === 'string')) return undefined;
  return (raw as string[]).map(fromBase64);
}
