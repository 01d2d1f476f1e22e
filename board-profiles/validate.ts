import * as v from 'valibot';
import { GridvineError } from '#runtime/core/errors.ts';
import { type ProfileSource, ProfileSourceSchema } from './schema.ts';

/** One fault of a profile. */
export interface ProfileProblem {
  /** Where: `interfaces[0].multicast`; empty for the whole document. */
  readonly path: string;
  /** One line: the path, what was expected, what came. */
  readonly text: string;
}

export type ProfileCheck =
  | { readonly ok: true; readonly source: ProfileSource }
  | { readonly ok: false; readonly problems: readonly ProfileProblem[] };

/** Checks that a value read from a file is a profile. Never throws; `extends` is not followed. */
export function checkProfile(input: unknown): ProfileCheck {
  const result = v.safeParse(ProfileSourceSchema, input);
  if (result.success) {
    const problems = checkRules(result.output);
    return problems.length === 0 ? { ok: true, source: result.output } : { ok: false, problems };
  }
  return { ok: false, problems: result.issues.map(describe) };
}

/** As {@link checkProfile}. @throws GridvineError `E_CONFIG` with one line a problem, each led by `label`. */
export function parseProfile(input: unknown, label: string): ProfileSource {
  const check = checkProfile(input);
  if (check.ok) return check.source;
  throw new GridvineError('E_CONFIG', check.problems.map(({ text }) => `${label}: ${text}`).join('\n'));
}

function checkRules(source: ProfileSource): ProfileProblem[] {
  const problems: ProfileProblem[] = [];
  const seen = new Map<string, number>();
  for (const [index, rule] of (source.interfaces ?? []).entries()) {
    const before = seen.get(rule.id);
    if (before !== undefined) {
      const path = `interfaces[${index}].id`;
      problems.push({
        path,
        text: `${path}: expected an id of its own; got "${rule.id}", which interfaces[${before}] has too`,
      });
    }
    seen.set(rule.id, index);
  }
  const { warnCelsius: warn, critCelsius: crit } = source.sensors ?? {};
  if (warn !== undefined && crit !== undefined && warn >= crit) {
    const path = 'sensors.critCelsius';
    problems.push({ path, text: `${path}: expected more than warnCelsius (${warn}); got ${crit}` });
  }
  return problems;
}

function describe(issue: v.BaseIssue<unknown>): ProfileProblem {
  const keys = (issue.path ?? []).map((item) => (item as { key: unknown }).key);
  const path = keys.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? `${key}` : `${text}.${key}`),
    '',
  );
  return { path, text: `${path === '' ? 'profile' : path}: ${explain(issue, keys)}` };
}

function explain(issue: v.BaseIssue<unknown>, keys: readonly unknown[]): string {
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    return `unknown key; expected one of ${knownKeys(keys.slice(0, -1)).join(', ')}`;
  }
  if (issue.type === 'strict_object' && issue.received === 'undefined') return 'missing; it is required';
  if (issue.type === 'picklist' || issue.type === 'literal') {
    const options = (issue.expected ?? '').replace(/^\(|\)$/g, '').replaceAll(' | ', ', ');
    return `expected ${issue.type === 'picklist' ? 'one of ' : ''}${options}; got ${show(issue.input)}`;
  }
  // Patterns explain themselves; they are the only strings that are checked by a function.
  if (issue.type === 'check' && typeof issue.input === 'string') return issue.message;
  if (issue.kind === 'validation') return `${issue.message}; got ${show(issue.input)}`;
  return `expected ${(issue.expected ?? 'another type').toLowerCase()}; got ${show(issue.input)}`;
}

function show(value: unknown): string {
  const text = stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** A value from a program may be a bigint or a circle, which have no JSON. */
function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

type AnySchema = {
  readonly entries?: Readonly<Record<string, AnySchema>>;
  readonly item?: AnySchema;
  readonly wrapped?: AnySchema;
};

function knownKeys(path: readonly unknown[]): string[] {
  let schema: AnySchema | undefined = ProfileSourceSchema as unknown as AnySchema;
  for (const key of path) {
    schema = unwrap(schema);
    schema = typeof key === 'number' ? schema?.item : schema?.entries?.[String(key)];
  }
  return Object.keys(unwrap(schema)?.entries ?? {});
}

function unwrap(schema: AnySchema | undefined): AnySchema | undefined {
  let inner = schema;
  while (inner?.wrapped !== undefined) inner = inner.wrapped;
  return inner;
}
