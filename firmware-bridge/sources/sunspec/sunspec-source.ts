import { type HealthItem, HealthLedger } from '../../health.ts';
import { keyMatches } from '../../pipeline/key-glob.ts';
import type { SourcePorts } from '../../ports/source-ports.ts';
import { exceptionText } from '../../protocols/modbus/read-request.ts';
import { type DecodedModel, decodeModel } from '../../protocols/sunspec/decode-model.ts';
import { loadModels, type ModelTable } from '../../protocols/sunspec/model-table.ts';
import type { FoundModel } from '../../protocols/sunspec/model-walk.ts';
import { keyOfPoint, POINT_KEYS, type PointKey } from '../../protocols/sunspec/point-keys.ts';
import type { Source, SourceDescription, SourceSink } from '../../source.ts';
import { Backoff } from '../backoff.ts';
import { type BusUse, useBus } from '../modbus/bus-pool.ts';
import type { ModbusBusOptions } from '../modbus/modbus-bus.ts';
import { PollLoop } from '../poll-loop.ts';
import { SunspecReader } from './sunspec-reader.ts';

export interface SunspecSourceOptions extends ModbusBusOptions {
  readonly name: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly unitId: number;
  readonly base?: number;
  /** Put before each key, with a slash. */
  readonly keyPrefix: string;
  /** Globs over the keys without their prefix; what none of them matches is dropped. */
  readonly only: readonly string[];
  /** Points beside those that are shared anyway. */
  readonly points: readonly PointKey[];
  /** Serial number of the device that is meant (`SN` of model 1). Absent: whichever is there. */
  readonly serialNumber?: string;
}

/** A model that is read in each round, and what to call its readings. */
interface ReadModel {
  readonly found: FoundModel;
  readonly table: ModelTable;
  /** Before the keys of the second one of a kind, and so on: `2/`. */
  readonly instance: string;
}

/** Pauses between attempts to find models on a device that doesn't answer, or has none. All ms. */
const WALK_AGAIN = { minMs: 2000, maxMs: 300_000, settledAfterMs: 0 };
/** Who the device is. */
const IDENTITY_MODEL = 1;

