import type { Link, LinkEnd, LinkEndpoint, LinkPort } from '#bridge/ports/link-port.ts';
import { endpointText } from '#bridge/ports/link-port.ts';
import { CliError } from './io.ts';

/** An open port or connection, for a command that uses it for a while. */
export interface FieldLink {
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
  /** Resolves when the other side has gone; never after `close`. */
  readonly ended: Promise<LinkEnd>;
}

const NEXT_STEP: Readonly<Record<LinkEnd['fault'], string>> = {
  absent: 'correct the address; `ls /dev/serial/by-id` lists serial ports',
  busy: 'end the program that uses it; of a daemon, `systemctl stop gridvine`',
  denied: 'run it as root or as a member of the group of the device file (usually dialout)',
  unanswered: 'check that the device is on, and its address and port',
  failed: 'check that it is a serial port',
  lost: 'check plug, cable and power of the device',
};

/**
 * Opens a port for a command.
 * @throws CliError where it can't be opened.
 */
export function openFieldLink(
  links: LinkPort,
  endpoint: LinkEndpoint,
  onBytes: (chunk: Uint8Array) => void,
): Promise<FieldLink> {
  return new Promise((resolve, reject) => {
    const ended = Promise.withResolvers<LinkEnd>();
    let isOpen = false;
    const link: Link = links.open(endpoint, {
      opened() {
        isOpen = true;
        resolve({ write: (bytes) => link.write(bytes), close: () => link.close(), ended: ended.promise });
      },
      bytes: onBytes,
      closed(end) {
        if (isOpen) ended.resolve(end);
        else reject(linkError(endpoint, end));
      },
    });
  });
}

/** What to tell a person about a port that is gone or never was there. */
export function linkError(endpoint: LinkEndpoint, { fault, detail }: LinkEnd): CliError {
  return new CliError(`${endpointText(endpoint)}: ${detail}; ${NEXT_STEP[fault]}`);
}
