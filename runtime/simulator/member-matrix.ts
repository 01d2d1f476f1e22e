import type { NodeId } from '../core/ids.ts';
import type { MemberState } from '../core/views.ts';
import type { HostIndex } from './network.ts';
import type { Observation } from './observation.ts';

/** Codes of states in the matrix; 0 is "not known". */
const STATES: readonly (MemberState | undefined)[] = [
  undefined,
  'joining',
  'alive',
  'suspect',
  'down',
  'leaving',
  'left',
];
/** By code: whether the state counts its subject among the living. */
const LIVING = STATES.map((state) => state === 'alive' || state === 'suspect');

export interface MemberMatrixOptions {
  readonly hosts: number;
  readonly indexOf: (node: NodeId) => HostIndex;
}

/**
 * What every node says of every other, kept up by their events: whether all agree with the truth costs a look at one number.
 * Agreement means: each running node counts each running node among the living, and none that is off. A passing `suspect`
 * of a running node is no disagreement: where datagrams get lost somebody always suspects somebody.
 */
export class MemberMatrix {
  readonly #hosts: number;
  readonly #indexOf: (node: NodeId) => HostIndex;
  readonly #codes: Uint8Array;
  readonly #running: boolean[];
  #disagreements = 0;

  constructor(options: MemberMatrixOptions) {
    this.#hosts = options.hosts;
    this.#indexOf = options.indexOf;
    this.#codes = new Uint8Array(options.hosts * options.hosts);
    this.#running = new Array<boolean>(options.hosts).fill(false);
  }

  /** Pairs (running observer, subject) that don't agree with the truth. */
  get disagreements(): number {
    return this.#disagreements;
  }

  /** undefined: the observer doesn't know of the subject. */
  stateOf(observer: HostIndex, subject: HostIndex): MemberState | undefined {
    return STATES[this.#codes[observer * this.#hosts + subject]];
  }

  isRunning(host: HostIndex): boolean {
    return this.#running[host];
  }

  /** How many running nodes other than itself say each of these states of the subject. */
  countAbout(subject: HostIndex, ...states: readonly (MemberState | undefined)[]): number {
    let count = 0;
    for (let observer = 0; observer < this.#hosts; observer++) {
      if (observer === subject || !this.#running[observer]) continue;
      if (states.includes(this.stateOf(observer, subject))) count++;
    }
    return count;
  }

  /** The pairs that disagree, for people: at most `max` of them. */
  describeDisagreements(max = 5): string {
    const found: string[] = [];
    for (let observer = 0; observer < this.#hosts && found.length < max; observer++) {
      if (!this.#running[observer]) continue;
      for (let subject = 0; subject < this.#hosts && found.length < max; subject++) {
        if (!this.#disagrees(observer, subject)) continue;
        const state = this.stateOf(observer, subject) ?? 'nothing';
        found.push(
          `node ${observer} says ${state} of node ${subject}, which is ${this.#running[subject] ? 'running' : 'off'}`,
        );
      }
    }
    return found.join('; ');
  }

  readonly observe = (observation: Observation): void => {
    if (observation.type === 'started') this.#setRunning(this.#indexOf(observation.node), true);
    else if (observation.type === 'stopped') this.#setRunning(this.#indexOf(observation.node), false);
    else if (observation.type === 'event' && observation.event.type === 'member')
      this.#setState(
        this.#indexOf(observation.node),
        this.#indexOf(observation.event.id),
        observation.event.to,
      );
  };

  #setState(observer: HostIndex, subject: HostIndex, state: MemberState | undefined): void {
    if (observer === subject) return;
    const before = this.#disagrees(observer, subject);
    this.#codes[observer * this.#hosts + subject] = STATES.indexOf(state);
    this.#disagreements += Number(this.#disagrees(observer, subject)) - Number(before);
  }

  #setRunning(host: HostIndex, running: boolean): void {
    this.#disagreements -= this.#countAround(host);
    this.#running[host] = running;
    // A process begins, and ends, knowing nobody.
    this.#codes.fill(0, host * this.#hosts, (host + 1) * this.#hosts);
    this.#disagreements += this.#countAround(host);
  }

  #countAround(host: HostIndex): number {
    let count = 0;
    for (let other = 0; other < this.#hosts; other++)
      count += Number(this.#disagrees(host, other)) + Number(this.#disagrees(other, host));
    return count;
  }

  #disagrees(observer: HostIndex, subject: HostIndex): boolean {
    if (observer === subject || !this.#running[observer]) return false;
    return LIVING[this.#codes[observer * this.#hosts + subject]] !== this.#running[subject];
  }
}
