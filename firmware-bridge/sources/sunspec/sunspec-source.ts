import type { AppValue } from '#runtime/core/value.ts';
import { type HealthItem, HealthLedger } from '../../health.ts';
import { keyMatches } from '../../pipeline/key-glob.ts';
import type { SourcePorts } from '../../ports/source-ports.ts';
import { exceptionText, isLasting, isSilence } from '../../protocols/modbus/read-request.ts';
import { type DecodedModel, decodeModel } from '../../protocols/sunspec/decode-model.ts';
import { loadModels, type ModelTable } from '../../protocols/sunspec/model-table.ts';
import type { FoundModel } from '../../protocols/sunspec/model-walk.ts';
import { POINT_KEYS, type PointKey, pointOf } from '../../protocols/sunspec/point-keys.ts';
import type { Source, SourceDescription, SourceSink } from '../../source.ts';
import { Backoff } from '../backoff.ts';
import { type BusUse, useBus } from '../modbus/bus-pool.ts';
import type { ModbusBusOptions } from '../modbus/modbus-bus.ts';
import { RefusalPatience } from '../modbus/refusal-patience.ts';
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

/** The point that a key comes from. */
interface Giver {
  readonly address: number;
  readonly path: string;
  readonly unit: string | undefined;
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
  /** Those of the last walk, for what was said about them. */
  #lastModels: readonly ReadModel[] = [];
  /** Whether the list of models had an end. */
  #isWhole = false;
  #isForeign = false;
  #backoff = new Backoff(WALK_AGAIN);
  #walkAtMs = 0;
  readonly #patience = new RefusalPatience();
  /** Who gives each key since the last walk: only what was there can go, and two models never take turns. */
  readonly #givers = new Map<string, Giver>();

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
      opened: ({ wasDropped }) => {
        this.#models = undefined;
        // A connection made anew because the device is silent says nothing new about it.
        if (!wasDropped) this.#walkAtMs = 0;
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
      const result = await this.#reader?.model(model.found, model.table);
      if (!isCurrent() || result === undefined) return;
      if (result.kind === 'data') this.#deliver(model, decodeModel(model.table, result.data));
      else if (result.kind === 'changed') return this.#forget();
      else if (result.kind === 'moving') this.#noteMoving(model);
      else if (result.kind === 'failed') return this.#handleSilence(result.reason);
      else if (isSilence(result.code)) return this.#handleSilence(exceptionText(result.code));
      else this.#handleRefusal(model, result.code);
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
    const listed = 'the list of models';
    const said = fault === undefined ? undefined : WALK_FAULTS[fault];
    this.#noteMap(said, `${this.description.name}: ${listed}`, listed);
    // A list without its end is looked at again, and used meanwhile.
    this.#isWhole = fault === undefined;
    if (this.#isWhole) this.#backoff = new Backoff(WALK_AGAIN);
    else this.#walkAtMs = this.#ports.clock.nowMs() + this.#backoff.pauseAfter(-1);
    this.#useModels(models.length === 0 ? undefined : readModels(models, tables, this.#keys));
  }

  #useModels(models: readonly ReadModel[] | undefined): void {
    const subjects = new Set(models?.map((model) => this.#subjectOf(model)));
    for (const model of this.#models ?? this.#lastModels) {
      const subject = this.#subjectOf(model);
      if (subjects.has(subject)) continue;
      this.#ledger.clear({ code: 'map-mismatch', subject });
      this.#ledger.clear({ code: 'device-refuses', subject });
      this.#patience.forget(subject);
    }
    this.#givers.clear();
    // Nothing is shared before the device has said who it is.
    this.#isForeign = this.#options.serialNumber !== undefined;
    const isNameless = models !== undefined && !models.some(({ found }) => found.id === IDENTITY_MODEL);
    if (isNameless) this.#judgeIdentity(undefined);
    this.#models = models;
    this.#lastModels = models ?? [];
  }

  #subjectOf({ found, instance }: ReadModel): string {
    return `${this.description.name}: model ${instance}${found.id}`;
  }

  #deliver(model: ReadModel, decoded: DecodedModel): void {
    const { found, instance } = model;
    const { name } = this.#options;
    this.#ledger.clear({ code: 'device-silent', subject: name });
    this.#patience.forget(this.#subjectOf(model));
    this.#ledger.clear({ code: 'device-refuses', subject: this.#subjectOf(model) });
    this.#counters.mapFaults += decoded.faults.length;
    const [first] = decoded.faults;
    const fault = first === undefined ? undefined : `${first.fault} at ${first.path}`;
    this.#noteMap(fault, this.#subjectOf(model), `model ${found.id}`);
    // Meters and batteries behind an inverter have such a model each: the first one is the device's own.
    if (found.id === IDENTITY_MODEL && instance === '') this.#judgeIdentity(decoded);
    if (!this.#isForeign) this.#share(model, decoded);
  }

  #share({ found, instance }: ReadModel, { points }: DecodedModel): void {
    const { keyPrefix, only } = this.#options;
    const seen = new Set<string>();
    for (const { path, value, unit } of points) {
      const point = pointOf(this.#keys, found.id, path);
      if (point === undefined || !only.some((glob) => keyMatches(glob, point.key))) continue;
      const key = `${keyPrefix}/${instance}${point.key}`;
      const shared = point.isRatio === true ? percentOf(value) : { value, unit };
      const giver = this.#givers.get(key) ?? { address: found.address, path, unit: shared.unit };
      if (giver.address !== found.address || giver.path !== path) continue;
      this.#givers.set(key, giver);
      seen.add(key);
      this.#tell(key, giver, shared.value);
    }
    // What was implemented and isn't any more: a sensor or a phase has gone.
    for (const [key, giver] of this.#givers) {
      if (giver.address === found.address && !seen.has(key)) this.#tell(key, giver, null);
    }
  }

  #tell(key: string, { unit }: Giver, value: AppValue): void {
    if (value !== null) this.#counters.readings += 1;
    this.#sink?.reading({
      key,
      value,
      quality: value === null ? 'bad' : 'good',
      takenAtMs: this.#ports.clock.nowMs(),
      ...(unit === undefined ? {} : { unit }),
    });
  }

  /** Its values can't be told from those ten times as large. Next time they mostly can. */
  #noteMoving(model: ReadModel): void {
    const subject = this.#subjectOf(model);
    this.#counters.mapFaults += 1;
    if (!this.#patience.isExhausted(subject, { isLasting: false })) return;
    this.#noteMap('Its scales change while it is read', subject, `model ${model.found.id}`);
  }

  #judgeIdentity(common: DecodedModel | undefined): void {
    const { serialNumber, name } = this.#options;
    const told = common?.points.find(({ path }) => path === 'SN')?.value;
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
    const { name, unitId } = this.#options;
    this.#raise('device-silent', 'failure', name, {
      title: `unit ${unitId} gives no usable answer`,
      text:
        `What came last: ${reason}. It is asked ever more seldom, up to every 5 minutes. ` +
        'Check its power and address, and that Modbus is turned on in its menu, with `gridvine sunspec dump`.',
    });
  }

  #handleRefusal(model: ReadModel, code: number): void {
    const { id, address } = model.found;
    this.#counters.refusedReads += 1;
    if (!this.#patience.isExhausted(this.#subjectOf(model), { isLasting: isLasting(code) })) return;
    this.#raise('device-refuses', 'warning', this.#subjectOf(model), {
      title: `model ${id} refused: ${exceptionText(code)}`,
      text: `The device lists it at ${address} and doesn't let it be read. Its other models still are.`,
    });
  }

  #noteMap(fault: string | undefined, subject: string, where: string): void {
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

