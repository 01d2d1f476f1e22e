import { CBOR_ITEMS_MAX, VALUE_DEPTH_MAX } from '../core/limits.ts';

/** A record holds up to 15 items besides its value [P-4.1]. */
export const VALUE_ITEMS_MAX = CBOR_ITEMS_MAX - 16;

/**
 * Checks that something is an application value that a record can hold [P-4.3]: the JSON types, bytes, integers from -2^63 to
 * 2^64 - 1; at most 7 arrays and maps around each other and 4080 items in all.
 * @param name how the value is called in the answer.
 * @returns what is wrong and where (`value.a[2]: expected a finite number; got NaN`), or undefined.
 */
export function problemOfValue(value: unknown, name = 'value'): string | undefined {
  return new ValueCheck().check(value, name, 0);
}

class ValueCheck {
  #items = 0;

  check(value: unknown, path: string, depth: number): string | undefined {
    if (++this.#items > VALUE_ITEMS_MAX) return `${path}: expected at most ${VALUE_ITEMS_MAX} items in all`;
    switch (typeof value) {
      case 'boolean':
        return undefined;
      case 'number':
        return Number.isFinite(value) ? undefined : `${path}: expected a finite number; got ${value}`;
      case 'bigint':
        return value >= -(2n ** 63n) && value < 2n ** 64n
          ? undefined
          : `${path}: expected an integer from -2^63 to 2^64 - 1; got ${value}`;
      case 'string':
        return problemOfText(value, path);
      case 'object':
        return this.#object(value, path, depth);
      default:
        return `${path}: expected null, a boolean, a number, text, bytes, an array or an object; got ${typeof value}`;
    }
  }

  #object(value: object | null, path: string, depth: number): string | undefined {
    if (value === null || value instanceof Uint8Array) return undefined;
    if (depth === VALUE_DEPTH_MAX)
      return `${path}: expected at most ${VALUE_DEPTH_MAX} arrays and objects around each other`;
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        const problem = this.check(value[i], `${path}[${i}]`, depth + 1);
        if (problem !== undefined) return problem;
      }
      return undefined;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && prototype !== Object.prototype)
      return `${path}: expected a plain object; got ${nameOf(value)}`;
    for (const [key, item] of Object.entries(value)) {
      this.#items++;
      const place = /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
      const problem = problemOfText(key, place) ?? this.check(item, place, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
}

/** Text must survive the way through UTF-8: no lone surrogate, no byte order mark that a decoder strips. */
export function problemOfText(text: string, name: string): string | undefined {
  if (!text.isWellFormed()) return `${name}: expected well-formed Unicode; got a lone surrogate`;
  if (text.charCodeAt(0) === 0xfeff) return `${name}: expected no byte order mark in front; got one`;
  return undefined;
}

function nameOf(value: object): string {
  const maker: unknown = 'constructor' in value ? value.constructor : undefined;
  return typeof maker === 'function' && maker.name !== '' ? maker.name : 'an object of a class';
}
