import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeIndex, encodeEntry } from '#device/ca/ca-index.ts';
import { decodeRootKey } from '#device/ca/root-key-file.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { encodeChecked } from '#runtime/storage/checked-json.ts';

const provider = createNodeProvider();

test('a line of the index that is whole and makes no sense is named', () => {
  const lines: object[] = [
    { type: 'root' },
    { type: 'root', own: 'AA==', endorsement: 7, again: [] },
    { type: 'root', own: 'AA==', endorsement: null, again: [null] },
    { type: 'certificate', chain: 'AA==' },
    { type: 'revocation', objects: {} },
    { type: 'policy', object: ['AA=='] },
    { type: 'something else' },
  ];
  for (const line of lines)
    assert.throws(
      () => decodeIndex('/ca/index', encodeEntry(1, line as never)),
      { code: 'E_CA', message: /^\/ca\/index: line 1 is damaged or missing/ },
      JSON.stringify(line),
    );
  for (const body of [null, 7, []])
    assert.throws(() => decodeIndex('/ca/index', encodeChecked('gridvine.ca-entry/1', body)), {
      code: 'E_CA',
    });
});

test("a root's key file that is whole and holds something else is told as damaged", () => {
  const seal = { provider, passphrase: new Uint8Array(8) };
  for (const body of [null, 7, 'text', [], { cost: null }, { kdf: 'scrypt', cluster: 'a', cost: {} }])
    assert.throws(
      () =>
        decodeRootKey(seal, {
          path: '/ca/root.key',
          bytes: encodeChecked('gridvine.ca-key/1', body),
          publicKey: new Uint8Array(32),
        }),
      { code: 'E_CA', message: /^\/ca\/root\.key: expected a root's key; the file is cut or damaged/ },
    );
});
