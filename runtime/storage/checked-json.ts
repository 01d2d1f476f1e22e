import { createHash } from 'node:crypto';
import type { FilePort } from './file-port.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** What a small state file holds: its content, nothing, or damage. */
export type CheckedContent =
  | { readonly status: 'ok'; readonly body: unknown }
  | { readonly status: 'absent' }
  | { readonly status: 'damaged' };

/**
 * One line of JSON, `{"schema":...,"sum":...,"body":...}`, whose sum covers schema and body byte for byte: a file that was
 * torn, cut or changed anywhere is told from a whole one.
 */
export function encodeChecked(schema: string, body: unknown): Uint8Array {
  const text = JSON.stringify(body);
  return encoder.encode(`{"schema":"${schema}","sum":"${sumOf(schema, text)}","body":${text}}\n`);
}

/** @returns undefined where the bytes are not exactly what `encodeChecked` made for this schema. */
export function decodeChecked(schema: string, bytes: Uint8Array): { readonly body: unknown } | undefined {
  try {
    const text = decoder.decode(bytes);
    const match = /^\{"schema":"([^"]*)","sum":"([0-9a-f]{32})","body":(.*)\}\n$/s.exec(text);
    if (match === null || match[1] !== schema || match[2] !== sumOf(schema, match[3])) return undefined;
    return { body: JSON.parse(match[3]) };
  } catch {
    return undefined;
  }
}

/** Reads a small state file. Rejects with the platform's error where it can't be read at all. */
export async function readChecked(files: FilePort, path: string, schema: string): Promise<CheckedContent> {
  const bytes = await files.read(path);
  if (bytes === undefined) return { status: 'absent' };
  const decoded = decodeChecked(schema, bytes);
  return decoded === undefined ? { status: 'damaged' } : { status: 'ok', body: decoded.body };
}

function sumOf(schema: string, text: string): string {
  return createHash('sha256').update(`${schema}\n${text}`).digest('hex').slice(0, 32);
}
