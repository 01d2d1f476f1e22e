/** Where a device has its models: its marker `SunS` is at one of these. */
const BASES: readonly number[] = [40_000, 50_000, 0];
const MARKER = [0x53, 0x75, 0x6e, 0x53];
const END_ID = 0xffff;
/** Most models of a device. */
const MODELS_MAX = 64;
const ADDRESS_MAX = 0xffff;

/** A model that a device says it has. */
export interface FoundModel {
  readonly id: number;
  /** Address of its first register, which holds its id. */
  readonly address: number;
  /** Registers behind id and length, as the device tells. */
  readonly length: number;
}

/** Why a list of models is none, or doesn't end as it should. */
export type WalkFault = 'no-marker' | 'no-end' | 'beyond-the-end' | 'too-many';

/** Two registers to read next; what was read goes to `take`. */
export interface WalkStep {
  readonly address: number;
  readonly count: 2;
}

/**
 * Finds a device's models: from its marker on each tells its id and length, and so where the next one is, until the id 0xFFFF.
 * It reads nothing itself: read what `next` says, give the bytes to `take`, and so on until `next` says nothing.
 */
export class ModelWalk {
  readonly #bases: readonly number[];
  #base = 0;
  #address: number | undefined;
  #isOver = false;
  readonly #models: FoundModel[] = [];
  #fault: WalkFault | undefined;

  /** @param base where the marker is, for devices that have it elsewhere */
  constructor(base?: number) {
    this.#bases = base === undefined ? BASES : [base];
  }

  next(): WalkStep | undefined {
    if (this.#isOver) return undefined;
    return { address: this.#address ?? this.#bases[this.#base]!, count: 2 };
  }

  /** Takes the four bytes that were read, or undefined where the device refused. */
  take(data: Uint8Array | undefined): void {
    if (this.#isOver) return;
    if (this.#address === undefined) this.#takeMarker(data);
    else this.#takeHeader(this.#address, data);
  }

  /** What was found so far. */
  models(): readonly FoundModel[] {
    return this.#models;
  }

  /** What is wrong with the list as a whole. */
  fault(): WalkFault | undefined {
    return this.#fault;
  }

  #takeMarker(data: Uint8Array | undefined): void {
    const base = this.#bases[this.#base]!;
    if (data !== undefined && MARKER.every((byte, i) => data[i] === byte)) {
      this.#address = base + 2;
      return;
    }
    this.#base += 1;
    if (this.#base >= this.#bases.length) this.#end('no-marker');
  }

  #takeHeader(address: number, data: Uint8Array | undefined): void {
    if (data === undefined || data.length < 4) {
      this.#end('no-end');
      return;
    }
    const id = (data[0]! << 8) | data[1]!;
    const length = (data[2]! << 8) | data[3]!;
    const after = address + 2 + length;
    if (id === END_ID) this.#end(undefined);
    else if (this.#models.length >= MODELS_MAX) this.#end('too-many');
    else if (after + 1 > ADDRESS_MAX) this.#end('beyond-the-end');
    else {
      this.#models.push({ id, address, length });
      this.#address = after;
    }
  }

  #end(fault: WalkFault | undefined): void {
    this.#isOver = true;
    this.#fault = fault;
  }
}
