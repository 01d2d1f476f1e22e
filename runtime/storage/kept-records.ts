import { type AppValue, QUALITIES, type Quality } from '../core/value.ts';
import { type JsonValue, valueFromJson, valueToJson } from '../core/value-json.ts';
import { PRIORITIES, type Priority } from '../core/views.ts';
import type { FilePort } from './file-port.ts';
import type { SnapshotFileOptions } from './snapshot-file.ts';
import { type After, SnapshotFile } from './snapshot-file.ts';

/** One of the node's own records that outlives a restart. */
export interface KeptRecord {
  readonly key: string;
  readonly value: AppValue;
  readonly unit?: string;
  readonly quality?: Quality;
  readonly priority?: Priority;
}

export interface KeptRecordsOptions {
  readonly files: FilePort;
  readonly directory: string;
  readonly after: After;
  readonly notify: SnapshotFileOptions['notify'];
}

/**
 * The node's own records that outlive a restart, kept in `records.json`: written 2 s after a change, at most every 30 s, and at close. What
 * was put within that time before a power cut is lost.
 */
export class KeptRecords {
  readonly #records = new Map<string, KeptRecord>();
  readonly #file: SnapshotFile;

  constructor(options: KeptRecordsOptions) {
    this.#file = new SnapshotFile({
      ...options,
      name: 'records.json',
      schema: 'gridvine.own-records/1',
      delayMs: 2_000,
      intervalMs: 30_000,
      codes: { damaged: 'records-damaged', unsaved: 'records-unsaved' },
      take: () => Array.from(this.#records.values(), toJson),
    });
  }

  /** What an earlier life kept, to be put again. */
  async load(): Promise<KeptRecord[]> {
    const body = await this.#file.load();
    const found = Array.isArray(body) ? body.map(fromJson).filter((record) => record !== undefined) : [];
    for (const record of found) this.#records.set(record.key, record);
    return found;
  }

  get(key: string): KeptRecord | undefined {
    return this.#records.get(key);
  }

  set(record: KeptRecord): void {
    this.#records.set(record.key, record);
    this.#file.changed();
  }

  remove(key: string): void {
    if (this.#records.delete(key)) this.#file.changed();
  }

  flush(): Promise<void> {
    return this.#file.flush();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function toJson({ key, value, ...rest }: KeptRecord): JsonValue {
  const json = valueToJson(value, { negativeZero: 'marked' });
  return { key, value: json, ...(rest as { [name: string]: JsonValue }) };
}

function fromJson(json: unknown): KeptRecord | undefined {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return undefined;
  const { key, value: raw, unit, quality, priority } = json as Record<string, unknown>;
  const read = valueFromJson(raw);
  if (typeof key !== 'string' || read.problem !== undefined) return undefined;
  return {
    key,
    value: read.value,
    ...(typeof unit === 'string' ? { unit } : {}),
    ...(QUALITIES.includes(quality as Quality) ? { quality: quality as Quality } : {}),
    ...(PRIORITIES.includes(priority as Priority) ? { priority: priority as Priority } : {}),
  };
}
