/**
 * Reads JSON text; integers that a JavaScript number can't hold become bigints instead of losing digits.
 * @throws SyntaxError where it isn't JSON, RangeError where it nests deeper than the stack allows.
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text, exactIntegers);
}

/** A reviver that looks at the digits (`context.source`), because the number has already lost some. */
function exactIntegers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const digits = context?.source ?? '';
  return /^-?\d{1,20}$/.test(digits) ? BigInt(digits) : value;
}
