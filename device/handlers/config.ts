import * as v from 'valibot';
import { formatDuration, parseDuration } from '#runtime/core/durations.ts';
import { BUILT_IN_QUERIES } from '#runtime/core/query-views.ts';
import { parseTrigger, TRIGGER_KINDS } from './trigger.ts';

const HANDLERS_MAX = 32;
const TIMEOUT_MS = { min: 100, max: 3_600_000, default: 30_000 };
const COALESCE_MS_MAX = 600_000;

const text = (expected: string, pattern: RegExp) => v.pipe(v.string(expected), v.regex(pattern, expected));
const variable = text('a name of a variable', /^[A-Za-z_][A-Za-z0-9_]*$/);
const TRIGGER = `one of ${TRIGGER_KINDS.join(', ')}, user:NAME, query:NAME`;
const trigger = v.pipe(
  v.string(TRIGGER),
  v.check((on) => parseTrigger(on) !== undefined, TRIGGER),
  v.check(
    (on) => !BUILT_IN_QUERIES.some((name) => on === `query:${name}`),
    `another query than ${BUILT_IN_QUERIES.join(', ')}, which gridvine answers itself`,
  ),
);
const COMMAND = 'a program and its arguments, such as [/usr/local/bin/on-deploy, --now]';

const duration = (min: number, max: number) => {
  const expected = `a duration from ${formatDuration(min)} to ${formatDuration(max)}, such as 10s`;
  return v.pipe(
    v.union([v.string(), v.number()], expected),
    v.transform((value) => (typeof value === 'number' ? value : (parseDuration(value) ?? Number.NaN))),
    v.check((ms) => Number.isInteger(ms) && ms >= min && ms <= max, expected),
  );
};

const handlerSchema = v.strictObject(
  {
    on: v.pipe(v.array(trigger, `a list: ${TRIGGER}`), v.minLength(1, `at least ${TRIGGER}`)),
    command: v.pipe(
      v.array(text('a text without NUL', /^[^\0]*$/), COMMAND),
      v.check((command) => (command[0] ?? '') !== '', COMMAND),
    ),
    timeout: v.optional(duration(TIMEOUT_MS.min, TIMEOUT_MS.max), TIMEOUT_MS.default),
    coalesce: v.optional(duration(1, COALESCE_MS_MAX)),
    cwd: v.optional(text('the path of a directory', /^[^\0]+$/)),
    env: v.optional(
      v.record(variable, text('a text without NUL', /^[^\0]*$/), 'variables with their values'),
      {},
    ),
    passEnv: v.optional(v.array(variable, 'a list of names of variables'), []),
  },
  'a section with on and command',
);

/** The `handlers:` list of the configuration: what is run at which event. A query is answered by one handler. */
export const handlersSchema = v.pipe(
  v.array(handlerSchema, 'a list of handlers'),
  v.maxLength(HANDLERS_MAX, `at most ${HANDLERS_MAX} handlers`),
  v.check((handlers) => {
    const queries = handlers.flatMap(({ on }) => on.filter((each) => each.startsWith('query:')));
    return new Set(queries).size === queries.length;
  }, 'each query at one handler only'),
);

/** One entry of the list, checked; times in milliseconds. */
export type HandlerConfig = v.InferOutput<typeof handlerSchema>;
