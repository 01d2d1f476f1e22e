import { isLasting } from '../../protocols/modbus/read-request.ts';
import { registersMax, type ScaleSpan, scaleSpan } from '../../protocols/sunspec/model-size.ts';
import type { ModelTable } from '../../protocols/sunspec/model-table.ts';
import { type FoundModel, ModelWalk, type WalkFault } from '../../protocols/sunspec/model-walk.ts';
import type { BusResult, ModbusBus, ReadOptions } from '../modbus/modbus-bus.ts';

/** Registers of one request. Fewer than Modbus allows: some devices have less room for their answer. */
const REGISTERS_PER_READ = 120;
/** So many registers more than a model can have show that it is too long. */
const TOO_LONG_BY = 2;
/** No model is longer, whatever a device tells: its bus is there for others, too. */
const REGISTERS_MAX = 4096;
const NO_SCALES = { kind: 'data', data: new Uint8Array(0) } as const;

export interface SunspecReaderOptions extends ReadOptions {
  readonly bus: ModbusBus;
  readonly unitId: number;
  /** Where the marker is; absent: at one of the usual places. */
  readonly base?: number;
}

/** What became of a walk: the list of models, maybe with something wrong; or no answer, or none for now (busy, a gateway's). */
export type WalkResult =
  | { readonly kind: 'models'; readonly models: readonly FoundModel[]; readonly fault: WalkFault | undefined }
  | Exclude<BusResult, { readonly kind: 'data' }>;

/** What became of reading a model: its registers, a refusal, no answer; that another model is there now, or its scales move. */
export type ModelResult =
  | { readonly kind: 'data'; readonly data: Uint8Array }
  | { readonly kind: 'changed' }
  | { readonly kind: 'moving' }
  | Exclude<BusResult, { readonly kind: 'data' }>;

/** Reads a SunSpec device over a Modbus bus. */
export class SunspecReader {
  readonly #options: SunspecReaderOptions;

  constructor(options: SunspecReaderOptions) {
    this.#options = options;
  }

  /** Finds out which models the device has. */
  async walk(): Promise<WalkResult> {
    const walk = new ModelWalk(this.#options.base);
    for (let step = walk.next(); step !== undefined; step = walk.next()) {
      const result = await this.#read(step.address, step.count);
      if (result.kind === 'failed') return result;
      // What passes says nothing about where the list ends.
      if (result.kind === 'exception' && !isLasting(result.code)) return result;
      walk.take(result.kind === 'data' ? result.data : undefined);
    }
    return { kind: 'models', models: walk.models(), fault: walk.fault() };
  }

  /**
   * Reads a model's registers, id and length included: they tell whether it is still there. Of one that says it is longer than its
   * table can be, no more is read than shows that. Where it takes several answers its scales are read before and after, too: some
   * devices move them as their values change.
   */
  async model({ id, address, length }: FoundModel, { group }: ModelTable): Promise<ModelResult> {
    const registers = Math.min(length + 2, registersMax(group) + TOO_LONG_BY, REGISTERS_MAX);
    const span = registers > REGISTERS_PER_READ ? scaleSpan(group) : undefined;
    const before = span === undefined ? NO_SCALES : await this.#read(address + span.from, span.count);
    if (before.kind !== 'data') return before;
    const whole = new Uint8Array(2 * registers);
    for (let at = 0; at < registers; at += REGISTERS_PER_READ) {
      const count = Math.min(REGISTERS_PER_READ, registers - at);
      const result = await this.#read(address + at, count);
      if (result.kind !== 'data') return result;
      whole.set(result.data, 2 * at);
    }
    const after = span === undefined ? NO_SCALES : await this.#read(address + span.from, span.count);
    if (after.kind !== 'data') return after;
    const [idHigh = 0, idLow = 0, lengthHigh = 0, lengthLow = 0] = whole;
    if (idHigh * 256 + idLow !== id || lengthHigh * 256 + lengthLow !== length) return { kind: 'changed' };
    const told =
      span === undefined ? NO_SCALES.data : whole.subarray(2 * span.from, 2 * (span.from + span.count));
    const isSteady = scalesAlike(before.data, told, span) && scalesAlike(after.data, told, span);
    return isSteady ? { kind: 'data', data: whole } : { kind: 'moving' };
  }

  #read(address: number, count: number): Promise<BusResult> {
    const { bus, unitId } = this.#options;
    return bus.read({ unitId, table: 'holding', address, count }, this.#options);
  }
}

/** Whether two readings of a model's scales say the same. */
function scalesAlike(a: Uint8Array, b: Uint8Array, span: ScaleSpan | undefined): boolean {
  return (span?.places ?? []).every((place) => {
    const at = 2 * (place - (span?.from ?? 0));
    return a[at] === b[at] && a[at + 1] === b[at + 1];
  });
}
