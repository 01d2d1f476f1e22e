import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { toHex } from '#runtime/core/ids.ts';
import { TestCluster } from '../support/cluster.ts';
import { openDatagram, readCbor } from '../vectors/independent.ts';

test('what a node sends over a real socket is what the specification says, to a reader that shares no code with it', async (t) => {
  const seed = createSocket('udp4');
  t.after(() => seed.close());
  seed.bind(0, '127.0.0.1');
  await once(seed, 'listening');
  const cluster = await TestCluster.make(t);
  const arrived = once(seed, 'message');
  const node = await cluster.start('a', {
    seeds: [{ transport: 'udp', address: '127.0.0.1', port: seed.address().port }],
  });
  const [datagram] = (await arrived) as [Buffer];
  const opened = openDatagram(datagram, {
    cluster: node.cluster,
    preSharedKey: toHex(cluster.psk),
    destination: '',
  });
  assert.ok('body' in opened, 'drop' in opened ? opened.drop : '');
  const decoded = readCbor(opened.body);
  assert.ok(decoded !== undefined);
  const [sender, boot, ...messages] = decoded.value as [Uint8Array, number, ...unknown[][]];
  assert.equal(toHex(sender), node.id);
  assert.equal(boot, node.boot);
  assert.ok(
    messages.some(([code]) => code === 6),
    'no join in it',
  );
  assert.ok(datagram.length >= 600);
});
