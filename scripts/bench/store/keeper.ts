import type { KeptEntry, KeptOwner } from '#runtime/core/kept-table.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { TableKeeper } from '#runtime/driver/table-keeper.ts';
import type { KeepFace } from '#runtime/engine/keep-face.ts';
import { sqlitePlace } from '#runtime/storage/sqlite-store.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';

const RECORDS = 20;

/** Whose readings change each second: this node's own, which it keeps; another's; one each of twenty others; or all of all others. */
export const READERS = ['own', 'one other', 'twenty others', 'all others'] as const;
export type Reader = (typeof READERS)[number];

interface Held {
  revision: number;
  known: number;
  readonly entries: Map<string, KeptEntry>;
}

/** The daemon's own keeper over a table of so many nodes, on virtual time; the writes are real. */
export class KeptDay {
  readonly keeper: TableKeeper;
  /** The longest that the event loop stood still while it wrote. */
  longestMs = 0;
  readonly #owners: Held[];
  readonly #ids: string[];
  #nowMs = 1_000;
  #timers: { readonly atMs: number; readonly callback: () => void }[] = [];
  #revision = 0;
  #sequence = 0;

  constructor(directory: string, owners: number) {
    this.#ids = Array.from({ length: owners }, (_, i) =>
      (Math.imul(i + 1, 2_654_435_761) >>> 0).toString(16).padStart(8, '0').repeat(4),
    );
    this.#owners = this.#ids.map(() => ({ revision: 0, known: 0, entries: new Map() }));
    this.keeper = new TableKeeper({
      place: sqlitePlace(directory),
      clock: { nowMs: () => this.#nowMs, takeJumpMs: () => 0 },
      scheduler: {
        after: (delayMs, callback) => {
          const timer = { atMs: this.#nowMs + delayMs, callback };
          this.#timers.push(timer);
          return () => {
            this.#timers = this.#timers.filter((other) => other !== timer);
          };
        },
        soon: (callback) => void setImmediate(callback),
      },
      machineBoot: 'bench',
      notify: (_code, notice) => {
        if (notice !== undefined) throw new Error(notice.text);
      },
    });
  }

  /** @returns how many other owners are there. */
  async load(): Promise<number> {
    const scope = { self: this.#ids[0], cluster: 'bench', keys: () => ['00112233aabbccdd'] };
    return (await this.keeper.load(scope)).others.length;
  }

  /** Has everything written once. */
  async start(): Promise<void> {
    for (let owner = 0; owner < this.#owners.length; owner++)
      for (let name = 0; name < RECORDS; name++) this.#put(owner, name);
    for (let name = 0; name < RECORDS; name++) this.keeper.keepOwn(nameOf(name));
    this.keeper.start(this.#face());
    await this.keeper.persist();
  }

  /** Twenty readings a second. */
  async play(seconds: number, reader: Reader): Promise<void> {
    const step = Math.floor(this.#owners.length / RECORDS);
    for (let second = 0; second < seconds; second++) {
      const isDue = this.#timers.some(({ atMs }) => atMs <= this.#nowMs + 1_000);
      // Between writes nobody sees what they say.
      if (reader === 'all others' && isDue) for (let i = 1; i < this.#owners.length; i++) this.#putAll(i);
      for (let i = 0; i < RECORDS && reader !== 'all others'; i++) {
        if (reader === 'twenty others') this.#put(1 + ((i * step) % (this.#owners.length - 1)), 3);
        else this.#put(reader === 'own' ? 0 : 1, i);
      }
      if (reader === 'own') this.keeper.keepOwn(nameOf(0));
      this.#nowMs += 1_000;
      const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs);
      if (due.length === 0) continue;
      this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#nowMs);
      let beganMs = performance.now();
      for (const { callback } of due) callback();
      // It has written when it knows when it will again.
      while (this.#timers.length === 0) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        const nowMs = performance.now();
        this.longestMs = Math.max(this.longestMs, nowMs - beganMs);
        beganMs = nowMs;
      }
    }
  }

  #putAll(owner: number): void {
    for (let name = 0; name < RECORDS; name++) this.#put(owner, name);
  }

  #put(owner: number, name: number): void {
    const held = this.#owners[owner];
    const version = makeVersion(3, ++this.#sequence);
    const key = nameOf(name);
    const body = encodeRecord({
      ...{ version, key, value: 1_200 + (this.#sequence % 100) / 10, unit: 'W', deleted: false },
      ...{ priority: 'normal', quality: 'good', uptimeMs: this.#nowMs },
    });
    held.entries.set(key, {
      ...{ key, version, body, signature: undefined, setAtMs: this.#nowMs, ageBoundMs: 4, expired: false },
    });
    held.known = version;
    held.revision = ++this.#revision;
  }

  #face(): KeepFace {
    return {
      changedSince: (revision) => ({ revision: this.#revision, changed: this.#changed(revision) }),
      holds: () => true,
      takeBack() {},
    };
  }

  #changed(revision: number): KeptOwner[] {
    return this.#owners.flatMap((held, i) =>
      held.revision > revision
        ? [{ owner: this.#ids[i], known: held.known, gc: makeVersion(3, 0), entries: held.entries.values() }]
        : [],
    );
  }
}

function nameOf(name: number): string {
  return `sensor/${name}/power`;
}
