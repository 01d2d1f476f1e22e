import type { AppValue } from '../core/value.ts';
import { decodeCbor, toAppValue } from '../wire/cbor.ts';
import { problemOfValue } from '../wire/value-check.ts';

/** Reads the bytes of a value that travelled apart from its record [P-5.43]. @returns undefined where they are no application value. */
export function decodeLargeValue(content: Uint8Array): AppValue | undefined {
  const decoded = decodeCbor(content);
  const value = 'value' in decoded ? toAppValue(decoded.value) : undefined;
  return value === undefined || problemOfValue(value) !== undefined ? undefined : value;
}
