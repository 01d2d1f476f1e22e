import type { AppValue } from '#runtime/core/value.ts';
import { VALUE_DEPTH_MAX } from '../limits.ts';

/**
 * Turns parsed JSON into an application value, or undefined where it is none: numbers beyond the range of a double
 * (JSON's `1e999`), nesting deeper than `VALUE_DEPTH_MAX`, a malformed `{"$bytes": base64}` or `{"$int": decimal}`.
 */
export function appValueFromJson(json: unknown): AppValue | undefined {
  return convert(json, VALUE_DEPTH_MAX);
}

function convert(json: unknown, depthLeft: number): AppValue | undefined {
  if (json === null || typeof json === 'boolean' || typeof json === 'string') return json;
  if (typeof json === 'number') return Number.isFinite(json) ? json : undefined;
  if (typeof json !== 'object' || depthLeft === 0) return undefined;
  if (Array.isArray(json)) return convertAll(json, depthLeft - 1);
  if ('$bytes' in json) return bytesFrom(json);
  if ('$int' in json) return integerFrom(json);
  const values = convertAll(Object.values(json), depthLeft - 1);
  if (values === undefined) return undefined;
  // `fromEntries` defines own properties, so a member called `__proto__` stays plain data.
  return Object.fromEntries(Object.keys(json).map((key, index) => [key, values[index] as AppValue]));
}

function convertAll(items: readonly unknown[], depthLeft: number): AppValue[] | undefined {
  const values: AppValue[] = [];
  for (const item of items) {
    const value = convert(item, depthLeft);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

function bytesFrom(json: object): Uint8Array | undefined {
  const { $bytes, ...rest } = json as { $bytes: unknown };
  if (typeof $bytes !== 'string' || Object.keys(rest).length > 0) return undefined;
  try {
    return Uint8Array.from(atob($bytes), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function integerFrom(json: object): bigint | undefined {
  const { $int, ...rest } = json as { $int: unknown };
  if (typeof $int !== 'string' || Object.keys(rest).length > 0) return undefined;
  return /^-?\d{1,20}$/.test($int) ? BigInt($int) : undefined;
}
