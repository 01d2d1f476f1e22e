import { UNIT_BYTES_MAX } from '#runtime/core/limits.ts';
import { QUALITIES, type Quality } from '#runtime/core/value.ts';
import { valueFromJson } from '#runtime/core/value-json.ts';
import { CLAIMED_AGE_MS_MAX, LINE_BYTES_MAX, VALUE_BYTES_MAX } from '../limits.ts';
import type { Reading } from '../reading.ts';
import { keyFault } from '../reading-key.ts';
import { type Line, LineSplitter } from './line-splitter.ts';

/** Why a line was refused. */
export type LineFault =
  | 'too-long'
  | 'not-utf8'
  | 'not-json'
  | 'not-object'
  | 'bad-key'
  | 'bad-value'
  | 'bad-unit'
  | 'bad-quality'
  | 'bad-age';

export type DecodedLine =
  | { readonly kind: 'reading'; readonly reading: Reading }
  | { readonly kind: 'garbage'; readonly fault: LineFault };

/**
 * Decodes `{"key":"tank/level","value":71.5,"unit":"%","quality":"good","ageMs":120}`, one reading a line; `unit`,
 * `quality` (good) and `ageMs` (0: how long before printing it was measured) may be absent, other members are ignored.
 * A line that is none costs only itself. Blank lines and a carriage return before the newline are allowed.
 */
export class LineJsonDecoder {
  readonly #splitter = new LineSplitter({ lineBytesMax: LINE_BYTES_MAX });

  /** Takes the next bytes and gives the lines that end in them, unparsed: the caller may have a cap on parsing. */
  split(chunk: Uint8Array): Line[] {
    return this.#splitter.push(chunk);
  }

  /** Parses one line; undefined for a blank one. `nowMs` is boot time. */
  parse(line: Line, nowMs: number): DecodedLine | undefined {
    if (line.kind === 'too-long') return { kind: 'garbage', fault: 'too-long' };
    const text = decodeUtf8(line.bytes);
    if (text === undefined) return { kind: 'garbage', fault: 'not-utf8' };
    return text.trim() === '' ? undefined : readingFrom(text, nowMs);
  }

  /** Splits and parses at once. */
  push(chunk: Uint8Array, nowMs: number): DecodedLine[] {
    return this.split(chunk).flatMap((line) => this.parse(line, nowMs) ?? []);
  }

  /** Forgets an unfinished line: for a child that was started anew. */
  reset(): void {
    this.#splitter.reset();
  }
}

function readingFrom(text: string, nowMs: number): DecodedLine {
  const json = parseJson(text);
  if (json === undefined) return { kind: 'garbage', fault: 'not-json' };
  if (json === null || typeof json !== 'object' || Array.isArray(json)) {
    return { kind: 'garbage', fault: 'not-object' };
  }
  const { key, value: rawValue, unit, quality = 'good', ageMs = 0 } = json as Record<string, unknown>;
  if (typeof key !== 'string' || keyFault(key) !== undefined) return { kind: 'garbage', fault: 'bad-key' };
  const read = valueFromJson(rawValue);
  if (read.problem !== undefined || isTooLarge(rawValue)) return { kind: 'garbage', fault: 'bad-value' };
  if (unit !== undefined && !isUnit(unit)) return { kind: 'garbage', fault: 'bad-unit' };
  if (!isQuality(quality)) return { kind: 'garbage', fault: 'bad-quality' };
  if (!isAge(ageMs)) return { kind: 'garbage', fault: 'bad-age' };
  const reading = { key, value: read.value, quality, takenAtMs: nowMs - ageMs };
  return { kind: 'reading', reading: unit === undefined ? reading : { ...reading, unit } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function isTooLarge(json: unknown): boolean {
  return new TextEncoder().encode(JSON.stringify(json)).length > VALUE_BYTES_MAX;
}

function isUnit(unit: unknown): unit is string {
  if (typeof unit !== 'string' || unit === '' || /\p{Cc}/u.test(unit)) return false;
  return new TextEncoder().encode(unit).length <= UNIT_BYTES_MAX;
}

function isQuality(quality: unknown): quality is Quality {
  return QUALITIES.some((known) => known === quality);
}

function isAge(ageMs: unknown): ageMs is number {
  return typeof ageMs === 'number' && ageMs >= 0 && ageMs <= CLAIMED_AGE_MS_MAX;
}
