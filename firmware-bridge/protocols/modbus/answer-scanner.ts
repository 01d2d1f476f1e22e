import { WindowCrc } from './crc16.ts';
import type { ReadAnswer, ReadRequest } from './read-request.ts';

/**
 * What stands at one place of a stream, seen by whoever waits for the answer to a request. `short`: more bytes will tell.
 * `damaged`: it begins like the answer, and its check is wrong. `echo`: our own request, as some adapters repeat it.
 * `foreign`: somebody else's request. `late`: the answer to an earlier request of ours.
 */
export type Found =
  | { readonly kind: 'none' | 'damaged' | 'foreign' | 'late' }
  | {
      readonly kind: 'short' /** A damaged answer, unless it turns out to be something else. */;
      readonly isDamaged?: true;
    }
  | { readonly kind: 'echo'; readonly length: number }
  | { readonly kind: 'answer'; readonly answer: ReadAnswer; readonly length: number };

/** What is looked at in one go. */
export interface Stretch {
  readonly bytes: Uint8Array;
  readonly crcs: WindowCrc;
}

/** How requests and answers travel: `rtu-framing.ts`, `tcp-framing.ts`. */
export interface Framing {
  encode(request: ReadRequest, transaction: number): Uint8Array;
  /** Looks at what stands at a place of a stretch of the stream. */
  find(stretch: Stretch, at: number, expected: Expected): Found;
  /** No more bytes than this are looked at from one place. */
  readonly frameBytesMax: number;
}

export interface Expected {
  readonly request: ReadRequest;
  readonly transaction: number;
  /** What `encode` gave. */
  readonly sent: Uint8Array;
  /** Whether our own request may still come back as an echo. */
  readonly mayEcho: boolean;
}

/** An answer, or the notice that one came which may be somebody else's. */
export type Scanned = ReadAnswer | { readonly kind: 'collision' };

export interface ScannerCounters {
  readonly garbageBytes: number;
  readonly damagedAnswers: number;
  readonly lateAnswers: number;
  readonly foreignRequests: number;
  readonly echoes: number;
}

const NOTHING = new Uint8Array(0);

/** While nothing is asked there is no answer, but another master can still be heard. */
const IDLE: Expected = {
  request: { unitId: -1, table: 'holding', address: 0, count: 1 },
  transaction: -1,
  sent: NOTHING,
  mayEcho: false,
};

/**
 * Finds the answer to one request in a stream, at whatever place it begins: who asks knows how the answer has to begin and
 * how long it is, so no garbage in front of it, and no false beginning, hides it.
 */
export class AnswerScanner {
  readonly #framing: Framing;
  readonly #counters = { garbageBytes: 0, damagedAnswers: 0, lateAnswers: 0, foreignRequests: 0, echoes: 0 };
  #transaction = 0;
  #expected: Expected | undefined;
  /** What may still become something: from the first place on that was too short to tell. */
  #tail: Uint8Array = NOTHING;
  #isContended = false;
  /** What is held back would be a damaged answer. */
  #holdsDamage = false;

  constructor(framing: Framing) {
    this.#framing = framing;
  }

  /** Gives the bytes to send; from now on their answer is looked for, and what came before is forgotten. */
  request(request: ReadRequest): Uint8Array {
    this.cancel();
    this.#transaction = (this.#transaction + 1) & 0xffff;
    const sent = this.#framing.encode(request, this.#transaction);
    this.#expected = { request, transaction: this.#transaction, sent, mayEcho: true };
    this.#isContended = false;
    return sent;
  }

  /** Nobody waits any longer: the port was closed or the time is over. */
  cancel(): void {
    if (this.#holdsDamage) this.#counters.damagedAnswers += 1;
    this.#holdsDamage = false;
    this.#expected = undefined;
    this.#tail = NOTHING;
  }

  /**
   * Takes the next bytes, of any number. Gives the answer once; what comes after it, or while nothing is waited for, is
   * counted and dropped.
   */
  push(chunk: Uint8Array): Scanned | undefined {
    const bytes = this.#tail.length === 0 ? chunk : joined(this.#tail, chunk);
    const stretch = { bytes, crcs: new WindowCrc(bytes) };
    let pendingFrom = bytes.length;
    this.#holdsDamage = false;
    for (let at = 0; at < bytes.length; ) {
      const found = this.#framing.find(stretch, at, this.#expected ?? IDLE);
      if (found.kind === 'answer') return this.#finish(found.answer, bytes.length - at - found.length);
      if (found.kind === 'short') {
        pendingFrom = Math.min(pendingFrom, at);
        this.#holdsDamage ||= found.isDamaged === true;
      }
      at += this.#note(found, pendingFrom <= at);
    }
    this.#tail = bytes.slice(Math.max(pendingFrom, bytes.length - this.#framing.frameBytesMax));
    return undefined;
  }

  counters(): ScannerCounters {
    return { ...this.#counters };
  }

  /** Counts what was found, and says how far to go on: a byte only, so that nothing that looks like a frame hides one. */
  #note(found: Found, isHeld: boolean): number {
    if (found.kind === 'echo') {
      this.#counters.echoes += 1;
      if (this.#expected !== undefined) this.#expected = { ...this.#expected, mayEcho: false };
      return found.length;
    }
    // What is held back comes by again, and is counted then.
    if (isHeld) return 1;
    if (found.kind === 'foreign') {
      this.#counters.foreignRequests += 1;
      this.#isContended = true;
    } else if (found.kind === 'late') {
      this.#counters.lateAnswers += 1;
    } else if (found.kind === 'damaged') {
      this.#counters.damagedAnswers += 1;
    } else {
      this.#counters.garbageBytes += 1;
    }
    return 1;
  }

  #finish(answer: ReadAnswer, rest: number): Scanned {
    this.#counters.garbageBytes += rest;
    const isContended = this.#isContended;
    this.cancel();
    // Two masters may ask one device at the same time: whose answer this is nobody can tell.
    return isContended ? { kind: 'collision' } : answer;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
