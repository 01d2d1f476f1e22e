/** A process that sends forgeries at a steady rate: to one port on loopback, as ordered. It ends when the bench does. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { FORGERIES, forge } from './forgeries.ts';
import type { AttackDone, AttackOrder } from './messages.ts';

/** Made in advance: making them would take as long as sending them. */
const PREPARED = 6_000;
const BURST_MAX = 2_000;

async function attack(order: AttackOrder): Promise<AttackDone> {
  const socket = createSocket({ type: 'udp4', sendBufferSize: 4 * 1024 * 1024 });
  socket.bind({ address: order.from, port: 0 });
  await once(socket, 'listening');
  socket.connect(order.port, '127.0.0.1');
  await once(socket, 'connect');
  const datagrams = prepare(order);
  const startMs = performance.now();
  const sent = await send(socket, datagrams, order);
  socket.close();
  return { sent, wallMs: performance.now() - startMs };
}

function prepare({ kinds, captured }: AttackOrder): Uint8Array[] {
  const real = captured.map((hex) => Buffer.from(hex, 'hex'));
  return Array.from({ length: PREPARED }, (_, number) =>
    forge(kinds[number % kinds.length], new Uint8Array(1_200), { captured: real, number }),
  );
}

function send(
  socket: Socket,
  datagrams: readonly Uint8Array[],
  { perSecond, durationMs }: AttackOrder,
): Promise<number> {
  const startMs = performance.now();
  let sent = 0;
  return new Promise((resolve) => {
    const tick = () => {
      const elapsedMs = performance.now() - startMs;
      if (elapsedMs >= durationMs) {
        resolve(sent);
        return;
      }
      const due = Math.floor((elapsedMs * perSecond) / 1_000);
      for (let burst = 0; sent < due && burst < BURST_MAX; burst++)
        socket.send(datagrams[sent++ % datagrams.length], ignore);
      setTimeout(tick, 1);
    };
    tick();
  });
}

/** Refused or full: a flood doesn't care. */
function ignore(): void {}

process.on('message', async (order: AttackOrder) => {
  if (!order.kinds.every((kind) => FORGERIES.includes(kind))) throw new Error('an unknown forgery');
  process.send?.(await attack(order));
});
process.on('disconnect', () => process.exit(0));
