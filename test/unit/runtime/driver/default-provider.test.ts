import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDefaultProvider } from '#runtime/driver/default-provider.ts';

test('where there is no WebAssembly, Node seals, and why is told', async (t) => {
  const { WebAssembly } = globalThis as { WebAssembly?: unknown };
  t.after(() => Object.assign(globalThis, { WebAssembly }));
  Object.assign(globalThis, { WebAssembly: undefined });
  const errors: unknown[] = [];
  const provider = await createDefaultProvider((error) => errors.push(error));
  assert.equal(provider.name, 'node');
  assert.equal(errors.length, 1);
});

test('else libsodium seals', async () => {
  assert.equal((await createDefaultProvider()).name, 'sodium');
});
