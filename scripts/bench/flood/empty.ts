/** A process with a socket whose handler does nothing: what a datagram costs before anybody looks at it. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { RECV_BUFFER_BYTES_WANTED } from '#runtime/transport/udp-socket.ts';
import type { NodeOrder, NodeSample, Started } from './messages.ts';

const socket = createSocket({ type: 'udp4', recvBufferSize: RECV_BUFFER_BYTES_WANTED });
let received = 0;
let last = { atMs: performance.now(), cpu: process.cpuUsage() };

socket.on('message', () => {
  received++;
});

async function start(): Promise<Started> {
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { ports: [socket.address().port] };
}

function sample(): Pick<NodeSample, 'wallMs' | 'cpuMs' | 'rxDatagrams'> {
  const wallMs = performance.now() - last.atMs;
  const { user, system } = process.cpuUsage(last.cpu);
  const result = { wallMs, cpuMs: (user + system) / 1_000, rxDatagrams: received };
  received = 0;
  last = { atMs: performance.now(), cpu: process.cpuUsage() };
  return result;
}

process.on('message', async (order: NodeOrder) => {
  process.send?.(order.type === 'start' ? await start() : sample());
});
process.on('disconnect', () => process.exit(0));
