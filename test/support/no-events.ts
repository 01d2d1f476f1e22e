import type { EventFace } from '#runtime/engine/event-face.ts';

/** The face of an engine without events. */
export const NO_EVENTS: EventFace = {
  emit: () => 0,
  ask: () => 0,
  cancel() {},
  answer: () => false,
  live: () => 0,
  release() {},
  stop() {},
  unsettled: () => 0,
  kept() {},
};
