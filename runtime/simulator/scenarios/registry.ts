import { badlink } from './badlink.ts';
import { blackstart } from './blackstart.ts';
import { churn } from './churn.ts';
import { crash } from './crash.ts';
import { events } from './events.ts';
import { idle } from './idle.ts';
import { join } from './join.ts';
import { lease } from './lease.ts';
import { partition } from './partition.ts';
import { revoke } from './revoke.ts';
import type { Scenario } from './scenario.ts';
import { stall } from './stall.ts';
import { update } from './update.ts';

/** Every scenario, in the order in which people read them. */
export const SCENARIOS: readonly Scenario[] = [
  join,
  crash,
  update,
  partition,
  idle,
  blackstart,
  churn,
  stall,
  badlink,
  revoke,
  lease,
  events,
];

/** undefined: there is none of that name. */
export function findScenario(name: string): Scenario | undefined {
  return SCENARIOS.find((scenario) => scenario.name === name);
}
