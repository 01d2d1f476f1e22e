/**
 * The layers of the source tree, as a table: who may import whom, and who may use Node's own modules.
 * The order of the table is the order of the architecture: nobody may import what stands below.
 */
export type Layer = {
  /** Path prefix, without a slash at the end; the longest one that fits a file counts. */
  readonly at: string;
  /** Prefixes that it may import from, besides itself. */
  readonly sees: readonly string[];
  /** Which `node:` modules it may import. */
  readonly node: 'all' | 'none' | readonly string[];
};

const CORE = 'runtime/core';
// Wire seals and opens envelopes with what crypto provides; crypto knows no message.
const BYTES = [CORE, 'runtime/crypto', 'runtime/wire'];
const STATE = [...BYTES, 'runtime/pki', 'runtime/membership', 'runtime/data'];
const ENGINE = [...STATE, 'runtime/trust', 'runtime/coordination', 'runtime/engine'];
const SHIPPED = ['runtime', 'firmware-bridge', 'board-profiles', 'device'];

/** Every folder with code has a row: one without is an offence, so that nothing new slips past. */
export const LAYERS: readonly Layer[] = [
  { at: 'runtime/core', sees: [], node: 'none' },
  { at: 'runtime/crypto', sees: [CORE], node: 'none' },
  { at: 'runtime/crypto/node-provider.ts', sees: [CORE, 'runtime/crypto'], node: ['node:crypto'] },
  { at: 'runtime/wire', sees: [CORE, 'runtime/crypto'], node: 'none' },
  { at: 'runtime/pki', sees: BYTES, node: 'none' },
  { at: 'runtime/membership', sees: BYTES, node: 'none' },
  { at: 'runtime/data', sees: BYTES, node: 'none' },
  { at: 'runtime/trust', sees: [...BYTES, 'runtime/pki', 'runtime/data'], node: 'none' },
  { at: 'runtime/coordination', sees: STATE, node: 'none' },
  { at: 'runtime/engine', sees: [...STATE, 'runtime/trust', 'runtime/coordination'], node: 'none' },
  { at: 'runtime/transport', sees: [CORE], node: 'all' },
  { at: 'runtime/storage', sees: [CORE], node: 'all' },
  { at: 'runtime/driver', sees: [...ENGINE, 'runtime/transport', 'runtime/storage'], node: 'all' },
  { at: 'runtime/simulator', sees: ENGINE, node: 'none' },
  {
    at: 'runtime/testing',
    sees: [...BYTES, 'runtime/transport', 'runtime/storage', 'runtime/driver'],
    node: 'none',
  },
  { at: 'runtime/index.ts', sees: ['runtime'], node: 'none' },
  { at: 'firmware-bridge', sees: [CORE], node: 'none' },
  { at: 'firmware-bridge/ports', sees: [CORE, 'firmware-bridge'], node: 'all' },
  { at: 'board-profiles', sees: [CORE], node: 'none' },
  { at: 'device', sees: SHIPPED, node: 'all' },
  { at: 'scripts', sees: SHIPPED, node: 'all' },
  { at: 'test', sees: [...SHIPPED, 'scripts'], node: 'all' },
];

/** Folders whose code ends up in the binary. */
export const SHIPPED_FOLDERS: readonly string[] = SHIPPED;

/** Folders of the sans-IO code: time and randomness come in as arguments. */
export const PURE_FOLDERS: readonly string[] = [...ENGINE, 'runtime/simulator'];

/** How an import names another top-level folder. */
export const ALIASES: Readonly<Record<string, string>> = {
  '#runtime/': 'runtime/',
  '#device/': 'device/',
  '#bridge/': 'firmware-bridge/',
  '#profiles/': 'board-profiles/',
};

/** Files at the root that code may import. */
export const ROOT_IMPORTS: readonly string[] = ['package.json'];

/** What may stand at the root of the tree, besides dot-files. */
export const ROOT_ENTRIES: readonly string[] = [
  'runtime',
  'device',
  'board-profiles',
  'firmware-bridge',
  'test',
  'scripts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'biome.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
];

/** Longest source file, in lines. */
export const FILE_LINES_MAX = 450;

/** Whether a path is a prefix's own or lies below it. */
export function isWithin(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

/** The row that a file falls under: the longest prefix wins. */
export function layerOf(path: string): Layer | undefined {
  return LAYERS.filter((layer) => isWithin(path, layer.at)).sort((a, b) => b.at.length - a.at.length)[0];
}
