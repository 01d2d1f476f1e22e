import type { Observation } from '../observation.ts';
import type { Checker } from './checker.ts';

/** How far a node is with one sender. */
interface Line {
  life: string;
  count: number;
  /** Lives that are over: nothing of them may come any more. */
  readonly over: Set<string>;
}

/** A node delivers a sender's events once each, in the order in which they were sent, over all its lives, whatever boots its sender has [P-18.4]. */
export class EventsOnce implements Checker {
  readonly name = 'events-once';
  /** By node and sender. */
  readonly #lines = new Map<string, Line>();

  observe(observation: Observation): string | undefined {
    if (observation.type !== 'event' || observation.event.type !== 'user-event') return undefined;
    const { node, event } = observation;
    const { sender, id } = event.event;
    const [life = '', text] = id.split('-');
    const count = Number(text);
    const pair = `${node} ${sender}`;
    const line = this.#lines.get(pair);
    if (line === undefined) {
      this.#lines.set(pair, { life, count, over: new Set() });
      return undefined;
    }
    const isAgain = line.life === life ? count <= line.count : line.over.has(life);
    if (isAgain) return `${node} delivers event ${id} of ${sender} after ${line.life}-${line.count}`;
    if (line.life !== life) line.over.add(line.life);
    line.life = life;
    line.count = count;
    return undefined;
  }
}
