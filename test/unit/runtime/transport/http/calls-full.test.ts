import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Recorder } from '#runtime/testing/transport-suite.ts';
import { CallGuard } from '#runtime/transport/http/callable.ts';
import { HttpTransport } from '#runtime/transport/http/http-transport.ts';
import { CALLS_MAX } from '#runtime/transport/http/limits.ts';
import { Targets } from '#runtime/transport/http/targets.ts';
import { InterfaceTable } from '#runtime/transport/interface-table.ts';

test('[P-19.15] where there is no room for another call nothing of what may be taken up is used', async (t) => {
  const guard = new CallGuard('members', ['127.0.0.1']);
  const taken = t.mock.method(guard, 'takeNew');
  const heard = new Recorder();
  const transport = new HttpTransport({
    listen: [],
    targets: new Targets(),
    proxies: {},
    guard,
    interfaces: () => new InterfaceTable([]),
    defaultLink: 'lo',
    nowMs: () => 0,
    drawSession: () => 'ab'.repeat(16),
  });
  await transport.open(heard);
  t.after(() => transport.close());
  for (let n = 0; n < CALLS_MAX + 10; n++) {
    const endpoint = { transport: 'http', address: `127.0.1.${n + 1}`, port: 9 } as const;
    transport.send({ kind: 'unicast', endpoint }, new Uint8Array(64), 'data');
  }
  assert.equal(taken.mock.callCount(), CALLS_MAX);
  assert.equal(transport.sessionCounts.outbound, CALLS_MAX);
});
