/** A row of numbers, and when it was taken. */
export type TimelineRow = { readonly atMs: number } & Readonly<Record<string, number>>;

/** A timeline by columns of equal length, in the order of time. */
export type Columns<Row extends TimelineRow> = Readonly<Record<keyof Row, readonly number[]>>;

export interface TimelineOptions<Row extends TimelineRow> {
  /** How far apart rows are at first. */
  readonly intervalMs: number;
  /** Makes one row of two neighbours. */
  readonly merge: (earlier: Row, later: Row) => Row;
}

const ROWS_MAX = 400;

/**
 * Rows taken in a steady rhythm, of which at most 400 are kept, however long it goes on: when there are more, neighbours are
 * merged and the rhythm is half as fast. The first row stands for the start and is never merged.
 */
export class Timeline<Row extends TimelineRow> {
  readonly #merge: TimelineOptions<Row>['merge'];
  #rows: Row[] = [];
  #intervalMs: number;

  constructor(options: TimelineOptions<Row>) {
    this.#merge = options.merge;
    this.#intervalMs = options.intervalMs;
  }

  /** When the next row is due, after the last one. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  get lastAtMs(): number {
    return this.#rows.at(-1)?.atMs ?? 0;
  }

  add(row: Row): void {
    this.#rows.push(row);
    if (this.#rows.length > ROWS_MAX) this.#thin();
  }

  /** Four digits behind the point: a share of one pair in 10000 shows. @throws Error where there is no row. */
  columns(): Columns<Row> {
    if (this.#rows.length === 0) throw new Error('a timeline without a row has no columns');
    const names = Object.keys(this.#rows[0]) as (keyof Row)[];
    return Object.fromEntries(
      names.map((name) => [name, this.#rows.map((row) => Math.round(row[name] * 10_000) / 10_000)]),
    ) as unknown as Columns<Row>;
  }

  #thin(): void {
    const [first, ...rest] = this.#rows;
    const merged = [first];
    for (let i = 0; i < rest.length; i += 2)
      merged.push(i + 1 < rest.length ? this.#merge(rest[i], rest[i + 1]) : rest[i]);
    this.#rows = merged;
    this.#intervalMs *= 2;
  }
}
