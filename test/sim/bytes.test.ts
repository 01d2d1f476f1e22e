import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { World } from '#runtime/simulator/world.ts';
import { openDatagram, readCbor } from '../vectors/independent.ts';
import { optionsOf, REAL_PARTS } from './play.ts';

const SEED = 11;
const MEDIA = ['unicast', 'multicast'] as const;

for (const medium of MEDIA) {
  test(`what crosses the simulated network by ${medium} is what the specification says, to a reader that shares no code with it`, () => {
    const world = new World(optionsOf({ scenario: 'join', nodes: 4, seed: SEED, medium }), REAL_PARTS);
    const preSharedKey = toHex(new SeededRandom(SEED).bytes(32));
    const kinds = new Set<number>();
    const messages = new Set<unknown>();
    for (const host of world.hosts) {
      const receive = host.receive.bind(host);
      host.receive = (delivery) => {
        const datagram = Buffer.from(delivery.bytes);
        const opened = openDatagram(datagram, { cluster: 'simulation', preSharedKey, destination: host.id });
        assert.ok('body' in opened, `${'drop' in opened ? opened.drop : ''}: ${datagram.toString('hex')}`);
        const decoded = readCbor(opened.body);
        assert.ok(decoded !== undefined);
        const [sender, boot, ...rest] = decoded.value as [Uint8Array, number, ...unknown[][]];
        assert.equal(toHex(sender), world.hosts[delivery.from].id);
        assert.equal(boot, 1);
        kinds.add(datagram[1] & 15);
        for (const [code] of rest) messages.add(code);
        receive(delivery);
      };
    }
    for (const host of world.hosts) world.start(host.index, medium === 'unicast' ? [0] : []);
    world.runFor(3_000);
    world.put(1, 'battery/soc', 51.5, { unit: '%', priority: 'urgent' });
    world.runFor(10_000);
    assert.deepEqual(kinds, new Set([1, 2]));
    // By multicast nobody has to be called before it is known.
    for (const code of medium === 'unicast' ? [1, 2, 6, 8, 9] : [1, 2, 7, 8, 9])
      assert.ok(messages.has(code), `no message of code ${code} was seen`);
  });
}