/**
 * Those of a device's models that have something to share, numbered where there are several of a kind. Whose points are preferred
 * comes first: who the device is, then models of the newer generation, then those with floating point.
 */
function readModels(
  found: readonly FoundModel[],
  tables: ReadonlyMap<number, ModelTable>,
  keys: readonly PointKey[],
): readonly ReadModel[] {
  const seen = new Map<number, number>();
  const read = found.flatMap((model) => {
    const table = tables.get(model.id);
    if (table === undefined || !keys.some(({ models }) => models.includes(model.id))) return [];
    const number = (seen.get(model.id) ?? 0) + 1;
    seen.set(model.id, number);
    return [{ found: model, table, instance: number === 1 ? '' : `${number}/` }];
  });
  return read.toSorted((a, b) => rankOf(a.found.id) - rankOf(b.found.id));
}

function rankOf(id: number): number {
  if (id === IDENTITY_MODEL) return 0;
  if (id >= 700) return 1;
  return id >= 111 && id <= 113 ? 2 : 3;
}

/** A ratio from -1 to 1 in the unit that other models have for it. */
function percentOf(value: AppValue): { readonly value: AppValue; readonly unit: string } {
  return { value: typeof value === 'number' ? Math.round(value * 1e6) / 1e4 : value, unit: '%' };
}

const WALK_FAULTS = {
  'no-marker':
    "The marker SunS isn't at 40000, 50000 or 0 (or at base): no SunSpec device, another unitId, or not turned on",
  'no-end': 'The list breaks off before its end',
  'beyond-the-end': 'A model is told to reach beyond the last register',
  'too-many': 'There are more models than any device has',
} as const;
