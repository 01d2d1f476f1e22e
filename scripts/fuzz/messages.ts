/** What the parent gives a worker: one target to run. */
export interface FuzzTask {
  readonly target: string;
  /** Module with the targets, as a URL. */
  readonly targets: string;
  readonly seed: number;
  readonly executions: number;
  readonly durationMs: number;
  readonly guided: boolean;
  /** Whether the corpus is reported without what others in it reach too. */
  readonly distil: boolean;
  /** Inputs kept by earlier runs, as hex. */
  readonly kept: readonly string[];
  /** Instead of a run: tries this input only, for minimising one that hangs. */
  readonly only?: string;
  /** What is being executed, for who watches. */
  readonly watch: SharedArrayBuffer;
}

/** What became of a target. */
export interface TargetReport {
  readonly target: string;
  readonly seed: number;
  readonly executions: number;
  readonly tookMs: number;
  readonly slowestMs: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Inputs that each reached something new, as hex. */
  readonly corpus: readonly string[];
  readonly fault: FaultReport | undefined;
}

export interface FaultReport {
  /** The error with its stack, or what the watcher saw. */
  readonly text: string;
  readonly signature: string;
  /** Minimised, as hex. */
  readonly input: string;
  /** As it was found. */
  readonly foundBytes: number;
  readonly execution: number;
}

/** What is being executed at this moment, in memory that both sides see. */
export class Watch {
  readonly #state: Int32Array;
  readonly #bytes: Uint8Array;
  static readonly bytesMax = 65_536;

  constructor(buffer: SharedArrayBuffer) {
    this.#state = new Int32Array(buffer, 0, 2);
    this.#bytes = new Uint8Array(buffer, 8);
  }

  static buffer(): SharedArrayBuffer {
    return new SharedArrayBuffer(8 + Watch.bytesMax);
  }

  /** The worker begins with an input. */
  begin(input: Uint8Array): void {
    this.#bytes.set(input.subarray(0, Watch.bytesMax));
    this.#state[1] = input.length;
    Atomics.add(this.#state, 0, 1);
  }

  /** Goes up with each execution. */
  get count(): number {
    return Atomics.load(this.#state, 0);
  }

  /** The input that was begun last. */
  get input(): Uint8Array {
    return this.#bytes.slice(0, this.#state[1]);
  }
}
