import { setImmediate as turn } from 'node:timers/promises';
import type { ConfigTree } from '#device/config/config-path.ts';
import { ConfigError } from '#device/config/problem.ts';
import { FleetDesk, type FleetDeskOptions } from '#device/fleet/fleet-desk.ts';
import { FleetFile } from '#device/fleet/fleet-file.ts';
import type { EngineEvent } from '#runtime/core/outputs.ts';
import type { AppValue } from '#runtime/core/value.ts';
import type { MemberView, RecordView } from '#runtime/core/views.ts';
import type { HealthItem } from '#runtime/driver/contract.ts';
import type { RecordFilter } from '#runtime/engine/contract.ts';
import { FailingDisk } from './failing-disk.ts';
import { memberView, recordView } from './fake-node.ts';
import { ManualTime } from './manual-time.ts';

export const FLEET_DIRECTORY = '/data';

/** A board with a desk of its own, on a disk and in a time that the test holds. */
export class FleetBoard {
  readonly node: FleetDeskOptions['node'];
  readonly disk: FailingDisk;
  readonly time: ManualTime;
  /** What was applied, in order; undefined: nothing of the fleet. */
  readonly applied: (ConfigTree | undefined)[] = [];
  /** A configuration that holds one of these texts can't be applied here. */
  readonly unbearable = new Set<string>();
  conditions: HealthItem[] = [];
  /** The run of the machine. */
  machineBoot: string | null = 'first';
  readonly logged: string[] = [];
  desk: FleetDesk;
  readonly #accept: boolean;

  constructor(
    node: FleetDeskOptions['node'],
    parts: { readonly disk?: FailingDisk; readonly time?: ManualTime; readonly accept?: boolean } = {},
  ) {
    this.node = node;
    this.disk = parts.disk ?? new FailingDisk();
    this.time = parts.time ?? new ManualTime();
    this.#accept = parts.accept ?? true;
    this.desk = this.#make();
  }

  /** The daemon was killed, and starts again. */
  async crash(): Promise<void> {
    this.desk = this.#make();
    await this.desk.start();
  }

  /** The daemon ended as it should, and starts again. */
  async restart(): Promise<void> {
    await this.desk.stop();
    await this.crash();
  }

  /** What it runs, by name; undefined: nothing of the fleet. */
  get running(): number | undefined {
    return this.desk.view().running?.counter;
  }

  get codes(): string[] {
    return this.desk.health().map(({ code }) => code);
  }

  #make(): FleetDesk {
    const { time } = this;
    return new FleetDesk({
      node: this.node,
      file: new FleetFile({ files: this.disk, directory: FLEET_DIRECTORY }),
      accept: this.#accept,
      machineBoot: this.machineBoot,
      clock: time,
      scheduler: time,
      health: () => [...this.conditions, ...this.desk.health()],
      log: (_level, event) => void this.logged.push(event),
      apply: async (config) => {
        const text = JSON.stringify(config ?? null);
        for (const word of this.unbearable)
          if (text.includes(word))
            throw new ConfigError([{ path: ['preset'], expected: 'something else', got: word }]);
        this.applied.push(config);
      },
    });
  }
}

/** Boards that hear of one another's records at once, unless they are cut off. */
export class FleetTable {
  readonly boards: FleetBoard[] = [];
  readonly #seats: Seat[] = [];
  #version = 0;

  /** A further board, running. */
  async board({
    tags = {},
    accept,
  }: {
    tags?: Record<string, string>;
    accept?: boolean;
  } = {}): Promise<FleetBoard> {
    const id = String(this.#seats.length + 1).repeat(32);
    const seat = new Seat(this, id, tags);
    this.#seats.push(seat);
    for (const other of this.#seats) seat.take([...other.known.values()]);
    const board = new FleetBoard(seat, accept === undefined ? {} : { accept });
    this.boards.push(board);
    await board.desk.start();
    return board;
  }

  get members(): MemberView[] {
    return this.#seats.map(({ id, tags, state }) => memberView({ id, name: `board-${id[0]}`, tags, state }));
  }

  seatOf(board: FleetBoard): Seat {
    return board.node as Seat;
  }

  nextVersion(): number {
    return ++this.#version;
  }

  spread(from: Seat): void {
    for (const seat of this.#seats) if (!seat.isCut && !from.isCut) seat.take([...from.known.values()]);
  }

  /** Time goes by, and what it brings is done. */
  async run(ms = 5_000): Promise<void> {
    for (let done = 0; done < ms; done += 5_000) {
      for (const board of this.boards) board.time.advance(Math.min(5_000, ms));
      for (let i = 0; i < 20; i++) await turn();
    }
  }
}

/** The node of one board of a `FleetTable`. */
export class Seat {
  readonly id: string;
  readonly tags: Record<string, string>;
  readonly known = new Map<string, RecordView>();
  state: MemberView['state'] = 'alive';
  isCut = false;
  /** Boards that may set nothing, as this one knows the policy. */
  readonly unentitled = new Set<string>();
  readonly #table: FleetTable;
  readonly #listeners = new Set<(event: EngineEvent) => void>();

  constructor(table: FleetTable, id: string, tags: Record<string, string>) {
    this.#table = table;
    this.id = id;
    this.tags = tags;
  }

  members(): MemberView[] {
    return this.#table.members;
  }

  isEntitled(owner: string): boolean {
    return !this.unentitled.has(owner);
  }

  records({ key, owner }: RecordFilter = {}): RecordView[] {
    return [...this.known.values()].filter(
      (record) => record.value !== null && record.key === key && (owner ?? record.owner) === record.owner,
    );
  }

  put(key: string, value: AppValue): number {
    const version = this.#table.nextVersion();
    this.take([recordView({ owner: this.id, key, value, version })]);
    this.#table.spread(this);
    return version;
  }

  delete(key: string): number {
    return this.put(key, null);
  }

  onEvent(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Comes back to the others. */
  heal(): void {
    this.isCut = false;
    this.#table.spread(this);
    for (const board of this.#table.boards) this.take([...this.#table.seatOf(board).known.values()]);
  }

  take(records: readonly RecordView[]): void {
    for (const record of records) {
      const place = `${record.owner} ${record.key}`;
      if ((this.known.get(place)?.version ?? 0) >= record.version) continue;
      this.known.set(place, record);
      for (const listener of this.#listeners) listener({ type: 'record', change: 'put', record });
    }
  }
}
