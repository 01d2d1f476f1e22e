import { InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '#runtime/core/durations.ts';
import { valueFromJson } from '#runtime/core/value-json.ts';
import { parseJson } from '../api/parse-json.ts';

/** `--json`, which every reading command has. */
export function jsonOption(): Option {
  return new Option('--json', 'print one JSON document');
}

/** `--socket`, which every command that talks to the daemon has. */
export function socketOption(): Option {
  return new Option(
    '--socket <path>',
    "the daemon's API socket (default: $GRIDVINE_SOCKET, or the usual places)",
  );
}

/** A duration such as `30s`, as milliseconds. @throws InvalidArgumentError */
export function durationArgument(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined)
    throw new InvalidArgumentError('expected a duration such as 500ms, 30s, 5m, 2h or 1d.');
  return ms;
}

/** A whole number from 0. @throws InvalidArgumentError */
export function wholeNumberArgument(text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('expected a whole number.');
  return value;
}

/**
 * A record's value as a person types it: JSON where it is JSON, a bare word or sentence as text. What begins like JSON
 * (`{`, `[`, `"`) and isn't is a mistake, not a text.
 * @throws InvalidArgumentError
 */
export function valueArgument(text: string): unknown {
  const json = jsonOrText(text);
  // What JSON can't carry on to the daemon, such as 1e999, would arrive as null.
  const { problem } = valueFromJson(json);
  if (problem !== undefined) throw new InvalidArgumentError(problem.replace(/^value: /, ''));
  return json;
}

function jsonOrText(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (/^\s*[[{"]/.test(text)) {
      throw new InvalidArgumentError(`expected JSON, or a bare word as text (${(error as Error).message})`);
    }
    return text;
  }
}

/** Makes a value ready for `JSON.stringify`: a bigint becomes `{"$int": ...}`. */
export function sendable(value: unknown): unknown {
  if (typeof value === 'bigint') return { $int: value.toString() };
  if (Array.isArray(value)) return value.map(sendable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sendable(item)]));
}
