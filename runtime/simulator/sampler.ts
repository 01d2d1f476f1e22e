import { type Columns, Timeline } from './timeline.ts';
import type { World } from './world.ts';

/** Who agrees at a moment; shares are 0 to 1. */
export interface AgreementRow extends Readonly<Record<string, number>> {
  /** Virtual time. */
  readonly atMs: number;
  /** Nodes that run, stalled ones not counted. */
  readonly running: number;
  /** Of all pairs (node whose process lives, other node): those where the first is right about the second. */
  readonly members: number;
  /** Of all pairs (node whose process lives, record): those where the node holds what the record's owner has. */
  readonly records: number;
}

/** What was sent since the row before, per node and second: UDP payload, a multicast counted once. */
export interface TrafficRow extends Readonly<Record<string, number>> {
  readonly atMs: number;
  readonly bytesMean: number;
  /** Of the node that sent the most. */
  readonly bytesMax: number;
  readonly datagramsMean: number;
}

/** A run over time, by columns. */
export interface Series {
  readonly agreement: Columns<AgreementRow>;
  readonly traffic: Columns<TrafficRow>;
}

const AGREEMENT_INTERVAL_MS = 50;
/** Bursts last milliseconds: what they cost is told by the second. */
const TRAFFIC_INTERVAL_MS = 1_000;
/** A last stretch shorter than this says nothing about a rate. */
const TRAFFIC_REST_MS_MIN = 500;

/** Looks at a world again and again, and changes nothing in it. */
export class Sampler {
  readonly #world: World;
  readonly #agreement = new Timeline<AgreementRow>({
    intervalMs: AGREEMENT_INTERVAL_MS,
    merge: (_, later) => later,
  });
  readonly #traffic = new Timeline<TrafficRow>({ intervalMs: TRAFFIC_INTERVAL_MS, merge: mergeTraffic });
  readonly #sentBytes: Float64Array;
  #sentDatagrams = 0;

  constructor(world: World) {
    this.#world = world;
    this.#sentBytes = new Float64Array(world.hosts.length);
    this.#repeat(this.#agreement, () => this.#lookAtAgreement());
    this.#repeat(this.#traffic, () => this.#lookAtTraffic());
  }

  /** Takes the last rows and gives all of them. */
  finish(): Series {
    const { nowMs } = this.#world;
    if (nowMs > this.#agreement.lastAtMs) this.#agreement.add(this.#lookAtAgreement());
    if (nowMs - this.#traffic.lastAtMs >= TRAFFIC_REST_MS_MIN) this.#traffic.add(this.#lookAtTraffic());
    return { agreement: this.#agreement.columns(), traffic: this.#traffic.columns() };
  }

  #repeat<Row extends AgreementRow | TrafficRow>(timeline: Timeline<Row>, look: () => Row): void {
    timeline.add(look());
    this.#world.clock.after(timeline.intervalMs, () => this.#repeat(timeline, look));
  }

  #lookAtAgreement(): AgreementRow {
    const { members, records, hosts, nowMs } = this.#world;
    const living = this.#world.living().length;
    return {
      atMs: nowMs,
      running: hosts.filter((host) => host.state === 'running').length,
      members: agreeing(members.disagreements, living * (hosts.length - 1)),
      records: agreeing(records.disagreements, living * records.size),
    };
  }

  #lookAtTraffic(): TrafficRow {
    const { network, nowMs } = this.#world;
    const nodes = this.#sentBytes.length;
    const seconds = (nowMs - this.#traffic.lastAtMs) / 1000;
    let bytes = 0;
    let bytesMax = 0;
    let datagrams = -this.#sentDatagrams;
    for (let host = 0; host < nodes; host++) {
      const { sentBytes, sentDatagrams } = network.traffic(host).total;
      const more = sentBytes - this.#sentBytes[host];
      this.#sentBytes[host] = sentBytes;
      bytes += more;
      bytesMax = Math.max(bytesMax, more);
      datagrams += sentDatagrams;
    }
    this.#sentDatagrams += datagrams;
    const rate = (count: number) => (seconds > 0 ? count / seconds : 0);
    return {
      atMs: nowMs,
      bytesMean: rate(bytes / nodes),
      bytesMax: rate(bytesMax),
      datagramsMean: rate(datagrams / nodes),
    };
  }
}

/** Of two stretches of equal length. */
function mergeTraffic(a: TrafficRow, b: TrafficRow): TrafficRow {
  return {
    atMs: b.atMs,
    bytesMean: (a.bytesMean + b.bytesMean) / 2,
    bytesMax: Math.max(a.bytesMax, b.bytesMax),
    datagramsMean: (a.datagramsMean + b.datagramsMean) / 2,
  };
}

/** 1 where there is nothing to agree on. */
function agreeing(disagreements: number, pairs: number): number {
  return pairs === 0 ? 1 : Math.max(0, 1 - disagreements / pairs);
}
