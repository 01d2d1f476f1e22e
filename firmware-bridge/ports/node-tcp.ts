import { connect } from 'node:net';
import type { Link, LinkEndpoint, LinkEvents, LinkFault } from './link-port.ts';

/** How long, in ms, a server may take to accept a connection. */
const CONNECT_MS_MAX = 5000;
/** A peer that vanished is noticed although nothing is sent: probes begin after so many ms of quiet. */
const KEEP_ALIVE_MS = 30_000;

/** Connects to a TCP server. */
export function openTcp(endpoint: LinkEndpoint & { kind: 'tcp' }, events: LinkEvents): Link {
  let isOpen = false;
  let isOver = false;
  const socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
  const end = (fault: LinkFault, detail: string) => {
    if (isOver) return;
    isOver = true;
    socket.destroy();
    events.closed({ fault, detail });
  };
  socket.setTimeout(CONNECT_MS_MAX, () => {
    if (!isOpen) end('unanswered', `no answer within ${CONNECT_MS_MAX / 1000} s`);
  });
  socket.once('connect', () => {
    if (isOver) return;
    isOpen = true;
    socket.setTimeout(0);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    events.opened();
  });
  socket.on('data', (chunk: Uint8Array) => {
    if (!isOver) events.bytes(chunk);
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    end(isOpen ? 'lost' : faultOf(error.code), error.message);
  });
  socket.once('close', () => end('lost', 'the other side closed the connection'));
  return {
    write(bytes) {
      if (isOpen && !isOver) socket.write(bytes.slice());
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    async close() {
      isOver = true;
      socket.destroy();
    },
  };
}

function faultOf(code: string | undefined): LinkFault {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'absent';
  if (code === 'EACCES' || code === 'EPERM') return 'denied';
  return 'unanswered';
}
