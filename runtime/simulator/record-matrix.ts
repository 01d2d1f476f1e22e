import type { NodeId } from '../core/ids.ts';
import type { Version } from '../core/version.ts';
import type { HostIndex } from './network.ts';
import type { Observation, Observed } from './observation.ts';

export interface RecordMatrixOptions {
  readonly hosts: number;
  readonly indexOf: (node: NodeId) => HostIndex;
}

/** One record: what its owner has, and which version each node holds. 0: none, or deleted. */
interface Row {
  readonly owner: HostIndex;
  readonly key: string;
  truth: Version;
  readonly held: Float64Array;
}

/**
 * Which version of each record every node holds, kept up by their events. Only what was written through the simulation is
 * followed, so that reserved records don't count. A record whose owner is off has no truth to agree with.
 */
export class RecordMatrix {
  readonly #hosts: number;
  readonly #indexOf: (node: NodeId) => HostIndex;
  readonly #rows = new Map<string, Row>();
  readonly #running: boolean[];

  constructor(options: RecordMatrixOptions) {
    this.#hosts = options.hosts;
    this.#indexOf = options.indexOf;
    this.#running = new Array<boolean>(options.hosts).fill(false);
  }

  /** Pairs (running node, record of a running owner) where the node doesn't hold the owner's version. */
  get disagreements(): number {
    let count = 0;
    for (const row of this.#rows.values()) count += this.#disagreementsOf(row);
    return count;
  }

  /** Records that are followed. */
  get size(): number {
    return this.#rows.size;
  }

  /** The version that a node holds; 0 for none. */
  heldBy(holder: HostIndex, owner: NodeId, key: string): Version {
    return this.#rows.get(rowName(owner, key))?.held[holder] ?? 0;
  }

  /** The pairs that disagree, for people: at most `max` of them. */
  describeDisagreements(max = 5): string {
    const found: string[] = [];
    for (const row of this.#rows.values()) {
      for (let holder = 0; holder < this.#hosts && found.length < max; holder++) {
        if (!this.#disagrees(row, holder)) continue;
        found.push(
          `node ${holder} holds version ${row.held[holder]} of node ${row.owner}'s ${row.key}, the owner has ${row.truth}`,
        );
      }
    }
    return found.join('; ');
  }

  readonly observe = (observation: Observation): void => {
    if (observation.type === 'started') this.#start(this.#indexOf(observation.node));
    else if (observation.type === 'stopped') this.#running[this.#indexOf(observation.node)] = false;
    else if (observation.type === 'wrote') this.#write(observation);
    else if (observation.type === 'event' && observation.event.type === 'record') {
      const { record, change } = observation.event;
      const row = this.#rows.get(rowName(record.owner, record.key));
      const holder = this.#indexOf(observation.node);
      if (row === undefined) return;
      if (holder !== row.owner) row.held[holder] = change === 'put' ? record.version : 0;
      else if (change === 'expire' && row.truth === record.version) this.#end(row);
    }
  };

  #write({ node, key, version, deleted }: Observed<'wrote'>): void {
    const name = rowName(node, key);
    const owner = this.#indexOf(node);
    let row = this.#rows.get(name);
    if (row === undefined) {
      row = { owner, key, truth: 0, held: new Float64Array(this.#hosts) };
      this.#rows.set(name, row);
    }
    row.truth = deleted ? 0 : version;
    row.held[owner] = row.truth;
  }

  /** Its owner's validity is over: it is to be gone everywhere. */
  #end(row: Row): void {
    row.truth = 0;
    row.held[row.owner] = 0;
  }

  /** A process begins with an empty table, and so do its own records [P-5.6]. */
  #start(host: HostIndex): void {
    this.#running[host] = true;
    for (const row of this.#rows.values()) {
      row.held[host] = 0;
      if (row.owner === host) row.truth = 0;
    }
  }

  #disagreementsOf(row: Row): number {
    if (!this.#running[row.owner]) return 0;
    let count = 0;
    for (let holder = 0; holder < this.#hosts; holder++) count += Number(this.#disagrees(row, holder));
    return count;
  }

  #disagrees(row: Row, holder: HostIndex): boolean {
    return this.#running[row.owner] && this.#running[holder] && row.held[holder] !== row.truth;
  }
}

function rowName(owner: NodeId, key: string): string {
  return `${owner}/${key}`;
}
