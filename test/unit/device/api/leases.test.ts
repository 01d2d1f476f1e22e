import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SessionOptions } from '#device/api/lease-sessions.ts';
import { GridvineError } from '#runtime/core/errors.ts';
import type { NodeLease } from '#runtime/driver/node-lease.ts';
import { startHarness } from './harness.ts';

const PATH = '/v1/leases/uplink';

/** A lease that a test ends. */
function leaseOf(name: string) {
  const controller = new AbortController();
  const lease: NodeLease = {
    name,
    fence: 7,
    get held() {
      return !controller.signal.aborted;
    },
    get leftMs() {
      return controller.signal.aborted ? 0 : 4_321.9;
    },
    signal: controller.signal,
    release: () => controller.abort(),
    async [Symbol.asyncDispose]() {
      controller.abort();
    },
  };
  return { lease, end: () => controller.abort() };
}

test('a lease is had, renewed by its token alone, and gone once it is lost', async (t) => {
  const api = await startHarness(t);
  const asked: [string, SessionOptions][] = [];
  const { lease, end } = leaseOf('uplink');
  api.node.lease = async (name, options = {}) => {
    asked.push([name, options]);
    return lease;
  };
  const { status, json } = await api.call('POST', PATH, '{"ttlMs":5000,"waitMs":60000,"keepMs":2000}');
  assert.equal(status, 200);
  assert.deepEqual(
    { ...json, token: '' },
    { schema: 'gridvine.held-lease/1', name: 'uplink', fence: 7, leftMs: 4321, token: '' },
  );
  assert.deepEqual(asked, [['uplink', { ttlMs: 5_000, waitMs: 8_000 }]]);
  const renew = (token: string) => api.call('POST', `${PATH}/renew`, JSON.stringify({ token }));
  assert.equal((await renew(json.token)).json.fence, 7);
  assert.equal((await renew('00')).json.error.code, 'E_LEASE_UNAVAILABLE');
  end();
  assert.equal((await renew(json.token)).status, 409);
});

test('a client that does not renew loses its lease', async (t) => {
  const api = await startHarness(t);
  const { lease } = leaseOf('uplink');
  api.node.lease = async () => lease;
  assert.equal((await api.call('POST', PATH, '{"keepMs":1000}')).status, 200);
  await new Promise((resolve) => lease.signal.addEventListener('abort', resolve));
  assert.equal(lease.held, false);
});

test('what can not be had is refused with its reason', async (t) => {
  const api = await startHarness(t);
  api.node.refusal = new GridvineError('E_LEASE_UNAVAILABLE', 'lease uplink: somebody else holds it');
  const { status, json } = await api.call('POST', PATH, '{}');
  assert.deepEqual([status, json.error.code], [409, 'E_LEASE_UNAVAILABLE']);
  assert.equal((await api.call('DELETE', PATH)).status, 404);
});

test('bad requests name what is wrong', async (t) => {
  const api = await startHarness(t);
  const refusal = async (method: string, path: string, body?: string) => {
    const { status, json } = await api.call(method, path, body);
    assert.equal(status, 400, `${method} ${path}`);
    return json.error.message as string;
  };
  assert.match(await refusal('POST', '/v1/leases/a%2Fb', '{}'), /not a path/);
  assert.match(await refusal('GET', '/v1/leases/Uplink'), /a-z/);
  assert.match(await refusal('POST', PATH, '{"ttlMs":1999}'), /^ttlMs: .* from 2000 to 60000/);
  assert.match(await refusal('POST', PATH, '{"ttl":2000}'), /^ttl: expected no such key/);
  assert.match(await refusal('POST', `${PATH}/renew`, '{}'), /^token: /);
  assert.match(await refusal('POST', '/v1/lease-recovery', '{"fenceAbove":-1}'), /^fenceAbove: /);
});

test('a recovery is passed on, and the views are told', async (t) => {
  const api = await startHarness(t);
  const { json } = await api.call('POST', '/v1/lease-recovery', '{"fenceAbove":41}');
  assert.deepEqual([json.fenceAbove, api.node.recovered], [41, [41]]);
  assert.equal((await api.call('GET', '/v1/leases')).json.voter.standing, 'no-roster');
  assert.deepEqual((await api.call('GET', PATH)).json.lease.state, 'free');
});
