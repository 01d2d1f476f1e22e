import type { BaseIssue } from 'valibot';
import { type ConfigPath, type ConfigTree, valueAt } from './config-path.ts';
import { type Origins, originOf } from './layers.ts';
import { nearest } from './nearest.ts';
import type { ConfigProblem } from './problem.ts';
import { knownKeysAt } from './schema-walk.ts';

const KEYS_LISTED_MAX = 12;

/** What an issue of the schema is read against. */
export interface IssueContext {
  readonly schema: unknown;
  readonly tree: ConfigTree;
  readonly origins: Origins;
}

/** The problems of an issue: one, but for an unknown key, after which valibot doesn't look for others of its section. */
export function problemsOf(issue: BaseIssue<unknown>, context: IssueContext): ConfigProblem[] {
  const path = pathOf(issue);
  if (!isUnknownKey(issue)) return [problemOf(issue, context)];
  const section = path.slice(0, -1);
  const known = knownKeysAt(context.schema, section);
  const given = Object.keys((valueAt(context.tree, section) ?? {}) as object);
  const unknown = given.filter((key) => key === path.at(-1) || !known.includes(key));
  return unknown.map((key) => unknownKeyProblem([...section, key], known, context));
}

/**
 * Turns an issue of valibot into a problem for people. In our schemas an issue's message is the phrase that follows
 * "expected"; valibot's own messages (`Invalid type: ...`) give way to what valibot says it expected.
 */
function problemOf(issue: BaseIssue<unknown>, context: IssueContext): ConfigProblem {
  const path = pathOf(issue);
  // A key that isn't allowed is what is wrong then, not its value.
  const got = issue.path?.at(-1)?.origin === 'key' ? path.at(-1) : valueAt(context.tree, path);
  return {
    ...placeOf(path, context),
    expected: expectation(issue),
    ...(got === undefined ? {} : { got }),
  };
}

function unknownKeyProblem(path: ConfigPath, known: readonly string[], context: IssueContext): ConfigProblem {
  return { ...placeOf(path, context), ...unknownKey(String(path.at(-1)), known) };
}

function placeOf(path: ConfigPath, context: IssueContext): Pick<ConfigProblem, 'path' | 'origin'> {
  const origin = originOf(context.origins, path);
  return { path, ...(origin === undefined ? {} : { origin }) };
}

function pathOf(issue: BaseIssue<unknown>): (string | number)[] {
  return (issue.path ?? []).map((step) => step.key as string | number);
}

function isUnknownKey(issue: BaseIssue<unknown>): boolean {
  return issue.kind === 'schema' && issue.expected === 'never' && typeof pathOf(issue).at(-1) === 'string';
}

function unknownKey(key: string, known: readonly string[]): Pick<ConfigProblem, 'expected' | 'got' | 'hint'> {
  const suggestion = nearest(key, known);
  if (suggestion !== undefined)
    return { expected: 'a known key', got: key, hint: `Did you mean ${suggestion}?` };
  return { expected: known.length === 0 ? 'no key here' : `one of the keys ${listed(known)}`, got: key };
}

function listed(keys: readonly string[]): string {
  return keys.length > KEYS_LISTED_MAX
    ? `${keys.slice(0, KEYS_LISTED_MAX).join(', ')}, ...`
    : keys.join(', ');
}

function expectation(issue: BaseIssue<unknown>): string {
  if (!issue.message.startsWith('Invalid ')) return issue.message.replace(/^expected /, '');
  return readable(issue.expected ?? 'another value');
}

/** `("a" | "b")` as `one of a, b`; type names as they are spoken. */
function readable(expected: string): string {
  const options = [...expected.matchAll(/"([^"]*)"|(-?\d+(?:\.\d+)?)/g)].map((match) => match[1] ?? match[2]);
  if (options.length > 1) return `one of ${options.join(', ')}`;
  if (options.length === 1) return /^[<>]/.test(expected) ? `a value ${expected}` : String(options[0]);
  return { string: 'text', Object: 'a section with keys', Array: 'a list' }[expected] ?? expected;
}
