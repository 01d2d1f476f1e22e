import type { Version } from '../core/version.ts';

/** Keys of one owner that are noted, at most. */
const KEYS_MAX = 64;

interface Passed {
  readonly version: Version;
  /** Its owner is entitled to it by now: it is taken if it comes. */
  isOpen: boolean;
}

/**
 * What a holder passed over of one owner that isn't entitled to it by the law that the holder knows [P-5.20]: of each key the newest.
 * The line has moved over it, so nobody would tell it again; the law may be an old one.
 */
export class PassedOver {
  readonly #byKey = new Map<string, Passed>();

  get size(): number {
    return this.#byKey.size;
  }

  /** The lowest version; Infinity where there is none. */
  get lowest(): Version {
    return lowestOf(this.#byKey.values());
  }

  /** The lowest version of what may be taken by now; Infinity where there is none. */
  get lowestOpen(): Version {
    return lowestOf([...this.#byKey.values()].filter(({ isOpen }) => isOpen));
  }

  note(key: string, version: Version): void {
    const present = this.#byKey.get(key);
    if (present === undefined ? this.#byKey.size >= KEYS_MAX : present.version > version) return;
    this.#byKey.set(key, { version, isOpen: false });
  }

  /** What is this or older of a key is passed over no more: there is a record. */
  settle({ key, version }: { readonly key: string; readonly version: Version }): void {
    const present = this.#byKey.get(key);
    if (present !== undefined && present.version <= version) this.#byKey.delete(key);
  }

  /** The law is another one. */
  judge(mayWrite: (key: string) => boolean): void {
    for (const [key, passed] of this.#byKey) passed.isOpen = mayWrite(key);
  }

  /** Whether this version was passed over, and may be taken by now. */
  isOpen(version: Version): boolean {
    for (const passed of this.#byKey.values()) if (passed.version === version) return passed.isOpen;
    return false;
  }
}

function lowestOf(passed: Iterable<Passed>): Version {
  let lowest = Number.POSITIVE_INFINITY;
  for (const { version } of passed) lowest = Math.min(lowest, version);
  return lowest;
}
