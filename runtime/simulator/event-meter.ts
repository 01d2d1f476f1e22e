import { countOf } from '../coordination/events/event-record.ts';
import type { EventCursor, EventState } from '../coordination/events/event-state.ts';
import type { NodeId } from '../core/ids.ts';
import type { AppValue } from '../core/value.ts';
import type { Observation } from './observation.ts';
import { type Percentiles, percentiles } from './statistics.ts';

/** An event, by the payload that it was given: its number may change while it is on its way. */
interface Sent {
  readonly sender: NodeId;
  readonly number: number;
  readonly atMs: number;
  /** Its sender's life, as the first node that delivered it told. */
  life: string | undefined;
  /** Its sender was killed before its medium knew of it: nobody can be told who missed it [P-18.6]. */
  isUnnoted: boolean;
}

/** What one node got of one sender. */
interface Got {
  readonly delivered: Set<AppValue>;
  /** How many it was told to have missed. */
  missed: number;
  /** When it was last told to have missed some of which nobody knows how many: of what was sent before. */
  missedSomeMs: number;
  /** At each crash of the node: how far its medium says that it got, and how many it had been told of by then. */
  readonly crashes: { readonly cursor: EventCursor; readonly missed: number }[];
}

/**
 * What comes of events: of each that was sent, every node must have delivered it, or have been told that it missed as many. (Who is killed
 * between noting an event and delivering it delivers it never, and who is killed before noting an own one can't tell of it [P-18.6].)
 */
export class EventMeter {
  readonly #sent = new Map<AppValue, Sent>();
  readonly #got = new Map<string, Got>();
  readonly #delaysMs: number[] = [];
  #gaps = 0;

  get sent(): number {
    return this.#sent.size;
  }

  /** A payload that no event had. */
  get nextPayload(): number {
    return this.#sent.size + 1;
  }

  get gaps(): number {
    return this.#gaps;
  }

  /** From sending to the others' delivery. */
  get delays(): Percentiles {
    return percentiles(this.#delaysMs);
  }

  noteSent(payload: AppValue, about: Pick<Sent, 'sender' | 'number' | 'atMs'>): void {
    this.#sent.set(payload, { ...about, life: undefined, isUnnoted: false });
  }

  readonly observe = (observation: Observation): void => {
    if (observation.type !== 'event') return;
    const { node, event, atMs } = observation;
    if (event.type === 'event-gap') {
      const got = this.#gotOf(node, event.gap.sender);
      this.#gaps++;
      if (event.gap.missed === null) got.missedSomeMs = atMs;
      else got.missed += event.gap.missed;
    } else if (event.type === 'user-event') {
      const { sender, payload, id } = event.event;
      this.#gotOf(node, sender).delivered.add(payload);
      const sent = this.#sent.get(payload);
      if (sent === undefined) return;
      sent.life ??= lifeOf(id);
      if (node !== sender) this.#delaysMs.push(atMs - sent.atMs);
    }
  };

  /** A node is about to be killed. @param kept what its medium holds. @param sinceMs what it noted after that it may not have delivered yet. */
  noteCrash(node: NodeId, kept: EventState, sinceMs: number): void {
    for (const [sender, cursor] of kept.cursors) {
      const got = this.#gotOf(node, sender);
      got.crashes.push({ cursor, missed: got.missed });
    }
    const own = this.#gotOf(node, node);
    for (const [payload, sent] of this.#sent) {
      if (sent.sender !== node) continue;
      if (sent.number > kept.last) sent.isUnnoted = true;
      else if (sent.atMs > sinceMs) own.delivered.add(payload);
    }
  }

  /** Events that a node neither delivered nor was told of, for people: the first of each pair. */
  silentLosses(nodes: readonly NodeId[]): string[] {
    const losses: string[] = [];
    for (const sender of new Set([...this.#sent.values()].map((sent) => sent.sender)))
      for (const node of nodes) {
        const got = this.#gotOf(node, sender);
        const lost = [...this.#sent].filter(
          ([payload, sent]) => sent.sender === sender && isMissed(payload, sent, got),
        );
        if (lost.length > got.missed + excusedOf(got, lost))
          losses.push(
            `${node} lacks ${lost.length} events of ${sender}, first ${lost[0][0]}, and was told of ${got.missed}`,
          );
      }
    return losses;
  }

  #gotOf(node: NodeId, sender: NodeId): Got {
    const pair = `${node} ${sender}`;
    let got = this.#got.get(pair);
    if (got === undefined) {
      got = { delivered: new Set(), missed: 0, missedSomeMs: Number.NEGATIVE_INFINITY, crashes: [] };
      this.#got.set(pair, got);
    }
    return got;
  }
}

function isMissed(payload: AppValue, { isUnnoted, atMs }: Sent, { delivered, missedSomeMs }: Got): boolean {
  return !delivered.has(payload) && !isUnnoted && atMs > missedSomeMs;
}

/** Of what a node lacks: how many were noted as delivered when it was killed. */
function excusedOf({ crashes }: Got, lost: readonly (readonly [AppValue, Sent])[]): number {
  let excused = 0;
  for (const { cursor, missed } of crashes) {
    const noted = lost.filter(([, sent]) => isNoted(sent, cursor)).length;
    excused += Math.max(0, noted - missed - excused);
  }
  return excused;
}

function isNoted({ number, life }: Sent, cursor: EventCursor): boolean {
  return life === lifeText(cursor.life) ? countOf(number) <= countOf(cursor.number) : number <= cursor.number;
}

function lifeText(life: number): string {
  return life.toString(16).padStart(8, '0');
}

/** The life in an event's id. */
function lifeOf(id: string): string {
  return id.slice(0, id.indexOf('-'));
}
