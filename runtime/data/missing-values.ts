import { type NodeId, toHex } from '../core/ids.ts';
import type { LargeMark } from '../wire/record.ts';
import { isLive, type StoredRecord } from './stored-record.ts';

/** A value that an owner's records name and that isn't here. */
export interface MissingValue {
  readonly large: LargeMark;
  readonly name: string;
  /** Whose records name it. */
  readonly owner: NodeId;
  /** Keys of its records that do. */
  readonly keys: Set<string>;
  /** For how long it rested last, after nobody had it; and until when it does. */
  restMs: number;
  untilMs: number;
}

/** What one owner lacks. */
interface OwnerMissing {
  readonly owner: NodeId;
  /** Whoever was looked at comes last the next time. */
  readonly values: Map<string, MissingValue>;
  /** Whose is lower goes first. */
  turn: number;
  /** Before then there is nothing to begin. */
  lookMs: number;
}

/** Values of an owner that are looked at for one that doesn't rest; where there are more, the rest of them is looked at so soon. */
const LOOK_MAX = 16;
const LOOK_AGAIN_MS = 1_000;
/** Owners whose turn is remembered though they lack nothing at present. */
const TURNS_MAX = 1_024;

/**
 * Which values are missing, of each owner by itself: what one names is no business of another's. Owners take turns: first whoever was
 * served longest ago, and who begins to lack something stands behind all that do.
 */
export class MissingValues {
  readonly #byOwner = new Map<NodeId, OwnerMissing>();
  readonly #byName = new Map<string, Set<MissingValue>>();
  readonly #turns = new Map<NodeId, number>();
  #lastTurn = 0;
  #count = 0;

  /** Values, counted for each owner that names them. */
  get count(): number {
    return this.#count;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** Who lacks a value. */
  ofName(name: string): MissingValue[] {
    return [...(this.#byName.get(name) ?? [])];
  }

  /** A record names a value that isn't here. */
  add(large: LargeMark, { owner, key }: { readonly owner: NodeId; readonly key: string }): void {
    const name = nameOfValue(large);
    const missing = this.#byOwner.get(owner) ?? this.#open(owner);
    const present = missing.values.get(name);
    if (present !== undefined) {
      present.keys.add(key);
      return;
    }
    const value = { large, name, owner, keys: new Set([key]), restMs: 0, untilMs: 0 };
    missing.values.set(name, value);
    missing.lookMs = Number.NEGATIVE_INFINITY;
    const same = this.#byName.get(name);
    if (same === undefined) this.#byName.set(name, new Set([value]));
    else same.add(value);
    this.#count++;
  }

  /** It has come, or this record doesn't wait for it any more. */
  delete(large: LargeMark, { owner, key }: { readonly owner: NodeId; readonly key: string }): void {
    const name = nameOfValue(large);
    const missing = this.#byOwner.get(owner);
    const present = missing?.values.get(name);
    if (missing === undefined || present === undefined) return;
    present.keys.delete(key);
    if (present.keys.size > 0) return;
    missing.values.delete(name);
    if (missing.values.size === 0) this.#byOwner.delete(owner);
    const same = this.#byName.get(name)!;
    same.delete(present);
    if (same.size === 0) this.#byName.delete(name);
    this.#count--;
  }

  /** Owners that may have something to begin, whoever was served longest ago first. */
  inTurn(nowMs: number): NodeId[] {
    const due = [...this.#byOwner.values()].filter(({ lookMs }) => lookMs <= nowMs);
    return due.sort((a, b) => a.turn - b.turn).map(({ owner }) => owner);
  }

  /** When there may be something to begin that there isn't now; Infinity where nothing will be without a word of it. */
  nextMs(nowMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { lookMs } of this.#byOwner.values()) if (lookMs > nowMs) nextMs = Math.min(nextMs, lookMs);
    return nextMs;
  }

  /** A value of an owner that neither rests nor is fetched. */
  find(owner: NodeId, nowMs: number, isFetched: (name: string) => boolean): MissingValue | undefined {
    const missing = this.#byOwner.get(owner);
    if (missing === undefined) return undefined;
    let untilMs = Number.POSITIVE_INFINITY;
    const { values } = missing;
    for (let left = Math.min(LOOK_MAX, values.size); left > 0; left--) {
      const [value] = values.values();
      values.delete(value.name);
      values.set(value.name, value);
      if (isFetched(value.name)) continue;
      if (value.untilMs <= nowMs) return value;
      untilMs = Math.min(untilMs, value.untilMs);
    }
    missing.lookMs = values.size > LOOK_MAX ? nowMs + LOOK_AGAIN_MS : untilMs;
    return undefined;
  }

  /** A value of this owner is fetched from now on: others come first. */
  serve(owner: NodeId): void {
    const missing = this.#byOwner.get(owner);
    if (missing !== undefined) missing.turn = this.#nextTurn(owner);
  }

  /** What could be begun for an owner can't: it is looked at again a little later. */
  pause(owner: NodeId, nowMs: number): void {
    const missing = this.#byOwner.get(owner);
    if (missing !== undefined) missing.lookMs = nowMs + LOOK_AGAIN_MS;
  }

  /** A value isn't fetched any more: it may be begun, or once it has rested. */
  look(name: string): void {
    for (const { owner, untilMs } of this.#byName.get(name) ?? []) {
      const missing = this.#byOwner.get(owner)!;
      missing.lookMs = Math.min(missing.lookMs, untilMs);
    }
  }

  #open(owner: NodeId): OwnerMissing {
    const turn = this.#turns.get(owner) ?? this.#nextTurn(owner);
    const missing = { owner, values: new Map(), turn, lookMs: Number.NEGATIVE_INFINITY };
    this.#byOwner.set(owner, missing);
    return missing;
  }

  #nextTurn(owner: NodeId): number {
    this.#turns.delete(owner);
    this.#turns.set(owner, ++this.#lastTurn);
    for (const [oldest] of this.#turns) {
      if (this.#turns.size <= TURNS_MAX) break;
      this.#turns.delete(oldest);
    }
    return this.#lastTurn;
  }
}

/** What tells one value from another: a hash with another length is a lie, and must not stand in the way of the truth. */
export function nameOfValue({ hash, length }: LargeMark): string {
  return `${toHex(hash)}/${length}`;
}

/** Whether a record lacks the same value as the one that it replaced. */
export function lacksSame(record: StoredRecord | undefined, before: StoredRecord): boolean {
  if (record?.large === undefined || !isLive(record)) return false;
  return nameOfValue(record.large) === nameOfValue(before.large!);
}
