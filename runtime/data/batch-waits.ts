import type { Version } from '../core/version.ts';
import { markOfKey } from '../wire/record-marks.ts';
import { firstOf, isEmpty, type StoredRecord } from './stored-record.ts';

/** A record that waits. It watches one mark for which there is nothing yet, and looks for the next one once there is. */
interface Wait {
  readonly key: string;
  readonly mark: number;
  readonly place: number;
  readonly group: Group;
  readonly members: readonly number[];
  /** Since one waits under its key. */
  readonly sinceMs: number;
  /** The place behind the mark that was looked at last: before it there is something for each. */
  at: number;
  /** undefined: there is something for each of its marks. */
  watched: number | undefined;
  isEmpty: boolean;
}

/** Those that wait of one batch, by place: they are seen together. One that was put alone is a batch of its own. */
interface Group {
  readonly first: Version;
  readonly places: (Wait | undefined)[];
  size: number;
  /** So many of them watch a mark, or lack their value. */
  blocked: number;
}

const NONE: readonly number[] = [];

/**
 * Which of an owner's records wait for which keys [P-5.41]. What a record that comes makes whole is found by its mark, so that it costs
 * the same however many wait: nothing is looked through, and so there needs to be no bound below that of the owner's records.
 */
export class BatchWaits {
  readonly #waits = new Map<string, Wait>();
  readonly #groups = new Map<Version, Group>();
  /** Who watches a mark, ascending by the first version of its batch. */
  readonly #watching = new Map<number, Wait[]>();
  /** By the mark of a key: the highest version that is seen there, or that says that nothing is. */
  readonly #seen = new Map<number, Version>();
  readonly #whole = new Set<Group>();

  /** Keys of what waits, and since when something does there. */
  *since(): IterableIterator<readonly [key: string, sinceMs: number]> {
    for (const { key, sinceMs } of this.#waits.values()) yield [key, sinceMs];
  }

  sinceOf(key: string): number | undefined {
    return this.#waits.get(key)?.sinceMs;
  }

  /** A record waits, in no other's place: for its value, or for others of its batch. */
  add(record: StoredRecord, sinceMs: number): void {
    const place = record.batch?.index ?? 0;
    const mark = shortMark(markOfKey(record.key));
    const group = this.#groupWith(firstOf(record), place);
    const wait: Wait = {
      ...{ key: record.key, mark, place, group, members: record.batch?.members ?? NONE, at: 0 },
      ...{ watched: undefined, isEmpty: isEmpty(record), sinceMs },
    };
    this.#waits.set(wait.key, wait);
    group.places[place] = wait;
    group.size++;
    this.#lookOn(wait);
    if (isBlocked(wait)) group.blocked++;
    this.#goOn(mark, { from: group.first, to: group.first });
    this.#settle(group);
  }

  /** It doesn't wait any more. */
  remove(key: string): void {
    const wait = this.#waits.get(key);
    if (wait === undefined) return;
    const { group } = wait;
    this.#waits.delete(key);
    group.places[wait.place] = undefined;
    group.size--;
    if (isBlocked(wait)) group.blocked--;
    if (wait.watched !== undefined) this.#unwatch(wait, wait.watched);
    // For its mates there may be nothing of its key any more.
    for (const other of group.places) {
      if (other === undefined) continue;
      other.at = 0;
      if (other.watched !== undefined) continue;
      this.#lookOn(other);
      if (other.watched !== undefined && !other.isEmpty) group.blocked++;
    }
    this.#settle(group);
  }

  /** The value of a record that waits has come. */
  fill(key: string): void {
    const wait = this.#waits.get(key);
    if (wait === undefined || !wait.isEmpty) return;
    wait.isEmpty = false;
    if (!isBlocked(wait)) wait.group.blocked--;
    this.#settle(wait.group);
  }

  /** Readers see this version of a key, or that there is nothing. */
  see(key: string, version: Version): void {
    const mark = shortMark(markOfKey(key));
    if (version <= (this.#seen.get(mark) ?? 0)) return;
    this.#seen.set(mark, version);
    this.#goOn(mark, { from: 0, to: version });
  }

  /** The table has nothing of a key any more. */
  unsee(key: string): void {
    this.#seen.delete(shortMark(markOfKey(key)));
  }

  /** Takes the keys of a batch that readers may see now: it waits no more. undefined: there is none. */
  takeWhole(): string[] | undefined {
    for (const group of this.#whole) {
      this.#whole.delete(group);
      this.#groups.delete(group.first);
      const keys = group.places.flatMap((wait) => (wait === undefined ? [] : [wait.key]));
      for (const key of keys) this.#waits.delete(key);
      return keys;
    }
    return undefined;
  }

  #groupWith(first: Version, place: number): Group {
    const present = this.#groups.get(first);
    if (present !== undefined && present.places[place] === undefined) return present;
    // Two records of one owner have the same version: what comes second of such waits for good.
    // Filled from its start on, an array would get room for 17 at once: many batches have one that waits.
    const places = new Array<Wait | undefined>(place + 1).fill(undefined);
    const group = { first, places, size: 0, blocked: present === undefined ? 0 : 1 };
    if (present === undefined) this.#groups.set(first, group);
    return group;
  }

  /** For those that watch a mark and whose batch begins within these versions there is something. */
  #goOn(mark: number, { from, to }: { readonly from: Version; readonly to: Version }): void {
    const watching = this.#watching.get(mark);
    if (watching === undefined) return;
    const begin = indexOf(watching, from);
    const met = watching.splice(begin, indexOf(watching, to + 1) - begin);
    if (watching.length === 0) this.#watching.delete(mark);
    for (const wait of met) {
      this.#lookOn(wait);
      if (isBlocked(wait)) continue;
      wait.group.blocked--;
      this.#settle(wait.group);
    }
  }

  /** Finds its next mark for which there is nothing, and watches that. */
  #lookOn(wait: Wait): void {
    const { members, group } = wait;
    wait.watched = undefined;
    while (wait.at < members.length) {
      const place = wait.at++;
      const mark = shortMark(members[place]);
      if (group.places[place]?.mark === mark || (this.#seen.get(mark) ?? 0) >= group.first) continue;
      this.#watch(wait, mark);
      return;
    }
  }

  #watch(wait: Wait, mark: number): void {
    wait.watched = mark;
    const watching = this.#watching.get(mark);
    if (watching === undefined) this.#watching.set(mark, [wait]);
    else watching.splice(indexOf(watching, wait.group.first + 1), 0, wait);
  }

  #unwatch(wait: Wait, mark: number): void {
    const watching = this.#watching.get(mark)!;
    watching.splice(watching.indexOf(wait, indexOf(watching, wait.group.first)), 1);
    if (watching.length === 0) this.#watching.delete(mark);
  }

  #settle(group: Group): void {
    if (group.size === 0 && this.#groups.get(group.first) === group) this.#groups.delete(group.first);
    if (group.size > 0 && group.blocked === 0) this.#whole.add(group);
    else this.#whole.delete(group);
  }
}

/** As a number with a sign it takes no memory of its own, and there may be many. */
function shortMark(mark: number): number {
  return mark | 0;
}

function isBlocked({ watched, isEmpty: lacksValue }: Wait): boolean {
  return watched !== undefined || lacksValue;
}

/** The first place of a batch that begins at `first` or later. */
function indexOf(watching: readonly Wait[], first: Version): number {
  let low = 0;
  let high = watching.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (watching[middle].group.first < first) low = middle + 1;
    else high = middle;
  }
  return low;
}
