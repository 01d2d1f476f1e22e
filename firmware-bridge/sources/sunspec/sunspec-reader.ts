import { isLasting } from '../../protocols/modbus/read-request.ts';
import { type FoundModel, ModelWalk, type WalkFault } from '../../protocols/sunspec/model-walk.ts';
import type { BusResult, ModbusBus, ReadOptions } from '../modbus/modbus-bus.ts';

/** Registers of one request. Fewer than Modbus allows: some devices have less room for their answer. */
const REGISTERS_PER_READ = 120;

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

/** What became of reading a model: its registers, a refusal, no answer; or that another model is there now. */
export type ModelResult =
  | { readonly kind: 'data'; readonly data: Uint8Array }
  | { readonly kind: 'changed' }
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

  /** Reads a model's registers, id and length included: they tell whether it is still there. */
  async model({ id, address, length }: FoundModel): Promise<ModelResult> {
    const whole = new Uint8Array(2 * (length + 2));
    for (let at = 0; at < length + 2; at += REGISTERS_PER_READ) {
      const count = Math.min(REGISTERS_PER_READ, length + 2 - at);
      const result = await this.#read(address + at, count);
      if (result.kind !== 'data') return result;
      whole.set(result.data, 2 * at);
    }
    const [idHigh = 0, idLow = 0, lengthHigh = 0, lengthLow = 0] = whole;
    const isSame = idHigh * 256 + idLow === id && lengthHigh * 256 + lengthLow === length;
    return isSame ? { kind: 'data', data: whole } : { kind: 'changed' };
  }

  #read(address: number, count: number): Promise<BusResult> {
    const { bus, unitId } = this.#options;
    return bus.read({ unitId, table: 'holding', address, count }, this.#options);
  }
}
