import type { KeepFace } from '#runtime/engine/keep-face.ts';

/** The table of an engine that holds nothing. */
export const NO_KEEP: KeepFace = {
  changedSince: () => ({ revision: 0, changed: [] }),
  holds: () => false,
  takeBack() {},
};
