/**
 * Runs one input through what a target tests, and checks what must hold. The answer names what became of it (`accepted`, a drop
 * reason, ...). It depends on the input alone: whatever it needs is made anew, or left as it was.
 * @throws anything: that is a fault, whether the code under test threw or a promise was broken (`promise`).
 */
export type FuzzRun = (input: Uint8Array) => string | Promise<string>;

/** How inputs of a target are built, which decides how they are mutated. */
export type InputShape =
  /** CBOR: mutated as a tree, and as bytes. */
  | 'cbor'
  | 'bytes'
  /** UTF-8, mostly. */
  | 'text';

/** Something that reads what comes from outside. */
export interface FuzzTarget {
  readonly name: string;
  /** What it reads, for the list. */
  readonly about: string;
  readonly shape: InputShape;
  /** Bytes in front that choose a mode, before the shape begins. */
  readonly prefixBytes?: number;
  /** Longest input; somewhat more than what the code under test takes. */
  readonly bytesMax: number;
  /** Its part of a run's executions, in relation to the others'; about how many it does in a millisecond. */
  readonly weight: number;
  /** Pieces that matter to this format. */
  readonly words?: readonly (string | Uint8Array)[];
  /** Outcomes that its seeds and kept inputs must reach: a target whose every input is refused at the door tests nothing. */
  readonly reaches: readonly string[];
  /** Inputs to begin with, valid ones among them. */
  seeds(): readonly Uint8Array[];
  /** Makes the run; once for each process. */
  prepare(): FuzzRun | Promise<FuzzRun>;
}

/** Something that must hold didn't. */
export class BrokenPromise extends Error {}

/** @throws BrokenPromise with `what` where it doesn't hold. */
export function promise(holds: boolean, what: string): asserts holds {
  if (!holds) throw new BrokenPromise(what);
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The input as text: what isn't UTF-8 becomes U+FFFD, as it does where files and requests are read. */
export const textOf = (input: Uint8Array): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(input);
