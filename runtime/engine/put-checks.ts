import { GridvineError } from '../core/errors.ts';
import { BATCH_RECORDS_MAX, TTL_MS_MAX } from '../core/limits.ts';
import { isReservedKey } from '../core/reserved-keys.ts';
import type { PutEntry } from '../core/views.ts';
import { problemOfKey, problemOfUnit } from '../wire/record-codec.ts';
import { markOfKey } from '../wire/record-marks.ts';
import { problemOfValue } from '../wire/value-check.ts';

/** @throws GridvineError `E_BATCH` where these can't be put together. */
export function checkBatch(entries: readonly PutEntry[]): void {
  if (entries.length < 1 || entries.length > BATCH_RECORDS_MAX)
    throw new GridvineError(
      'E_BATCH',
      `batch: expected 1 to ${BATCH_RECORDS_MAX} records; got ${entries.length}. What needs not be seen together can be put apart.`,
    );
  if (entries.length === 1) return;
  const keys = new Map<number, string>();
  for (const { key } of entries) {
    const mark = markOfKey(key);
    const other = keys.get(mark);
    if (other === key)
      throw new GridvineError(
        'E_BATCH',
        `batch: expected each key once; got ${key} twice. Leave one of them out.`,
      );
    if (other !== undefined)
      throw new GridvineError(
        'E_BATCH',
        `batch: expected keys with different marks; got ${other} and ${key}, which can't be told apart by 4 bytes. Rename one of them.`,
      );
    keys.set(mark, key);
  }
}

/** What an application wants to put. @throws GridvineError */
export function checkEntry({ key, value, ttlMs, unit, ageMs }: PutEntry): void {
  checkKey(key);
  if (ageMs !== undefined && !(ageMs >= 0 && ageMs <= TTL_MS_MAX))
    throw new GridvineError('E_VALUE_INVALID', `${key}: age: expected 0 ms to 366 days; got ${ageMs} ms`);
  if (ttlMs !== undefined && !(Number.isInteger(ttlMs) && ttlMs >= 1 && ttlMs <= TTL_MS_MAX))
    throw new GridvineError('E_TTL_INVALID', `${key}: ttl: expected 1 ms to 366 days; got ${ttlMs} ms`);
  const unitProblem = unit === undefined ? undefined : problemOfUnit(unit);
  if (unitProblem !== undefined) throw new GridvineError('E_UNIT_INVALID', `${key}: unit: ${unitProblem}`);
  const problem = problemOfValue(value);
  if (problem !== undefined) throw new GridvineError('E_VALUE_INVALID', `${key}: ${problem}`);
}

/** A key that an application names. @throws GridvineError `E_KEY_INVALID`, `E_KEY_RESERVED`. */
export function checkKey(key: string): void {
  const problem = problemOfKey(key);
  if (problem !== undefined)
    throw new GridvineError('E_KEY_INVALID', `key ${JSON.stringify(key.slice(0, 160))}: ${problem}`);
  if (isReservedKey(key))
    throw new GridvineError(
      'E_KEY_RESERVED',
      `${key}: \`node\`, \`accuse/\` and \`sys/\` are gridvine's own keys. Choose another name.`,
    );
}
