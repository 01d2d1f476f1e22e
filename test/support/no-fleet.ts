import type { FleetFace } from '#runtime/engine/fleet-face.ts';

/** The face of an engine that can't be retuned, in a cluster where everybody may do everything. */
export const NO_FLEET: FleetFace = {
  retune() {},
  isEntitled: () => true,
};
