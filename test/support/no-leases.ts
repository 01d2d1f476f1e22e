import type { LeasesView } from '#runtime/core/lease-views.ts';
import type { LeaseFace } from '#runtime/engine/lease-face.ts';

/** The leases of a node that has none to tell of. */
export const NO_LEASES_VIEW: LeasesView = {
  roster: null,
  voter: { standing: 'no-roster', missing: 0, waitMs: null, givenVersion: null, promises: 0 },
  leases: [],
};

/** The face of an engine without leases. */
export const NO_LEASES: LeaseFace = {
  acquire: () => '00'.repeat(8),
  release() {},
  own: () => undefined,
  view: () => NO_LEASES_VIEW,
  setRoster() {},
  recover() {},
  kept() {},
};
