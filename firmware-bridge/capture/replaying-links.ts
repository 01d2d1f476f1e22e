import type { ClockPort } from '../ports/clock-port.ts';
import type { Link, LinkEvents, LinkPort } from '../ports/link-port.ts';
import type { CaptureEntry } from './capture.ts';

export interface ReplayingLinksOptions {
  readonly entries: readonly CaptureEntry[];
  readonly clock: ClockPort;
  /** How many times as fast as it was recorded, above 0. */
  readonly speed: number;
  /** Called once when the last entry was played. */
  readonly onEnd?: () => void;
}

/** A capture as a port, with what became of it. */
export interface ReplayingLinks extends LinkPort {
  /** Writes that were other bytes than those that were recorded. */
  readonly mismatches: () => number;
}

/**
 * Plays a capture as if the device were there: bytes come as far apart as they were recorded, and behind what was written then
 * only once something is written now. Whoever opens it again goes on where the recording was opened again.
 */
export function replayingLinks(options: ReplayingLinksOptions): ReplayingLinks {
  const player = new Player(options);
  return { open: (_endpoint, events) => player.open(events), mismatches: () => player.mismatches };
}

/** What waits for the side that writes is given up after so long, ms: it may ask less often than it did. */
const WRITE_MS_MAX = 60_000;

class Player {
  readonly #options: ReplayingLinksOptions;
  mismatches = 0;
  #next = 0;
  #lastMs = 0;
  #events: LinkEvents | undefined;
  #written: Uint8Array[] = [];
  #awaitsWrite = false;
  #cancel = () => {};

  constructor(options: ReplayingLinksOptions) {
    this.#options = options;
  }

  open(events: LinkEvents): Link {
    this.#events = events;
    this.#written = [];
    this.#schedule(0, () => this.#begin());
    return {
      write: (bytes) => this.#handleWrite(bytes.slice()),
      pause() {},
      resume() {},
      close: async () => {
        this.#cancel();
        this.#events = undefined;
      },
    };
  }

  /** A recording may begin with attempts that failed. */
  #begin(): void {
    const entry = this.#options.entries[this.#next];
    if (entry?.kind === 'opened') this.#next += 1;
    if (entry === undefined) {
      this.#close({ fault: 'absent', detail: 'the capture is over' });
      return;
    }
    if (entry.kind !== 'closed') this.#events?.opened();
    this.#lastMs = entry.atMs;
    this.#advance();
  }

  #advance(): void {
    const entry = this.#options.entries[this.#next];
    if (entry === undefined) {
      this.#options.onEnd?.();
      this.#close({ fault: 'lost', detail: 'the capture is over' });
    } else if (entry.kind === 'out') {
      this.#awaitWrite(entry.bytes);
    } else {
      this.#schedule((entry.atMs - this.#lastMs) / this.#options.speed, () => this.#play(entry));
    }
  }

  #play(entry: CaptureEntry): void {
    this.#next += 1;
    this.#lastMs = entry.atMs;
    if (entry.kind === 'closed') {
      this.#close(entry);
      return;
    }
    if (entry.kind === 'in') this.#events?.bytes(entry.bytes);
    if (this.#events !== undefined) this.#advance();
  }

  #awaitWrite(recorded: Uint8Array): void {
    const bytes = this.#written.shift();
    if (bytes === undefined) {
      this.#awaitsWrite = true;
      this.#schedule(WRITE_MS_MAX / this.#options.speed, () => this.#passWrite(recorded));
      return;
    }
    if (bytes.length !== recorded.length || bytes.some((byte, i) => byte !== recorded[i]))
      this.mismatches += 1;
    this.#passWrite(recorded);
  }

  #passWrite(recorded: Uint8Array): void {
    this.#awaitsWrite = false;
    const entry = this.#options.entries[this.#next];
    if (entry?.kind === 'out' && entry.bytes === recorded) this.#next += 1;
    this.#lastMs = entry?.atMs ?? this.#lastMs;
    this.#advance();
  }

  #handleWrite(bytes: Uint8Array): void {
    this.#written.push(bytes);
    if (!this.#awaitsWrite) return;
    this.#awaitsWrite = false;
    // Never within the call that writes: whoever asks isn't ready for the answer yet.
    this.#schedule(0, () => this.#advance());
  }

  #close({ fault, detail }: Pick<CaptureEntry & { kind: 'closed' }, 'fault' | 'detail'>): void {
    const events = this.#events;
    this.#events = undefined;
    events?.closed({ fault, detail });
  }

  #schedule(delayMs: number, action: () => void): void {
    this.#cancel();
    this.#cancel = this.#options.clock.schedule(delayMs, () => {
      if (this.#events !== undefined) action();
    });
  }
}
