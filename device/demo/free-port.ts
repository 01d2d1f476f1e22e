import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** A UDP port on which nobody listens now; it may be taken again the moment after. */
export async function freeUdpPort(address = '127.0.0.1'): Promise<number> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
