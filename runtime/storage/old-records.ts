import { createHash } from 'node:crypto';
import { type AppValue, QUALITIES, type Quality } from '../core/value.ts';
import { valueFromJson } from '../core/value-json.ts';
import { PRIORITIES, type Priority } from '../core/views.ts';
import { decodeChecked } from './checked-json.ts';
import { type FilePort, setAside } from './file-port.ts';
import { fileErrorCode, type StorageNotice } from './notice.ts';

/** Where release 0.1 kept a node's own records. */
export const OLD_RECORDS_NAME = 'records.json';
const SCHEMA = 'gridvine.own-records/1';

/** One of the node's own records that outlives a restart. */
export interface OldRecord {
  readonly key: string;
  readonly value: AppValue;
  readonly unit?: string;
  readonly quality?: Quality;
  readonly priority?: Priority;
}

export interface OldRecords {
  /** undefined: there is no such file. */
  readonly records: readonly OldRecord[] | undefined;
  /** Of the file's bytes: so it is taken over once, even where it can't be removed. Empty where there is none. */
  readonly sum: string;
  readonly notice?: StorageNotice;
}

/** Reads what release 0.1 kept; damaged, it is set aside with a notice. Whoever has it elsewhere removes the file. Never rejects. */
export async function readOldRecords(files: FilePort, directory: string): Promise<OldRecords> {
  const path = `${directory}/${OLD_RECORDS_NAME}`;
  try {
    const bytes = await files.read(path);
    if (bytes === undefined) return { records: undefined, sum: '' };
    const body = decodeChecked(SCHEMA, bytes)?.body;
    if (Array.isArray(body))
      return {
        records: body.map(fromJson).filter((record) => record !== undefined),
        sum: createHash('sha256').update(bytes).digest('hex').slice(0, 32),
      };
    const aside = await setAside(files, directory, OLD_RECORDS_NAME);
    return {
      records: undefined,
      sum: '',
      notice: notice(`${path} was damaged and was set aside as ${aside}`),
    };
  } catch (error) {
    return { records: undefined, sum: '', notice: notice(`${path} can't be read (${fileErrorCode(error)})`) };
  }
}

function notice(what: string): StorageNotice {
  return {
    code: 'records-damaged',
    severity: 'warning',
    title: 'own records of an earlier release lost',
    text: `${what}. Put again what this node should tell of itself. If it happens again, check the storage medium.`,
  };
}

function fromJson(json: unknown): OldRecord | undefined {
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
