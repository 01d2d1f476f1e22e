import { EVENT_NAME_BYTES_MAX } from '../../core/limits.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/;

/** What is wrong with an event's or a query's name [P-18.1]; undefined: nothing. */
export function problemOfEventName(name: string): string | undefined {
  if (name.length <= EVENT_NAME_BYTES_MAX && NAME.test(name)) return undefined;
  return `expected 1 to ${EVENT_NAME_BYTES_MAX} of letters, digits, ".", "_", "-" and "/", a letter or digit first; got ${JSON.stringify(name.slice(0, 80))}`;
}
