import type { KeysView } from '#runtime/core/key-views.ts';

/** The keys of an engine that has none to tell of. */
export const NO_KEYS: KeysView = { use: null, keys: [], members: [], waiting: [], saving: false };
