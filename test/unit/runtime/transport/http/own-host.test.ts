import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '#runtime/core/address.ts';
import { httpTransport } from '#runtime/driver/http-network.ts';
import { Recorder } from '#runtime/testing/transport-suite.ts';
import { Targets } from '#runtime/transport/http/targets.ts';
import { InterfaceTable } from '#runtime/transport/interface-table.ts';

test("[P-19.15] what a node is told of its host's addresses keeps it from calling them", async (t) => {
  let address = '10.0.0.7';
  const interfaces = () => {
    const bytes = parseAddress(address) as Uint8Array;
    return new InterfaceTable([
      { link: 'eth0', address, bytes, prefixLength: 24, internal: false, scope: 0 },
    ]);
  };
  const heard = new Recorder();
  const transport = httpTransport(
    { call: 'members', targets: new Targets() },
    {
      clock: { nowMs: () => 0 } as Parameters<typeof httpTransport>[1]['clock'],
      links: [{ name: 'eth0' }],
      bind: [{ address: '0.0.0.0' }],
      interfaces,
    },
  );
  await transport.open(heard);
  t.after(() => transport.close());
  const call = (to: string) => {
    const endpoint = { transport: 'http', address: to, port: 9_090 } as const;
    transport.send({ kind: 'unicast', endpoint }, new Uint8Array(64), 'data');
  };
  call('10.0.0.7');
  address = 'fd00::7';
  call('fd00::7');
  await new Promise((resolve) => process.nextTick(resolve));
  assert.deepEqual(
    heard.failures.map(({ code }) => code),
    ['HTTP_TARGET', 'HTTP_TARGET'],
  );
  assert.equal(transport.sessionCounts.outbound, 0);
});
