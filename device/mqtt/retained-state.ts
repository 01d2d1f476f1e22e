import type { ClockPort } from '#bridge/ports/clock-port.ts';
import type { NodeId } from '#runtime/core/ids.ts';
import type { EngineEvent } from '#runtime/core/outputs.ts';
import type { MemberState, RecordView } from '#runtime/core/views.ts';
import { TOPIC_BYTES_MAX, TOPICS_MAX } from './limits.ts';
import type { Outbox } from './outbox.ts';
import { recordPayload } from './payload.ts';
import type { RecordFeed } from './record-feed.ts';
import { nodeLevels, type Topics } from './topics.ts';

/** Keys of the engine's own records, which are membership and not data. */
const PROTOCOL_KEY = /^(?:node|accuse|sys)(?:\/|$)/;

/**
 * The retained messages that a broker should hold for this node's table: one for each record that passes the filter, and
 * one for each member's state. It puts into the outbox what differs from what was put before, and deletes what is gone.
 */
export class RetainedState {
  readonly #feed: RecordFeed;
  readonly #topics: Topics;
  readonly #outbox: Outbox;
  readonly #clock: ClockPort;
  readonly #wanted: (key: string) => boolean;
  readonly #topicsMax: number;
  #levels: ReadonlyMap<NodeId, string> = new Map();
  #names = new Map<NodeId, string>();
  #known = new Set<string>();
  /** Values not published since the last comparison: all `topicsMax` are taken, or the topic would be too long. */
  #excess = 0;

  constructor(options: {
    readonly feed: RecordFeed;
    readonly topics: Topics;
    readonly outbox: Outbox;
    readonly clock: ClockPort;
    /** Whether records of this key are published. */
    readonly wanted: (key: string) => boolean;
    readonly topicsMax?: number;
  }) {
    this.#feed = options.feed;
    this.#topics = options.topics;
    this.#outbox = options.outbox;
    this.#clock = options.clock;
    this.#wanted = options.wanted;
    this.#topicsMax = options.topicsMax ?? TOPICS_MAX;
  }

  /** Topics that hold something now. */
  get size(): number {
    return this.#known.size;
  }

  get excess(): number {
    return this.#excess;
  }

  /** The topic level of a node. */
  levelOf(id: NodeId): string {
    return this.#levels.get(id) ?? id;
  }

  /** Puts everything into the outbox, as after a new connection: a broker may have lost all it had. */
  publishAll(): void {
    this.#sync({ all: true });
  }

  /** Takes in an event of the node. */
  handle(event: EngineEvent): void {
    if (event.type === 'member') this.#member(event);
    else if (event.type === 'record') this.#record(event.change === 'put', event.record);
    // Of itself a node says this, and no change of a member's state.
    else if (event.type === 'left') this.#putMember(this.#feed.id, 'left');
  }

  #member(event: Extract<EngineEvent, { type: 'member' }>): void {
    const renamed = this.#names.get(event.id) !== event.name;
    if (renamed || event.to === undefined) this.#sync({ all: false });
    if (event.to !== undefined) this.#putMember(event.id, event.to);
  }

  #record(alive: boolean, record: RecordView): void {
    if (!this.#wants(record.key)) return;
    const named = this.#levels.has(record.owner);
    if (!alive) {
      // The topics of an owner that is gone altogether went with it.
      if (named) this.#clear(this.#topics.record(this.levelOf(record.owner), record.key));
    } else if (named) this.#putRecord(record);
    else this.#sync({ all: false });
  }

  /** Compares the table with what was published, when names changed or (`all`) to say everything again. */
  #sync(options: { readonly all: boolean }): void {
    const before = this.#known;
    const members = this.#feed.members();
    const records = this.#feed.records().filter((record) => this.#wants(record.key));
    this.#nameAll([...members, ...records.map(({ owner, node }) => ({ id: owner, name: node }))]);
    this.#known = new Set();
    this.#excess = 0;
    const outdated = (topic: string) => options.all || !before.has(topic);
    for (const { id, state } of members) this.#putMember(id, state, outdated);
    for (const record of records) this.#putRecord(record, outdated);
    for (const topic of before) {
      if (!this.#known.has(topic)) this.#outbox.clear(topic);
    }
  }

  #nameAll(nodes: readonly { readonly id: NodeId; readonly name: string }[]): void {
    const names = new Map<NodeId, string>();
    // The first mention wins: the member's own name, and only without one what its records are listed under.
    for (const { id, name } of nodes) if (!names.has(id)) names.set(id, name);
    if (!names.has(this.#feed.id)) names.set(this.#feed.id, this.#feed.name);
    this.#names = names;
    this.#levels = nodeLevels(Array.from(names, ([id, name]) => ({ id, name })));
  }

  #putMember(id: NodeId, state: MemberState, outdated: (topic: string) => boolean = always): void {
    this.#put(this.#topics.memberState(this.levelOf(id)), () => state, outdated);
  }

  #putRecord(record: RecordView, outdated: (topic: string) => boolean = always): void {
    const seenAtMs = this.#clock.nowMs();
    const render = () =>
      recordPayload(record, { heldMs: this.#clock.nowMs() - seenAtMs, wallMs: this.#clock.wallMs() });
    this.#put(this.#topics.record(this.levelOf(record.owner), record.key), render, outdated);
  }

  #put(topic: string, render: () => string, outdated: (topic: string) => boolean): void {
    if (!this.#known.has(topic)) {
      if (this.#known.size >= this.#topicsMax || Buffer.byteLength(topic) > TOPIC_BYTES_MAX) {
        this.#excess += 1;
        return;
      }
      this.#known.add(topic);
    }
    if (outdated(topic)) this.#outbox.put(topic, render);
  }

  #clear(topic: string): void {
    if (this.#known.delete(topic)) this.#outbox.clear(topic);
  }

  #wants(key: string): boolean {
    return !PROTOCOL_KEY.test(key) && this.#wanted(key);
  }
}

const always = () => true;
