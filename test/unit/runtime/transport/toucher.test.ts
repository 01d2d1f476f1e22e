import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { freeUdpPort } from '#device/demo/free-port.ts';
import { TOUCH_SOCKETS_MAX, Toucher, type TouchOutcome } from '#runtime/transport/toucher.ts';
import { eventually } from '../../../support/eventually.ts';

const BYTES = Uint8Array.of(0x47, 0x14);
const LOOPBACK = { family: 4, from: '127.0.0.1', address: '127.0.0.1', bytes: BYTES } as const;

/** The platform's error of a call that fails. */
function failing(code: string): never {
  throw Object.assign(new Error(code), { code });
}

async function listener(): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

for (const [family, address] of [
  [4, '127.0.0.1'],
  [6, '::1'],
] as const)
  test(`a closed port of ${address} refuses, and the socket is gone`, async () => {
    const toucher = new Toucher();
    const port = await freeUdpPort(address);
    const outcomes: TouchOutcome[] = [];
    toucher.touch({ family, from: address, address, port, bytes: BYTES }, (outcome) =>
      outcomes.push(outcome),
    );
    await eventually(() => outcomes.length > 0);
    assert.deepEqual(outcomes, ['refused']);
    assert.equal(toucher.underWay, 0);
    await toucher.close();
  });

test('an open port gets the bytes from a port of their own, and is told nothing of', async () => {
  const toucher = new Toucher();
  const socket = await listener();
  const outcomes: TouchOutcome[] = [];
  toucher.touch({ ...LOOPBACK, port: socket.address().port }, (outcome) => outcomes.push(outcome));
  const [bytes] = (await once(socket, 'message')) as [Buffer];
  assert.deepEqual(new Uint8Array(bytes), BYTES);
  assert.equal(toucher.underWay, 1);
  await toucher.close();
  assert.equal(toucher.underWay, 0);
  assert.deepEqual(outcomes, []);
  socket.close();
});

test('what cannot be sent is told by its code, later than the call', async () => {
  const refusing: readonly [string, Toucher][] = [
    ['EMFILE', new Toucher({ createSocket: () => failing('EMFILE') })],
    ['EADDRNOTAVAIL', new Toucher()],
  ];
  for (const [code, toucher] of refusing) {
    let calling = true;
    const outcome = new Promise<TouchOutcome>((resolve) => {
      // An address of nobody here: TEST-NET-1 of RFC 5737.
      toucher.touch({ ...LOOPBACK, from: '192.0.2.1', port: 9 }, (told) => {
        assert.equal(calling, false);
        resolve(told);
      });
    });
    calling = false;
    assert.deepEqual(await outcome, { failed: code });
    assert.equal(toucher.underWay, 0);
  }
});

test('sockets are bounded: one touch too many fails as busy', async () => {
  const toucher = new Toucher();
  const socket = await listener();
  const outcomes: TouchOutcome[] = [];
  for (let i = 0; i <= TOUCH_SOCKETS_MAX; i++)
    toucher.touch({ ...LOOPBACK, port: socket.address().port }, (outcome) => outcomes.push(outcome));
  assert.equal(toucher.underWay, TOUCH_SOCKETS_MAX);
  await eventually(() => outcomes.length > 0);
  assert.deepEqual(outcomes, [{ failed: 'TOUCH_BUSY' }]);
  await toucher.close();
  socket.close();
});

test('after close nothing is sent or told', async () => {
  const toucher = new Toucher();
  const port = await freeUdpPort('127.0.0.1');
  const outcomes: TouchOutcome[] = [];
  toucher.touch({ ...LOOPBACK, port }, (outcome) => outcomes.push(outcome));
  await toucher.close();
  await toucher.close();
  toucher.touch({ ...LOOPBACK, port }, (outcome) => outcomes.push(outcome));
  assert.equal(toucher.underWay, 0);
  // A later touch of another one comes back: by then those would have, too.
  const other = new Toucher();
  await new Promise((resolve) => other.touch({ ...LOOPBACK, port }, resolve));
  assert.deepEqual(outcomes, []);
  await other.close();
});
