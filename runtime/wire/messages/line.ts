import { NODE_ID_BYTES } from '../../core/ids.ts';
import { type CborWriter, sizeOfBytes, sizeOfInt, sizeOfUint } from '../cbor-writer.ts';
import type { Line } from '../message.ts';
import { asInt, asNodeId, asVersion, VERSION_MAX } from '../schema.ts';

/** `line = [ owner, known, gc-span ]`, the span negative while the owner is being reset [P-5.2]. */
export function encodeLine(writer: CborWriter, line: Line): void {
  writer.array(3);
  writer.nodeId(line.owner);
  writer.uint(line.known);
  writer.int(line.known - line.gc);
}

/** Bytes that a line takes. */
export function sizeOfLine(line: Line): number {
  return 1 + sizeOfBytes(NODE_ID_BYTES) + sizeOfUint(line.known) + sizeOfInt(line.known - line.gc);
}

/** Writes an array of lines. */
export function encodeLines(writer: CborWriter, lines: readonly Line[]): void {
  writer.array(lines.length);
  for (const line of lines) encodeLine(writer, line);
}

export function decodeLine(raw: unknown): Line | undefined {
  if (!Array.isArray(raw)) return undefined;
  const owner = asNodeId(raw[0]);
  const known = asVersion(raw[1]);
  const gc = lineBelow(known, raw[2]);
  return owner === undefined || known === undefined || gc === undefined ? undefined : { owner, known, gc };
}

/** The version that lies a span (of either sign) below a line; undefined where there is none. */
export function lineBelow(line: number | undefined, rawSpan: unknown): number | undefined {
  const span = asInt(rawSpan);
  if (line === undefined || span === undefined) return undefined;
  const version = line - span;
  return version >= 0 && version <= VERSION_MAX ? version : undefined;
}
