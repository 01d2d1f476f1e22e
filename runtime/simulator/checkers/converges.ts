import type { Observation } from '../observation.ts';
import type { Checker } from './checker.ts';

/** Once faults are over and there was time, all nodes agree with each other and with the truth. */
export class Converges implements Checker {
  readonly name = 'converges';

  observe(observation: Observation): string | undefined {
    if (observation.type !== 'settled' || observation.agreed) return undefined;
    return `no agreement: ${observation.detail}`;
  }
}
