import * as v from 'valibot';
import { parseDuration } from '#runtime/core/durations.ts';
import { UNIT_BYTES_MAX } from '#runtime/core/limits.ts';

/*
 * In this project's schemas an issue's message is the phrase that follows "expected"; whoever prints it adds the path in
 * front and what came behind it.
 */

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** A duration: `500ms 30s 5m 2h 1d`, or a number of milliseconds. Gives whole milliseconds within the range (ms). */
export function durationField(range: Range) {
  const phrase = `a duration from ${spoken(range.min)} to ${spoken(range.max)}, such as 500ms, 30s or 5m, or a number of milliseconds`;
  return v.pipe(
    v.union([v.string(), v.number()], phrase),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const ms = typeof dataset.value === 'number' ? dataset.value : parseDuration(dataset.value);
      if (ms !== undefined && Number.isFinite(ms) && ms >= range.min && ms <= range.max)
        return Math.round(ms);
      addIssue({ message: phrase });
      return NEVER;
    }),
  );
}

/** A finite number within a range, both ends included. `what` names it: `degrees`, `W`. */
export function numberField(what: string, range: Range) {
  const phrase = `a number from ${range.min} to ${range.max} (${what})`;
  return v.pipe(v.number(phrase), v.minValue(range.min, phrase), v.maxValue(range.max, phrase));
}

/** A whole number within a range, both ends included. */
export function integerField(what: string, range: Range) {
  const phrase = `a whole number from ${range.min} to ${range.max} (${what})`;
  return v.pipe(
    v.number(phrase),
    v.integer(phrase),
    v.minValue(range.min, phrase),
    v.maxValue(range.max, phrase),
  );
}

/** A finite number of any size. */
export function finiteField(what: string) {
  const phrase = `a number (${what})`;
  return v.pipe(v.number(phrase), v.finite(phrase));
}

/** Text that matches a pattern. */
export function textField(phrase: string, pattern: RegExp) {
  return v.pipe(v.string(phrase), v.regex(pattern, phrase));
}

/** A unit: text without control characters that fits a record. */
export function unitField() {
  const phrase = `a unit of 1 to ${UNIT_BYTES_MAX} bytes, such as W/m²`;
  return v.pipe(v.string(phrase), v.regex(/^\P{Cc}+$/u, phrase), v.maxBytes(UNIT_BYTES_MAX, phrase));
}

/** An absolute path. */
export function pathField() {
  return textField('an absolute path, such as /var/lib', /^\/[^\0]*$/);
}

/**
 * A section with exactly these keys. `missing` says for each required key what has to stand there: the section, and not
 * the field, is what reports a key that is not there at all.
 */
export function section<const Entries extends v.ObjectEntries>(
  entries: Entries,
  missing: Readonly<Record<string, string>> = {},
) {
  return v.strictObject(entries, (issue) => {
    const key = issue.path?.at(-1)?.key;
    const isKnown = typeof key === 'string' && Object.hasOwn(missing, key);
    return (isKnown ? missing[key] : undefined) ?? 'a section with keys';
  });
}

function spoken(ms: number): string {
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}
