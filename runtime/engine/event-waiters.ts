import type { Arrival } from '../coordination/events/sender-line.ts';
import type { NodeId } from '../core/ids.ts';

/** The more wait of all senders, the fewer may of one: so many below each count of all, and none beyond. */
const SHARES = [
  { below: 1_024, max: 512 },
  { below: 2_048, max: 16 },
  { below: 4_096, max: 2 },
] as const;

/** What was taken of events and may not be delivered before the medium knows of it. */
export class EventWaiters {
  #ready: Arrival[] = [];
  /** What the medium is being told of. */
  #flying: Arrival[] | undefined;
  readonly #ofSender = new Map<NodeId, number>();

  /** All of them. */
  get size(): number {
    return this.#ready.length + (this.#flying?.length ?? 0);
  }

  /** Those of which the medium hasn't been told. */
  get readyCount(): number {
    return this.#ready.length;
  }

  get isFlying(): boolean {
    return this.#flying !== undefined;
  }

  /** How many more of a sender may be added now. */
  roomOf(sender: NodeId): number {
    const max = SHARES.find(({ below }) => this.#ready.length < below)?.max ?? 0;
    return Math.max(0, max - (this.#ofSender.get(sender) ?? 0));
  }

  /** How many of a sender wait for the medium to be told. */
  countOf(sender: NodeId): number {
    return this.#ofSender.get(sender) ?? 0;
  }

  /** Whether something of a sender waits: what it sent later waits behind that. */
  has(sender: NodeId): boolean {
    return this.#ofSender.has(sender) || this.#flying?.some((each) => each.sender === sender) === true;
  }

  add(arrival: Arrival): void {
    this.#ready.push(arrival);
    this.#ofSender.set(arrival.sender, this.countOf(arrival.sender) + 1);
  }

  /** The medium is told of all that is ready. */
  fly(): void {
    this.#flying = this.#ready;
    this.#ready = [];
    this.#ofSender.clear();
  }

  /** The medium knows of them, or refused. @returns them, and queries that waited behind them alone. */
  land(): readonly Arrival[] {
    const landed = this.#flying ?? [];
    this.#flying = undefined;
    const behind = new Set<NodeId>();
    const isFree = (arrival: Arrival) => {
      if (arrival.kind === 'event' && arrival.event.question !== undefined)
        return !behind.has(arrival.sender);
      behind.add(arrival.sender);
      return false;
    };
    const ready = this.#ready;
    const free = new Set(ready.filter(isFree));
    if (free.size > 0) {
      this.#ready = [];
      this.#ofSender.clear();
      for (const arrival of ready) if (!free.has(arrival)) this.add(arrival);
    }
    return [...landed, ...free];
  }
}
