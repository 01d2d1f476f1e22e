/** Where a value sits in the configuration: names of keys and positions in lists. */
export type ConfigPath = readonly (string | number)[];

/** `['sources', 0, 'baudRate']` as people write it: `sources[0].baudRate`. */
export function formatPath(path: ConfigPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** Reads `sources[0].baudRate`; undefined where it isn't a path. */
export function parsePath(text: string): ConfigPath | undefined {
  if (!/^[^.[\]=\s]+(?:\[\d+\]|\.[^.[\]=\s]+)*$/.test(text)) return undefined;
  const steps = [...text.matchAll(/\[(\d+)\]|[^.[\]]+/g)];
  return steps.map((step) => (step[1] === undefined ? step[0] : Number(step[1])));
}

/** A plain object whose keys are configuration keys. */
export type ConfigTree = { [key: string]: unknown };

/** Whether a value is a section, and not a list or a single value. */
export function isTree(value: unknown): value is ConfigTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path; undefined where there is none. */
export function valueAt(root: unknown, path: ConfigPath): unknown {
  let at: unknown = root;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}

/**
 * A copy of `root` with one value changed. Whatever stands in the way is replaced; only what lies on the path is copied.
 * A position beyond the end of a list is cut to its end, so that no list gets holes.
 */
export function withValue(root: unknown, path: ConfigPath, value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === 'number') {
    const list: unknown[] = Array.isArray(root) ? [...root] : [];
    const index = Math.min(step, list.length);
    list[index] = withValue(list[index], rest, value);
    return list;
  }
  const tree: ConfigTree = isTree(root) ? { ...root } : {};
  const child = Object.hasOwn(tree, step) ? tree[step] : undefined;
  // Defined, not assigned: a key `__proto__` from a file is a key like any other, and unknown.
  Object.defineProperty(tree, step, {
    value: withValue(child, rest, value),
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return tree;
}
