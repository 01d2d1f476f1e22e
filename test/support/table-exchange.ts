import assert from 'node:assert/strict';
import fc from 'fast-check';
import { deltaFor, freshBlock } from '#runtime/data/delta.ts';
import type { OwnerRecords } from '#runtime/data/owner-records.ts';
import type { Block } from '#runtime/wire/message.ts';
import { stored, TestTable, v } from './record-tables.ts';
import { ANN } from './wire.ts';

/** What can happen between the tables, one thing at a time. Numbers are taken modulo what there is. */
export type ExchangeStep =
  | { readonly kind: 'put' | 'delete'; readonly key: string; readonly ttlMs?: number }
  | { readonly kind: 'collect' }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'ask'; readonly from: number; readonly to: number; readonly room: number }
  | { readonly kind: 'push'; readonly from: number; readonly to: number; readonly key: string }
  | { readonly kind: 'deliver' | 'repeat' | 'lose'; readonly which: number };

export interface ExchangeOptions {
  readonly holders: number;
  /** Whether the owner forgets its tombstones from time to time. */
  readonly collects: boolean;
  /** Whether some values are put with a short ttl. */
  readonly expires: boolean;
}

const ITEM_BYTES = 10;
const key = fc.constantFrom('a', 'b', 'c');

/** Any order of these steps. */
export function exchangeSteps({ holders, collects, expires }: ExchangeOptions): fc.Arbitrary<ExchangeStep[]> {
  const place = fc.nat(holders);
  const which = fc.nat(50);
  const ttlMs = expires
    ? fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined })
    : fc.constant(undefined);
  const steps: fc.Arbitrary<ExchangeStep>[] = [
    fc.record({ kind: fc.constant('put' as const), key, ttlMs }),
    fc.record({ kind: fc.constant('delete' as const), key }),
    fc.record({
      kind: fc.constant('ask' as const),
      from: place,
      to: place,
      room: fc.integer({ min: ITEM_BYTES, max: 4 * ITEM_BYTES }),
    }),
    fc.record({ kind: fc.constant('push' as const), from: place, to: place, key }),
    fc.record({ kind: fc.constant('deliver' as const), which }),
    fc.record({ kind: fc.constant('deliver' as const), which }),
    fc.record({ kind: fc.constantFrom('deliver' as const, 'repeat' as const, 'lose' as const), which }),
  ];
  if (collects) steps.push(fc.constant({ kind: 'collect' as const }));
  if (expires)
    steps.push(fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 30 }) }));
  return fc.array(fc.oneof(...steps), { maxLength: 60, size: 'max' });
}

/** One owner's table and some holders that exchange deltas and pushes over a bad network. */
export class TableExchange {
  readonly tables: TestTable[];
  readonly #owner: OwnerRecords;
  readonly #flying: { to: number; block: Block }[] = [];
  readonly #newestSeen = new Map<string, number>();
  readonly #lines = new Map<number, { known: number; gc: number }>();
  #sequence = 0;
  #nowMs = 1_000;

  constructor(holders: number) {
    this.tables = Array.from({ length: holders + 1 }, () => new TestTable());
    this.#owner = this.tables[0].table.openOwn(ANN, 0, 0);
  }

  run(step: ExchangeStep): void {
    switch (step.kind) {
      case 'put':
      case 'delete':
        this.#write(step);
        break;
      case 'collect':
        this.tables[0].table.collectTombstones(this.#owner, this.#owner.known, this.#nowMs);
        break;
      case 'time':
        this.#nowMs += step.ms;
        for (const { table } of this.tables) table.expire(this.#nowMs);
        break;
      case 'ask':
        this.#send(step.from, this.#answer(step.from, step.to, step.room));
        break;
      case 'push':
        this.#push(step);
        break;
      default:
        this.#fate(step);
    }
    this.#check();
  }

  /** Lets everybody ask everybody until nothing more comes, and checks that all hold what the owner holds. */
  settle(): void {
    this.#nowMs += 1_000;
    for (const { table } of this.tables) table.expire(this.#nowMs);
    for (let round = 0; round < 100 && this.#askAll(); round++) this.#check();
    for (const holder of this.tables.slice(1)) {
      assert.deepEqual(holder.live(), this.tables[0].live());
      assert.deepEqual(holder.tombstones(), this.tables[0].tombstones());
      if (this.#sequence > 0) assert.equal(holder.lines(), this.tables[0].lines());
    }
  }

  #askAll(): boolean {
    let moved = false;
    for (let from = 1; from < this.tables.length; from++) {
      for (let to = 0; to < this.tables.length; to++) {
        const block = this.#answer(from, to, 3 * ITEM_BYTES);
        if (block === undefined) continue;
        this.#merge(from, block);
        moved = true;
      }
    }
    return moved;
  }

  #write({ kind, key, ttlMs }: { kind: 'put' | 'delete'; key: string; ttlMs?: number }): void {
    if (kind === 'delete' && (this.#owner.get(key)?.deleted ?? true)) return;
    this.#sequence++;
    const content = { key, version: v(this.#sequence), deleted: kind === 'delete', ttlMs };
    this.tables[0].table.putOwn(this.#owner, stored(content, this.#nowMs), this.#nowMs);
  }

  #answer(from: number, to: number, room: number): Block | undefined {
    const records = this.tables[to].table.owner(ANN);
    if (from === to || records === undefined) return undefined;
    return deltaFor(records, this.tables[from].table.line(ANN), this.#nowMs, room, () => ITEM_BYTES);
  }

  #push({ from, to, key }: { from: number; to: number; key: string }): void {
    const records = this.tables[from].table.owner(ANN);
    const record = records?.get(key);
    if (from === to || records === undefined || record === undefined) return;
    this.#send(to, freshBlock(records, record, this.#nowMs));
  }

  #send(to: number, block: Block | undefined): void {
    if (to !== 0 && block !== undefined) this.#flying.push({ to, block });
  }

  #fate({ kind, which }: { kind: 'deliver' | 'repeat' | 'lose'; which: number }): void {
    if (this.#flying.length === 0) return;
    const at = which % this.#flying.length;
    const { to, block } = this.#flying[at];
    if (kind !== 'repeat') this.#flying.splice(at, 1);
    if (kind !== 'lose') this.#merge(to, block);
  }

  #merge(to: number, block: Block): void {
    assert.equal(this.tables[to].table.merge(block, this.#nowMs, null).refused, undefined);
  }

  /** The pair (gc, known) never goes back, and no reader sees an older version of a key after a newer one. */
  #check(): void {
    for (const [i, { table, changes }] of this.tables.entries()) {
      const { known, gc } = table.line(ANN);
      const before = this.#lines.get(i) ?? { known: 0, gc: 0 };
      assert.ok(gc > before.gc || (gc === before.gc && known >= before.known), 'a line went back');
      this.#lines.set(i, { known, gc });
      for (const { change, record } of changes.splice(0)) {
        if (change !== 'put') continue;
        const name = `${i}/${record.key}`;
        const newest = this.#newestSeen.get(name) ?? 0;
        assert.ok(record.version >= newest, `table ${i} showed ${record.key} of an older version`);
        this.#newestSeen.set(name, record.version);
      }
    }
  }
}

/** Whatever happens on the way, all tables hold the same in the end. */
export function assertConverges(options: ExchangeOptions, runs: number): void {
  fc.assert(
    fc.property(exchangeSteps(options), (steps) => {
      const exchange = new TableExchange(options.holders);
      for (const step of steps) exchange.run(step);
      exchange.settle();
    }),
    { numRuns: runs },
  );
}
