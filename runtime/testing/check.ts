/** An implementation doesn't do what its interface promises. */
export class ComplianceError extends Error {
  override readonly name = 'ComplianceError';
}

/**
 * How a suite tells a test framework of a case: `test` of `node:test`, of Vitest and of Jest are such functions. One that collects the
 * cases and runs them itself will do: a case fails by throwing, or by rejecting.
 */
export type TestFunction = (title: string, body: () => void | Promise<void>) => unknown;

/** What suites say; in words of their own, so that they need no framework. */
interface Assertions {
  ok(value: unknown, what?: string): asserts value;
  equal<T>(got: T, expected: T, what?: string): void;
  notEqual<T>(got: T, other: T, what?: string): void;
  /** Of bytes, lists and plain objects, all the way down. */
  deepEqual(got: unknown, expected: unknown, what?: string): void;
  throws(body: () => unknown, message: RegExp, what?: string): void;
  rejects(promise: Promise<unknown>, what?: string): Promise<void>;
}

export const assert: Assertions = {
  ok(value, what = 'a condition') {
    if (!value) fail(what, 'something true', value);
  },
  equal(got, expected, what = 'a value') {
    if (!Object.is(got, expected)) fail(what, expected, got);
  },
  notEqual(got, other, what = 'a value') {
    if (Object.is(got, other)) fail(what, 'another value', got);
  },
  deepEqual(got, expected, what = 'a value') {
    if (!isSame(got, expected)) fail(what, expected, got);
  },
  throws(body, message, what = 'a call') {
    const thrown = thrownBy(body);
    if (!(thrown instanceof Error)) fail(what, `an error that says ${message}`, 'none');
    else if (!message.test(thrown.message)) fail(what, `an error that says ${message}`, thrown.message);
  },
  async rejects(promise, what = 'a promise') {
    const settled = await promise.then(
      () => 'it was kept',
      () => undefined,
    );
    if (settled !== undefined) fail(what, 'a rejection', settled);
  },
};

/** Waits until something holds; an error that `probe` throws counts as "not yet". */
export async function eventually<T>(probe: () => T | undefined | false, withinMs = 10_000): Promise<T> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    let failure: unknown;
    try {
      const answer = probe();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= endMs)
      throw failure ?? new ComplianceError(`what was waited for did not happen within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function fail(what: string, expected: unknown, got: unknown): never {
  throw new ComplianceError(`${what}: expected ${shown(expected)}; got ${shown(got)}`);
}

function thrownBy(body: () => unknown): unknown {
  try {
    body();
    return undefined;
  } catch (error) {
    return error;
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array !== b instanceof Uint8Array || Array.isArray(a) !== Array.isArray(b))
    return false;
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  if (keys.length !== others.length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && isSame(valueAt(a, key), valueAt(b, key)));
}

function valueAt(object: object, key: string): unknown {
  return (object as Record<string, unknown>)[key];
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes ${Array.from(value.subarray(0, 64)).join(' ')}`;
  if (typeof value === 'string') return value;
  return (
    JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? String(item) : item)) ?? String(value)
  );
}
