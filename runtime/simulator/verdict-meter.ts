import type { NodeId } from '../core/ids.ts';
import type { HostIndex } from './network.ts';
import type { Observation } from './observation.ts';
import { VerdictJudge, type VerdictJudgeOptions } from './verdicts.ts';

export interface VerdictMeterOptions extends VerdictJudgeOptions {
  readonly indexOf: (node: NodeId) => HostIndex;
  /** How many nodes that are well, other than itself, don't say `alive` of this one. */
  readonly doubtersOf: (host: HostIndex) => number;
}

/**
 * Counts the verdicts `down` on members that weren't off, and how long a member that was stalled or cut off takes, once it
 * answers again, until it is `alive` everywhere.
 */
export class VerdictMeter {
  readonly #judge: VerdictJudge;
  readonly #options: VerdictMeterOptions;
  readonly #recovering = new Map<HostIndex, number>();
  readonly #recoveries: number[] = [];
  #falseDowns = 0;
  #stalledDowns = 0;
  #isolatedDowns = 0;
  #suspicions = 0;

  constructor(options: VerdictMeterOptions) {
    this.#options = options;
    this.#judge = new VerdictJudge(options);
  }

  get falseDowns(): number {
    return this.#falseDowns;
  }

  get stalledDowns(): number {
    return this.#stalledDowns;
  }

  get isolatedDowns(): number {
    return this.#isolatedDowns;
  }

  /** Member events to `suspect`, whoever they are about. */
  get suspicions(): number {
    return this.#suspicions;
  }

  /** Milliseconds from the end of each stall or cut to `alive` everywhere. */
  get recoveries(): readonly number[] {
    return this.#recoveries;
  }

  /** Members that were stalled or cut off and aren't `alive` everywhere yet. */
  get recovering(): number {
    return this.#recovering.size;
  }

  readonly observe = (observation: Observation): void => {
    this.#count(observation);
    this.#followRecovery(observation);
  };

  #count(observation: Observation): void {
    const verdict = this.#judge.judge(observation);
    if (verdict?.kind === 'false') this.#falseDowns++;
    else if (verdict?.kind === 'stalled') this.#stalledDowns++;
    else if (verdict?.kind === 'isolated') this.#isolatedDowns++;
    if (observation.type === 'event' && observation.event.type === 'member')
      this.#suspicions += Number(observation.event.to === 'suspect');
  }

  #followRecovery(observation: Observation): void {
    if (observation.type === 'restored') {
      this.#recovering.set(this.#options.indexOf(observation.node), observation.atMs);
    } else if (observation.type === 'impaired' || observation.type === 'stopped') {
      this.#recovering.delete(this.#options.indexOf(observation.node));
    }
    if (this.#recovering.size === 0) return;
    if (observation.type === 'event') {
      if (observation.event.type === 'member')
        this.#checkRecovered(this.#options.indexOf(observation.event.id), observation.atMs);
    } else if (observation.type === 'restored' || observation.type === 'impaired') {
      // Whoever doubted may be excused now, or count again.
      for (const host of [...this.#recovering.keys()]) this.#checkRecovered(host, observation.atMs);
    }
  }

  #checkRecovered(host: HostIndex, atMs: number): void {
    const sinceMs = this.#recovering.get(host);
    if (sinceMs === undefined || this.#options.doubtersOf(host) > 0) return;
    this.#recovering.delete(host);
    this.#recoveries.push(atMs - sinceMs);
  }
}
