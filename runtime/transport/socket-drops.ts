import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { parseAddress } from '../core/address.ts';

/** One of this process's sockets, by what it is bound to. */
export interface BoundSocket {
  readonly link: string;
  /** Literal address without zone. */
  readonly address: string;
  readonly port: number;
}

/** What the platform shows of its sockets; injected so that tests make it up. */
export interface SocketTableReader {
  /** The text of `/proc/net/udp` or `udp6`. @throws where there is none. */
  table(family: 4 | 6): string;
  /** Inodes of the sockets that this process holds. @throws where the platform doesn't tell. */
  ownInodes(): ReadonlySet<string>;
}

interface Row {
  readonly local: string;
  readonly inode: string;
  readonly drops: number;
}

/** Fields of a row of `/proc/net/udp`, counted from 0. */
const FIELD_LOCAL = 1;
const FIELD_INODE = 9;
const FIELD_DROPS = 12;

/**
 * Counts datagrams that the kernel dropped because a socket's receive queue was full: the sign of a process that doesn't keep up. Linux
 * tells them in `/proc/net/udp`; elsewhere there is nothing to count.
 */
export class SocketDrops {
  readonly #reader: SocketTableReader;
  /** By inode: a socket that is closed and opened again begins at 0. */
  #seen = new Map<string, number>();

  constructor(reader: SocketTableReader = sharedReader) {
    this.#reader = reader;
  }

  /**
   * Looks now.
   * @returns how many datagrams each link lost since the last look, links without loss left out. What a socket lost before its first look
   * counts.
   */
  poll(sockets: readonly BoundSocket[]): ReadonlyMap<string, number> {
    const grown = new Map<string, number>();
    const seen = new Map<string, number>();
    for (const family of [4, 6] as const) {
      const bound = sockets.filter(({ address }) => address.includes(':') === (family === 6));
      for (const { link, row } of this.#rowsOf(bound, family)) {
        const growth = row.drops - (this.#seen.get(row.inode) ?? 0);
        seen.set(row.inode, row.drops);
        if (growth > 0) grown.set(link, (grown.get(link) ?? 0) + growth);
      }
    }
    this.#seen = seen;
    return grown;
  }

  #rowsOf(sockets: readonly BoundSocket[], family: 4 | 6): { link: string; row: Row }[] {
    if (sockets.length === 0) return [];
    try {
      const text = this.#reader.table(family);
      return sockets.flatMap(({ link, address, port }) => {
        const rows = rowsAt(text, localOf(address, port));
        // Several processes may share a group's port; only then is it worth asking which socket is ours.
        const own = rows.length > 1 ? this.#own(rows) : rows;
        return own.map((row) => ({ link, row }));
      });
    } catch {
      // Not Linux, or /proc is hidden from this process: then nobody knows.
      return [];
    }
  }

  #own(rows: readonly Row[]): Row[] {
    const inodes = this.#reader.ownInodes();
    return rows.filter((row) => inodes.has(row.inode));
  }
}

/** What Linux shows. Many nodes in one process read it once: a table of a thousand sockets takes the kernel milliseconds. */
export class ProcReader implements SocketTableReader {
  readonly #freshMs: number;
  readonly #texts = new Map<4 | 6, { readonly text: string; readonly readAtMs: number }>();

  /** @param freshMs how long a text that was read serves again. */
  constructor({ freshMs }: { readonly freshMs: number }) {
    this.#freshMs = freshMs;
  }

  table(family: 4 | 6): string {
    const nowMs = performance.now();
    const known = this.#texts.get(family);
    if (known !== undefined && nowMs - known.readAtMs < this.#freshMs) return known.text;
    const text = readFileSync(family === 4 ? '/proc/self/net/udp' : '/proc/self/net/udp6', 'latin1');
    this.#texts.set(family, { text, readAtMs: nowMs });
    return text;
  }

  ownInodes(): ReadonlySet<string> {
    const inodes = new Set<string>();
    for (const fd of readdirSync('/proc/self/fd')) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/self/fd/${fd}`))?.[1];
      if (inode !== undefined) inodes.add(inode);
    }
    return inodes;
  }
}

const sharedReader = new ProcReader({ freshMs: 1_000 });

/** A descriptor may be gone by now. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Only the lines that hold the address are taken apart: a host may have thousands of sockets. */
function rowsAt(text: string, local: string): Row[] {
  const rows: Row[] = [];
  for (let at = text.indexOf(local); at >= 0; at = text.indexOf(local, at + 1)) {
    const start = text.lastIndexOf('\n', at) + 1;
    const end = text.indexOf('\n', at);
    const fields = text
      .slice(start, end < 0 ? undefined : end)
      .trim()
      .split(/\s+/);
    const drops = Number(fields[FIELD_DROPS]);
    if (fields[FIELD_LOCAL] === local && Number.isInteger(drops))
      rows.push({ local, inode: fields[FIELD_INODE] ?? '', drops });
  }
  return rows;
}

/** `0100007F:4756`: each 32-bit word of the address in the machine's order, as the kernel prints it, and the port. */
function localOf(address: string, port: number): string {
  const bytes = parseAddress(address) ?? new Uint8Array(4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) text += hex(view.getUint32(at, LITTLE_ENDIAN), 8);
  return `${text}:${hex(port, 4)}`;
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}
