import { type JsonValue, valueToJson } from '#runtime/core/value-json.ts';
import { bootOf } from '#runtime/core/version.ts';
import type { RecordView } from '#runtime/core/views.ts';

/** A record as subscribers get it; `record.schema.json` beside this file is its JSON Schema. */
export interface RecordPayload {
  readonly value: JsonValue;
  readonly unit: string | null;
  readonly quality: string;
  /** How old the value is at the moment of publishing, in milliseconds. */
  readonly ageMs: number;
  /** The value is void once it is older than this, in milliseconds; null: it doesn't expire. */
  readonly ttlMs: number | null;
  readonly version: number;
  readonly key: string;
  readonly node: string;
  readonly id: string;
  readonly boot: number;
  /** The bridge's own clock when it published, in Unix milliseconds; as right as that clock is. */
  readonly publishedAtMs: number;
}

/** The payload's JSON text. `heldMs` is how long the bridge has held this view; it counts into the age. */
export function recordPayload(
  record: RecordView,
  at: { readonly heldMs: number; readonly wallMs: number },
): string {
  const payload: RecordPayload = {
    value: valueToJson(record.value),
    unit: record.unit,
    quality: record.quality,
    ageMs: Math.round(record.ageMs + at.heldMs),
    ttlMs: record.ttlMs,
    version: record.version,
    key: record.key,
    node: record.node,
    id: record.owner,
    boot: bootOf(record.version),
    publishedAtMs: at.wallMs,
  };
  return JSON.stringify(payload);
}
