import type { ConfigPath } from './config-path.ts';

/** The parts of a valibot schema that this file looks at; what every schema has of them is checked before use. */
interface SchemaShape {
  readonly type: string;
  readonly entries?: Readonly<Record<string, SchemaShape>>;
  readonly wrapped?: SchemaShape;
  readonly item?: SchemaShape;
  readonly value?: SchemaShape;
  readonly options?: readonly unknown[];
  readonly key?: unknown;
}

/** Keys known at a path, for suggestions. In lists of variants (`sources`) these are the keys of all of them. */
export function knownKeysAt(schema: unknown, path: ConfigPath): string[] {
  return [...new Set(schemasAt(schema as SchemaShape, path).flatMap((at) => Object.keys(at.entries ?? {})))];
}

/** Whether text is taken as it stands at a path, instead of being read as a number, list or the like. */
export function isTextAt(schema: unknown, path: ConfigPath): boolean {
  const at = schemasAt(schema as SchemaShape, path);
  return at.length > 0 && at.every((option) => option.type === 'string' || option.type === 'picklist');
}

/** Whether a list is expected at a path. */
export function isListAt(schema: unknown, path: ConfigPath): boolean {
  const at = schemasAt(schema as SchemaShape, path);
  return at.length > 0 && at.every((option) => option.type === 'array');
}

/** Paths of every key that lies below sections with fixed keys: not inside lists, nor in sections with free keys. */
export function leavesOf(schema: unknown, path: readonly string[] = []): (readonly string[])[] {
  const [section] = unwrap(schema as SchemaShape).filter((at) => at.entries !== undefined);
  if (section === undefined) return [path];
  return Object.entries(section.entries ?? {}).flatMap(([key, entry]) => leavesOf(entry, [...path, key]));
}

function schemasAt(schema: SchemaShape, path: ConfigPath): SchemaShape[] {
  let current = unwrap(schema);
  for (const step of path) {
    current = current.flatMap((at) => {
      if (typeof step === 'number') return at.item === undefined ? [] : unwrap(at.item);
      if (at.entries !== undefined) {
        return Object.hasOwn(at.entries, step) ? unwrap(at.entries[step] as SchemaShape) : [];
      }
      return at.type === 'record' && at.value !== undefined ? unwrap(at.value) : [];
    });
  }
  return current;
}

/** Looks through `optional`, `nullable`, unions and variants. */
function unwrap(schema: SchemaShape): SchemaShape[] {
  if (schema.wrapped !== undefined) return unwrap(schema.wrapped);
  if (schema.type === 'union' || schema.type === 'variant') {
    return (schema.options ?? []).flatMap((option) => unwrap(option as SchemaShape));
  }
  return [schema];
}
