import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { RunningNode } from '#runtime/driver/contract.ts';
import { createNode } from '#runtime/driver/create-node.ts';
import type { NodeOptions } from '#runtime/driver/node-options.ts';
import { MemoryFiles } from '#runtime/testing/memory-files.ts';
import { MemoryNetwork } from '#runtime/testing/memory-network.ts';
import { eventually } from '../../../support/eventually.ts';
import { MemoryPlace } from '../../../support/memory-place.ts';

/** A node that has nothing of this machine but its clock. */
function options(network: MemoryNetwork, address: string, changes: Partial<NodeOptions> = {}): NodeOptions {
  return {
    name: address,
    cluster: 'test',
    psk: new Uint8Array(32),
    dataDir: `/${address}`,
    bind: [],
    links: [{ name: network.link, multicast: 'full' }],
    inject: { transports: [network.transport(address, 1)], files: new MemoryFiles() },
    ...changes,
  };
}

async function pair(t: TestContext) {
  const network = new MemoryNetwork();
  const watcher = await createNode(options(network, '10.0.0.1'));
  t.after(() => watcher.close());
  const sees = (state: string, node: Pick<RunningNode, 'id'>) =>
    watcher.members().some((member) => member.id === node.id && member.state === state);
  return { network, watcher, sees };
}

test('a node leaves at the end of its block, and others hear a goodbye', async (t) => {
  const { network, sees } = await pair(t);
  let left: RunningNode | undefined;
  {
    await using node = await createNode(options(network, '10.0.0.2'));
    left = node;
    await eventually(() => sees('alive', node));
  }
  await eventually(() => sees('left', left));
  assert.throws(() => left.put('a', 1), { code: 'E_CLOSED' });
});

test('an aborted signal makes a running node leave, once', async (t) => {
  const { network, sees } = await pair(t);
  const control = new AbortController();
  const node = await createNode(options(network, '10.0.0.2', { signal: control.signal }));
  t.after(() => node.close());
  await eventually(() => sees('alive', node));
  control.abort();
  await eventually(() => sees('left', node));
  await node.leave();
  await node.close();
});

test('a start that is aborted rejects with the reason, and releases all that it had', async () => {
  const network = new MemoryNetwork();
  const files = new MemoryFiles();
  const reason = new Error('no time');
  await assert.rejects(
    createNode(options(network, '10.0.0.2', { signal: AbortSignal.abort(reason) })),
    reason,
  );

  const control = new AbortController();
  const transport = network.transport('10.0.0.3', 1);
  const { open } = transport;
  transport.open = async (handlers) => {
    await open.call(transport, handlers);
    control.abort(reason);
  };
  const inject = { files, transports: [transport] };
  await assert.rejects(createNode(options(network, '10.0.0.3', { inject, signal: control.signal })), reason);
  assert.deepEqual(transport.endpoints, [], 'closed again');
  const next = await createNode(
    options(network, '10.0.0.3', { inject: { files, transports: [network.transport('10.0.0.3', 1)] } }),
  );
  await next.close();
});

test('a node that has ended by itself keeps no hold on the signal', async () => {
  const network = new MemoryNetwork();
  const control = new AbortController();
  let listeners = 0;
  const { signal } = control;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  };
  const node = await createNode(options(network, '10.0.0.2', { signal }));
  assert.equal(listeners, 1);
  await node.close();
  assert.equal(listeners, 0);
});

test('two nodes can not hold one data directory, also where it is in memory', async (t) => {
  const network = new MemoryNetwork();
  const files = new MemoryFiles();
  const same = (address: string) =>
    options(network, address, {
      dataDir: '/one',
      inject: { files, transports: [network.transport(address, 1)] },
    });
  const node = await createNode(same('10.0.0.2'));
  t.after(() => node.close());
  await assert.rejects(createNode(same('10.0.0.3')), {
    code: 'E_DATA_DIR_IN_USE',
    message: /^\/one: .*EBUSY/,
  });
});

test('a start that is aborted while it reads its store rejects, and closes the store', async () => {
  const control = new AbortController();
  const reason = new Error('no time');
  const place = new MemoryPlace();
  const { open } = place;
  place.open = async () => {
    control.abort(reason);
    return open.call(place);
  };
  const network = new MemoryNetwork();
  const inject = { table: place, files: new MemoryFiles(), transports: [network.transport('10.0.0.4', 1)] };
  await assert.rejects(createNode(options(network, '10.0.0.4', { inject, signal: control.signal })), reason);
  assert.equal(place.isOpen, false);
});