/** Reads a device that describes itself by SunSpec models: inverters, meters, batteries. */
export class SunspecSource implements Source {
  readonly description: SourceDescription;
  readonly #options: SunspecSourceOptions;
  readonly #ports: SourcePorts;
  readonly #ledger = new HealthLedger();
  readonly #loop: PollLoop;
  readonly #keys: readonly PointKey[];
  readonly #counters = {
    walks: 0,
    polls: 0,
    readings: 0,
    failedReads: 0,
    refusedReads: 0,
    mapFaults: 0,
    mapChanges: 0,
  };
  #sink: SourceSink | undefined;
  #use: BusUse | undefined;
  #reader: SunspecReader | undefined;
  #busCounters: Readonly<Record<string, number>> = {};
  #unwatch = () => {};
  /** Undefined: to be found out. */
  #models: readonly ReadModel[] | undefined;
  /** Whether the list of models had an end. */
  #isWhole = false;
  #isForeign = false;
  #backoff = new Backoff(WALK_AGAIN);
  #walkAtMs = 0;
  /** Keys that have had a value: only what was there can go. */
  readonly #present = new Map<string, string | undefined>();

  constructor(options: SunspecSourceOptions, ports: SourcePorts) {
    this.description = { kind: 'sunspec', name: options.name };
    this.#options = options;
    this.#ports = ports;
    this.#keys = [...options.points, ...POINT_KEYS];
    this.#loop = new PollLoop({
      clock: ports.clock,
      intervalMs: options.intervalMs,
      round: (isCurrent) => this.#poll(isCurrent),
    });
  }

  start(sink: SourceSink): void {
    this.#sink = sink;
    this.#ledger.connect((change) => sink.health(change));
    this.#use = useBus(this.#options, this.#ports);
    this.#reader = new SunspecReader({ ...this.#options, bus: this.#use.bus });
    const subject = this.description.name;
    this.#unwatch = this.#use.bus.watch({
      opened: () => {
        this.#models = undefined;
        this.#walkAtMs = 0;
        this.#loop.stop();
        this.#loop.start();
      },
      health: (change) => {
        if (change.kind === 'raise') this.#ledger.raise({ ...change.item, subject });
        else this.#ledger.clear({ code: change.code, subject });
      },
    });
  }

  async stop(): Promise<void> {
    this.#loop.stop();
    this.#unwatch();
    this.#ledger.connect(undefined);
    this.#sink = undefined;
    this.#busCounters = this.#use?.bus.counters() ?? this.#busCounters;
    const use = this.#use;
    this.#use = undefined;
    await use?.release();
  }

  health() {
    return this.#ledger.items();
  }

  counters(): Readonly<Record<string, number>> {
    return { ...(this.#use?.bus.counters() ?? this.#busCounters), ...this.#counters };
  }

  async #poll(isCurrent: () => boolean): Promise<void> {
    if (this.#use?.bus.isOpen !== true) return;
    const isDue = this.#ports.clock.nowMs() >= this.#walkAtMs;
    if (this.#models === undefined && !isDue) return;
    if (isDue && (this.#models === undefined || !this.#isWhole)) await this.#walk(isCurrent);
    if (!isCurrent()) return;
    this.#counters.polls += 1;
    for (const model of this.#models ?? []) {
      const result = await this.#reader?.model(model.found);
      if (!isCurrent() || result === undefined) return;
      if (result.kind === 'data') this.#deliver(model, decodeModel(model.table, result.data));
      else if (result.kind === 'changed') return this.#forget();
      else if (result.kind === 'failed') return this.#handleSilence(result.reason);
      else this.#handleRefusal(model.found, result.code);
      if (this.#isForeign) return;
    }
  }

  async #walk(isCurrent: () => boolean): Promise<void> {
    this.#counters.walks += 1;
    const tables = await loadModels();
    const result = await this.#reader?.walk();
    if (!isCurrent() || result === undefined) return;
    if (result.kind === 'failed') {
      this.#handleSilence(result.reason);
      return;
    }
    if (result.kind === 'exception') {
      this.#handleSilence(exceptionText(result.code));
      return;
    }
    const { models, fault } = result;
    this.#noteMap(fault === undefined ? undefined : WALK_FAULTS[fault], 'the list of models');
    // A list without its end is looked at again, and used meanwhile.
    this.#isWhole = fault === undefined;
    if (this.#isWhole) this.#backoff = new Backoff(WALK_AGAIN);
    else this.#walkAtMs = this.#ports.clock.nowMs() + this.#backoff.pauseAfter(-1);
    this.#models = undefined;
    if (models.length === 0) return;
    this.#models = readModels(models, tables, this.#keys);
  }

  #deliver({ found, instance }: ReadModel, decoded: DecodedModel): void {
    const { name, keyPrefix, only } = this.#options;
    this.#ledger.clear({ code: 'device-silent', subject: name });
    this.#ledger.clear({ code: 'device-refuses', subject: `${name}: model ${found.id}` });
    this.#counters.mapFaults += decoded.faults.length;
    const [first] = decoded.faults;
    this.#noteMap(first === undefined ? undefined : `${first.fault} at ${first.path}`, `model ${found.id}`);
    // Meters and batteries behind an inverter have such a model each: the first one is the device's own.
    if (found.id === IDENTITY_MODEL && instance === '') this.#judgeIdentity(decoded);
    if (this.#isForeign) return;
    const takenAtMs = this.#ports.clock.nowMs();
    const missing = new Set([...this.#present.keys()].filter((key) => key.startsWith(`${found.address} `)));
    for (const { path, value, unit } of decoded.points) {
      const bare = keyOfPoint(this.#keys, found.id, path);
      if (bare === undefined || !only.some((glob) => keyMatches(glob, bare))) continue;
      const key = `${keyPrefix}/${instance}${bare}`;
      missing.delete(`${found.address} ${key}`);
      this.#present.set(`${found.address} ${key}`, unit);
      this.#counters.readings += 1;
      this.#sink?.reading({
        key,
        value,
        quality: 'good',
        takenAtMs,
        ...(unit === undefined ? {} : { unit }),
      });
    }
    // What was implemented and isn't any more: a sensor or a phase has gone.
    for (const id of missing) {
      const unit = this.#present.get(id);
      const key = id.slice(id.indexOf(' ') + 1);
      this.#sink?.reading({
        key,
        value: null,
        quality: 'bad',
        takenAtMs,
        ...(unit === undefined ? {} : { unit }),
      });
    }
  }

  #judgeIdentity({ points }: DecodedModel): void {
    const { serialNumber, name } = this.#options;
    const told = points.find(({ path }) => path === 'SN')?.value;
    this.#isForeign = serialNumber !== undefined && told !== serialNumber;
    if (!this.#isForeign) {
      this.#ledger.clear({ code: 'device-changed', subject: name });
      return;
    }
    this.#raise('device-changed', 'failure', name, {
      title: 'another device is at this address',
      text: `Expected the serial number ${serialNumber}; got ${String(told ?? 'none')}. Its readings are dropped. Correct address, unitId or serialNumber.`,
    });
  }

  /** The device was changed or updated while it was read: what it has is found out anew. */
  #forget(): void {
    this.#counters.mapChanges += 1;
    this.#models = undefined;
    this.#walkAtMs = 0;
  }

  #handleSilence(reason: string): void {
    if (reason === 'no-port') return;
    this.#counters.failedReads += 1;
    this.#models = undefined;
    this.#walkAtMs = this.#ports.clock.nowMs() + this.#backoff.pauseAfter(-1);
    const { name, unitId, retries } = this.#options;
    this.#raise('device-silent', 'failure', name, {
      title: `unit ${unitId} gives no usable answer`,
      text:
        `${reason}, ${retries + 1} times in a row. It is asked ever more seldom, up to every 5 minutes. ` +
        'Check its power and address, and that Modbus is turned on in its menu, with `gridvine sunspec dump`.',
    });
  }

  #handleRefusal({ id, address }: FoundModel, code: number): void {
    this.#counters.refusedReads += 1;
    this.#raise('device-refuses', 'warning', `${this.description.name}: model ${id}`, {
      title: `model ${id} refused: ${exceptionText(code)}`,
      text: `The device lists it at ${address} and doesn't let it be read. Its other models still are.`,
    });
  }

  #noteMap(fault: string | undefined, where: string): void {
    const subject = `${this.description.name}: ${where}`;
    if (fault === undefined) {
      this.#ledger.clear({ code: 'map-mismatch', subject });
      return;
    }
    this.#raise('map-mismatch', 'warning', subject, {
      title: `${where} is not as SunSpec has it`,
      text: `${fault}. What can't be told for certain is left out. Look at it with \`gridvine sunspec dump\`, and for newer firmware.`,
    });
  }

  #raise(
    code: HealthItem['code'],
    severity: HealthItem['severity'],
    subject: string,
    words: Pick<HealthItem, 'title' | 'text'>,
  ): void {
    this.#ledger.raise({ code, severity, subject, ...words });
  }
}

/** Those of a device's models that have something to share, numbered where there are several of a kind. */
function readModels(
  found: readonly FoundModel[],
  tables: ReadonlyMap<number, ModelTable>,
  keys: readonly PointKey[],
): readonly ReadModel[] {
  const seen = new Map<number, number>();
  return found.flatMap((model) => {
    const table = tables.get(model.id);
    if (table === undefined || !keys.some(({ models }) => models.includes(model.id))) return [];
    const number = (seen.get(model.id) ?? 0) + 1;
    seen.set(model.id, number);
    return [{ found: model, table, instance: number === 1 ? '' : `${number}/` }];
  });
}

const WALK_FAULTS = {
  'no-marker':
    "The marker SunS isn't at 40000, 50000 or 0 (or at base): no SunSpec device, another unitId, or not turned on",
  'no-end': 'The list breaks off before its end',
  'beyond-the-end': 'A model is told to reach beyond the last register',
  'too-many': 'There are more models than any device has',
} as const;
