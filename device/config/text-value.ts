import type { ConfigPath } from './config-path.ts';
import { isTooDeep } from './depth.ts';
import { isListAt, isTextAt } from './schema-walk.ts';

/** Words that mean themselves in YAML, durations among them; not `true`, `null` and their relatives. */
const PLAIN_WORD = /^(?!(?:true|false|null)$)(?:[a-z][\w-]*|\d+(?:\.\d+)?(?:ms|s|m|h|d))$/i;

/**
 * Reads a value that came as text, from a flag or the environment. Where text is expected it is taken as it stands; a list
 * may be written with commas; everything else is YAML: numbers, true, `[a, b]`, `{kind: system}`.
 */
export async function readTextValue(schema: unknown, path: ConfigPath, text: string): Promise<unknown> {
  if (isTextAt(schema, path) || PLAIN_WORD.test(text)) return isListAt(schema, path) ? [text] : text;
  if (isListAt(schema, path) && !/^\s*\[/.test(text)) {
    return text.split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()]));
  }
  const value = await parseText(text);
  return isTooDeep(value) ? text : value;
}

async function parseText(text: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return readYaml(text);
  }
}

/** What is no YAML either is text, and what it should have been is for the schema to say. */
async function readYaml(text: string): Promise<unknown> {
  const { parse } = await import('yaml');
  try {
    return parse(text, { prettyErrors: false, logLevel: 'silent' });
  } catch {
    return text;
  }
}
