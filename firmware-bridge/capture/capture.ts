import type { LinkFault } from '../ports/link-port.ts';

/** One thing that happened on a port. Times are ms since the capture began. */
export type CaptureEntry =
  | { readonly atMs: number; readonly kind: 'opened' }
  | { readonly atMs: number; readonly kind: 'in' | 'out'; readonly bytes: Uint8Array }
  | { readonly atMs: number; readonly kind: 'closed'; readonly fault: LinkFault; readonly detail: string };

/** What a capture is of. */
export interface CaptureHead {
  /** The port or server, as people write it. */
  readonly address: string;
  /** Unix time of its beginning, ms. */
  readonly startedAtMs: number;
}

const FORMAT = 'gridvine.capture/1';
const FAULTS: readonly LinkFault[] = ['absent', 'busy', 'denied', 'unanswered', 'failed', 'lost'];
/** Longest capture that is read, in entries. */
export const CAPTURE_ENTRIES_MAX = 1_000_000;
/** Longest time that a capture may span, ms. */
const CAPTURE_MS_MAX = 30 * 86_400_000;

/** The first line of a capture file, with its newline. */
export function encodeCaptureHead({ address, startedAtMs }: CaptureHead): string {
  return `${JSON.stringify({ format: FORMAT, address, startedAt: new Date(startedAtMs).toISOString() })}\n`;
}

/** One line of a capture file, with its newline: JSON, bytes in hexadecimal. */
export function encodeCaptureEntry(entry: CaptureEntry): string {
  if (entry.kind === 'in' || entry.kind === 'out') {
    return `${JSON.stringify({ atMs: entry.atMs, [entry.kind]: toHex(entry.bytes) })}\n`;
  }
  const { atMs, kind } = entry;
  const rest = kind === 'closed' ? { fault: entry.fault, detail: entry.detail } : {};
  return `${JSON.stringify({ atMs, event: kind, ...rest })}\n`;
}

/** A capture file's entries; or what is wrong with it, for people. */
export type ParsedCapture =
  | { readonly kind: 'capture'; readonly address: string; readonly entries: readonly CaptureEntry[] }
  | { readonly kind: 'problem'; readonly text: string };

/** Reads a capture file. A last line that was cut off is left out: the recording was ended by force. */
export function parseCapture(text: string): ParsedCapture {
  const lines = text.split('\n');
  const cut = lines.pop() ?? '';
  const [head = cut, ...rest] = lines;
  const { format, address } = parseObject(head) ?? {};
  if (format !== FORMAT || typeof address !== 'string') {
    return { kind: 'problem', text: `line 1: expected the head of a ${FORMAT} file` };
  }
  if (rest.length > CAPTURE_ENTRIES_MAX) {
    return { kind: 'problem', text: `expected at most ${CAPTURE_ENTRIES_MAX} lines; got ${rest.length}` };
  }
  const entries: CaptureEntry[] = [];
  let lastMs = 0;
  for (const [index, line] of rest.entries()) {
    if (line.trim() === '') continue;
    const entry = parseEntry(line);
    if (entry === undefined || entry.atMs < lastMs) {
      return {
        kind: 'problem',
        text: `line ${index + 2}: expected {"atMs": a time not before the last, "in" or "out": hexadecimal digits, or "event": opened or closed}`,
      };
    }
    lastMs = entry.atMs;
    entries.push(entry);
  }
  return { kind: 'capture', address, entries };
}

function parseEntry(line: string): CaptureEntry | undefined {
  const raw = parseObject(line);
  if (raw === undefined) return undefined;
  const { event, fault, detail } = raw;
  if (typeof raw.atMs !== 'number' || !(raw.atMs >= 0 && raw.atMs <= CAPTURE_MS_MAX)) return undefined;
  // JSON has a -0, which it writes as 0.
  const atMs = Math.abs(raw.atMs);
  if (event === 'opened') return { atMs, kind: 'opened' };
  if (event === 'closed') {
    const known = FAULTS.find((each) => each === fault);
    return known === undefined || typeof detail !== 'string'
      ? undefined
      : { atMs, kind: 'closed', fault: known, detail };
  }
  const kind = 'in' in raw ? 'in' : 'out';
  const bytes = fromHex(raw[kind]);
  return bytes === undefined ? undefined : { atMs, kind, bytes };
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function fromHex(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string' || !/^(?:[0-9a-f]{2})*$/i.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  );
}
