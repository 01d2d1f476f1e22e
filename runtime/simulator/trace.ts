import type { EngineEvent } from '../core/outputs.ts';
import type { Observation } from './observation.ts';

/**
 * A rolling hash over everything that happens in a run: two runs are the same run exactly where their traces are equal.
 * Two lanes of FNV-1a with different primes: for telling runs apart, not against an adversary.
 */
export class Trace {
  #low = 0x811c9dc5;
  #high = 0x1b873593;
  #entries = 0;

  /** How many entries went in. */
  get entries(): number {
    return this.#entries;
  }

  /** 16 hex digits. */
  get hash(): string {
    const hex = (lane: number) => (lane >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  number(value: number): void {
    const whole = Math.floor(value);
    this.#word(whole);
    this.#word(Math.floor(whole / 0x1_0000_0000));
    this.#word((value - whole) * 0x1_0000_0000);
  }

  text(value: string): void {
    this.#word(value.length);
    let low = this.#low;
    let high = this.#high;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(high ^ (code << 16), 0x85ebca6b);
      high ^= high >>> 13;
    }
    this.#low = low;
    this.#high = high;
  }

  bytes(value: Uint8Array): void {
    let low = this.#low;
    let high = this.#high;
    for (let i = 0; i < value.length; i++) {
      low = Math.imul(low ^ value[i], 0x01000193);
      high = Math.imul(high ^ value[i], 0x85ebca6b);
    }
    this.#low = low;
    this.#high = high;
    this.#word(value.length);
  }

  /** Ends an entry. */
  end(): void {
    this.#entries++;
  }

  #word(value: number): void {
    this.#low = Math.imul(this.#low ^ value, 0x01000193);
    this.#high = Math.imul(this.#high ^ (value >>> 16) ^ (value << 16), 0x85ebca6b);
    this.#high ^= this.#high >>> 13;
  }
}

/** Observations that only look. */
const LOOKS: ReadonlySet<Observation['type']> = new Set(['gauge', 'shown', 'claims', 'holders']);

/** Puts an observation into the trace; what only looks stays out. */
export function traceObservation(trace: Trace, observation: Observation): void {
  if (LOOKS.has(observation.type)) return;
  trace.number(observation.atMs);
  trace.text(observation.type);
  if ('node' in observation) trace.text(observation.node);
  if (observation.type === 'event') traceEvent(trace, observation.event);
  trace.end();
}

function traceEvent(trace: Trace, event: EngineEvent): void {
  trace.text(event.type);
  if (event.type === 'member') {
    trace.text(event.id);
    trace.text(event.to ?? '');
    trace.number(event.incarnation);
  } else if (event.type === 'record') {
    trace.text(event.change);
    trace.text(event.record.owner);
    trace.text(event.record.key);
    trace.number(event.record.version);
  } else if (event.type === 'lease') {
    trace.text(event.name);
    trace.number(event.fence ?? 0);
  }
}
