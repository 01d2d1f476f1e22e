/** How the two sides of a serial line must be set alike. Eight data bits always. */
export interface SerialLine {
  readonly baudRate: number;
  readonly parity: Parity;
  readonly stopBits: 1 | 2;
}

export const PARITIES = ['none', 'even', 'odd'] as const;
export type Parity = (typeof PARITIES)[number];

/** A serial port by the path of its device file, or a TCP server. */
export type LinkEndpoint =
  | ({ readonly kind: 'serial'; readonly path: string } & SerialLine)
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/**
 * Why there is no connection (any more): no such device or host, used by somebody else, not permitted, nobody answers,
 * it can't be set as asked, or it was there and has gone.
 */
export type LinkFault = 'absent' | 'busy' | 'denied' | 'unanswered' | 'failed' | 'lost';

export interface LinkEnd {
  readonly fault: LinkFault;
  /** What the system said, for people. */
  readonly detail: string;
}

/** Called by the port, never before `open` has returned, and never after `close` was called. */
export interface LinkEvents {
  /** Bytes can be sent and may come. */
  opened(): void;
  /** The next bytes; the memory belongs to the port again after the call. */
  bytes(chunk: Uint8Array): void;
  /** It ended by itself or never began. Comes once and last. */
  closed(end: LinkEnd): void;
}

/** An opening or open connection. */
export interface Link {
  /** Sends bytes, or keeps them until they can be sent; what is kept goes with the port. */
  write(bytes: Uint8Array): void;
  /** Leaves what comes in the system's buffer, so that whoever sends too much has to wait. */
  pause(): void;
  resume(): void;
  /** Gives the device back; resolves when others may open it. Harmless when called again. */
  close(): Promise<void>;
}

/** Opens byte streams in both directions: serial ports and TCP connections. */
export interface LinkPort {
  open(endpoint: LinkEndpoint, events: LinkEvents): Link;
}

/** The endpoint as people write it. */
export function endpointText(endpoint: LinkEndpoint): string {
  if (endpoint.kind === 'serial') return endpoint.path;
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  return `tcp://${host}:${endpoint.port}`;
}
