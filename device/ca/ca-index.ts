import { decodeChecked, encodeChecked } from '#runtime/storage/checked-json.ts';
import { caError } from './ca-error.ts';

const SCHEMA = 'gridvine.ca-entry/1';

/** One line of the index: what the CA signed in one go. Objects are base64. */
export type CaEntry =
  | {
      readonly type: 'root';
      readonly own: string;
      readonly endorsement: string | null;
      readonly again: readonly string[];
    }
  | { readonly type: 'certificate'; readonly chain: readonly string[] }
  | { readonly type: 'revocation'; readonly objects: readonly string[] }
  | { readonly type: 'policy' | 'roster'; readonly object: string };

export interface CaIndex {
  readonly entries: readonly CaEntry[];
  /** Bytes of whole lines; what stands behind was being written when the machine stopped. */
  readonly wholeBytes: number;
  readonly tornBytes: number;
}

/** A line, with its number: a line that went missing is noticed. */
export function encodeEntry(number: number, entry: CaEntry): Uint8Array {
  return encodeChecked(SCHEMA, { number, ...entry });
}

/**
 * Reads an index. A last line that isn't whole was never acted on, and is passed over.
 * @throws GridvineError `E_CA` where a line in between is damaged or missing.
 */
export function decodeIndex(path: string, bytes: Uint8Array): CaIndex {
  const entries: CaEntry[] = [];
  let start = 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline + 1;
    const body = decodeChecked(SCHEMA, bytes.subarray(start, end))?.body;
    if (!isNumbered(body, entries.length + 1)) {
      if (body === undefined && end === bytes.length) break;
      throw caError(
        `${path}: line ${entries.length + 1} is damaged or missing. Restore the CA's directory from a backup`,
      );
    }
    const { number: _, ...entry } = body;
    entries.push(entry);
    start = end;
  }
  return { entries, wholeBytes: start, tornBytes: bytes.length - start };
}

function isNumbered(body: unknown, expected: number): body is CaEntry & { readonly number: number } {
  const { number, type, own, endorsement, again, chain, objects, object } = (body ?? {}) as Record<
    string,
    unknown
  >;
  if (number !== expected) return false;
  switch (type) {
    case 'root':
      return (
        typeof own === 'string' && (endorsement === null || typeof endorsement === 'string') && isTexts(again)
      );
    case 'certificate':
      return isTexts(chain);
    case 'revocation':
      return isTexts(objects);
    default:
      return (type === 'policy' || type === 'roster') && typeof object === 'string';
  }
}

function isTexts(raw: unknown): boolean {
  return Array.isArray(raw) && raw.every((item) => typeof item === 'string');
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

export function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
