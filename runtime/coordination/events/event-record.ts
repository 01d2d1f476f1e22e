import { EVENT_SLOTS, EVENT_WINDOW_MS_MAX, EVENT_WINDOW_MS_MIN } from '../../core/limits.ts';
import type { AppValue } from '../../core/value.ts';
import { bootOf, type Version } from '../../core/version.ts';
import { asUint, VERSION_MAX } from '../../wire/schema.ts';
import { problemOfEventName } from './event-name.ts';
import { decodeQuestion, encodeQuestion, type Question } from './question.ts';

/** An event, or a query, as its sender's record holds it [P-18.2]. */
export interface EventRecord {
  /** `boot * 2^32 + count`: the boot that its sender has now, and a count from 1 without gaps in each life of it, whatever boots that has. */
  readonly number: number;
  /** What its sender drew when this life of it began: with the count it names the event for good, also after the sender took a higher boot. */
  readonly life: number;
  /** Events, without queries, that its sender sent before in this life. */
  readonly told: number;
  /** The number of what its sender sent before this; of its last event, where it is the first of a life; 0: none that it knows of. */
  readonly before: number;
  readonly windowMs: number;
  readonly name: string;
  readonly payload: AppValue;
  /** Undefined: an event. */
  readonly question: Question | undefined;
}

const PREFIX = 'sys/event/';
const COUNT_SPAN = 0x1_0000_0000;
const UINT32_MAX = COUNT_SPAN - 1;
const SLOT = /^(0|[1-9]\d?)$/;

export function eventKey(slot: number): string {
  return `${PREFIX}${slot}`;
}

/** Whether a key is that of an event's slot. */
export function isEventKey(key: string): boolean {
  if (!key.startsWith(PREFIX)) return false;
  const slot = key.slice(PREFIX.length);
  return SLOT.test(slot) && Number(slot) < EVENT_SLOTS;
}

/** `event-value = [ number, life, told, before, window-ms, name, payload, ? question / null ]`. */
export function encodeEvent(event: EventRecord): AppValue {
  const { number, life, told, before, windowMs, name, payload, question } = event;
  const value: AppValue[] = [number, life, told, before, windowMs, name, payload];
  if (question !== undefined) value.push(encodeQuestion(question));
  return value;
}

/** @param version of the record that it is the value of. @returns undefined where it is no event. */
export function decodeEvent(value: AppValue, version: Version): EventRecord | undefined {
  if (!Array.isArray(value) || value.length < 7) return undefined;
  const [rawNumber, rawLife, rawTold, rawBefore, rawWindow, name, payload, rawQuestion = null] =
    value as AppValue[];
  const number = asEventNumber(rawNumber);
  const life = asUint(rawLife, UINT32_MAX);
  const told = asUint(rawTold, UINT32_MAX);
  const before = asUint(rawBefore, VERSION_MAX);
  const windowMs = asUint(rawWindow, EVENT_WINDOW_MS_MAX);
  if (number === undefined || life === undefined || told === undefined) return undefined;
  if (before === undefined || windowMs === undefined) return undefined;
  // Numbers of lives to come would silence all that this sender says till then.
  if (bootOf(number) > bootOf(version) || before >= number || told >= countOf(number)) return undefined;
  if (windowMs < EVENT_WINDOW_MS_MIN || typeof name !== 'string' || problemOfEventName(name) !== undefined)
    return undefined;
  const question = rawQuestion === null ? undefined : decodeQuestion(rawQuestion);
  if (question === undefined && rawQuestion !== null) return undefined;
  // A float -0 counts as 0.
  return { number, life: life + 0, told: told + 0, before: before + 0, windowMs, name, payload, question };
}

/** Names an event among those of its sender for good: number and boot may change, life and count don't. */
export function idOf({ life, number }: Pick<EventRecord, 'life' | 'number'>): string {
  return `${life.toString(16).padStart(8, '0')}-${countOf(number)}`;
}

/** The count in an event's number. */
export function countOf(number: number): number {
  return number % COUNT_SPAN;
}

/** The number of an event: a boot and a count, each from 1. */
export function asEventNumber(raw: unknown): number | undefined {
  const number = asUint(raw, VERSION_MAX);
  return number !== undefined && bootOf(number) >= 1 && countOf(number) >= 1 ? number : undefined;
}
