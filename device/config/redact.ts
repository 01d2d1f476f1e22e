import type { ConfigPath } from './config-path.ts';

const SECRET_KEYS = /^(?:password|passphrase|token|secret|privateKey|credentials)$/i;
/** Sections all of whose values may be secret: the environment handed to child processes. */
const SECRET_SECTIONS = /^env$/;
const URL_USERINFO = /^([a-z][a-z0-9+.-]*:\/\/)[^@/?#]+@/i;

export const REDACTED = '[redacted]';

/** Whether the value at a path must never be shown. */
export function isSecret(path: ConfigPath): boolean {
  return path.some(
    (step, index) =>
      typeof step === 'string' &&
      (SECRET_KEYS.test(step) || (SECRET_SECTIONS.test(step) && index < path.length - 1)),
  );
}

/** A copy in which secrets, and user names and passwords inside URLs, read `[redacted]`. */
export function redact(value: unknown, path: ConfigPath = []): unknown {
  if (value !== undefined && value !== null && isSecret(path)) return REDACTED;
  if (typeof value === 'string') return value.replace(URL_USERINFO, `$1${REDACTED}@`);
  if (Array.isArray(value)) return value.map((item, index) => redact(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redact(item, [...path, key])]));
}
