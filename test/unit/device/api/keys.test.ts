import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GridvineError } from '#runtime/core/errors.ts';
import { FAKE_ID } from '../../../support/fake-node.ts';
import { startHarness } from './harness.ts';

const KEY = 'ab'.repeat(8);
const PSK = Buffer.alloc(32, 5).toString('base64');

test('keys are listed with who has them, who writes with them and who lacks them', async (t) => {
  const api = await startHarness(t);
  const member = (id: string, reads: string[]) =>
    ({ id, name: id.slice(0, 2), state: 'alive', told: true, reads, writes: reads[0] ?? null }) as const;
  const [a, b] = [FAKE_ID, 'bb'.repeat(16)];
  api.node.keysView = {
    use: KEY,
    keys: [{ fingerprint: KEY, state: 'installed', held: true }],
    members: [member(a, [KEY]), member(b, [])],
    waiting: [],
    saving: false,
  };
  const { status, json } = await api.call('GET', '/v1/keys');
  assert.equal(status, 200);
  assert.equal(json.schema, 'gridvine.keys/1');
  assert.deepEqual(json.keys, [
    { fingerprint: KEY, state: 'installed', held: true, have: [a], write: [a], lack: [b] },
  ]);
});

test('install, use and remove reach the node as commands', async (t) => {
  const api = await startHarness(t);
  const installed = await api.call('POST', '/v1/keys', JSON.stringify({ key: PSK }));
  assert.deepEqual(installed.json, {
    schema: 'gridvine.key-operation/1',
    operation: 'install',
    fingerprint: KEY,
  });
  await api.call('POST', `/v1/keys/${KEY}/use`, '{}');
  await api.call('POST', `/v1/keys/${KEY}/remove`, '{"force":true}');
  assert.deepEqual(api.node.keyOperations, [
    { type: 'install', psk: new Uint8Array(32).fill(5) },
    { type: 'use', fingerprint: KEY, force: false },
    { type: 'remove', fingerprint: KEY, force: true },
  ]);
});

test('what is no key, or no fingerprint, is refused without showing the key', async (t) => {
  const api = await startHarness(t);
  const secret = Buffer.alloc(31, 5).toString('base64');
  const bad = [
    ['/v1/keys', JSON.stringify({ key: secret }), /body\.key: expected 32 bytes as base64/],
    ['/v1/keys', JSON.stringify({ key: 7 }), /key: expected text/],
    ['/v1/keys', JSON.stringify({ psk: secret }), /key/],
    [`/v1/keys/${KEY.slice(1)}/use`, '{}', /fingerprint of 16 hex digits/],
    [`/v1/keys/${KEY}/use`, '{"force":"yes"}', /force: expected true or false/],
  ] as const;
  for (const [path, body, message] of bad) {
    const { status, json, text } = await api.call('POST', path, body);
    assert.equal(status, 400, path);
    assert.match(json.error.message, message);
    assert.doesNotMatch(text, new RegExp(secret.slice(0, 12)));
  }
  assert.deepEqual(api.node.keyOperations, []);
});

test('what the keys do not allow now is a conflict', async (t) => {
  const api = await startHarness(t);
  api.node.refusal = new GridvineError('E_KEYS', 'key: barn has not installed it');
  const { status, json } = await api.call('POST', `/v1/keys/${KEY}/use`, '{}');
  assert.deepEqual([status, json.error.code], [409, 'E_KEYS']);
});
