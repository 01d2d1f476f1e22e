import type { LinkPort } from './link-port.ts';
import { openSerial, type SerialOptions } from './node-serial.ts';
import { openTcp } from './node-tcp.ts';

/** Serial ports and TCP connections of this machine. */
export function nodeLinks(options: SerialOptions = {}): LinkPort {
  return {
    open: (endpoint, events) =>
      endpoint.kind === 'serial' ? openSerial(endpoint, events, options) : openTcp(endpoint, events),
  };
}
