import { WindowCrc } from './crc16.ts';
import { READ_FUNCTION, type ReadAnswer, type ReadRequest } from './read-request.ts';

/**
 * What stands at one place of a stream, seen by whoever waits for the answer to a request. `short`: more bytes will tell.
 * `damaged`: it begins like the answer, and its check is wrong. `echo`: our own request, as some adapters repeat it.
 * `foreign`: somebody else's request. `theirs`: the answer to it. `late`: the answer to an earlier request of ours.
 */
export type Found =
  | { readonly kind: 'none' | 'damaged' | 'theirs' | 'late' }
  | { readonly kind: 'foreign'; readonly request: ForeignRequest }
  | {
      readonly kind: 'short' /** A damaged answer, unless it turns out to be something else. */;
      readonly isDamaged?: true;
    }
  | { readonly kind: 'echo'; readonly length: number }
  | { readonly kind: 'answer'; readonly answer: ReadAnswer; readonly length: number };

/** What another master asked. */
export interface ForeignRequest {
  readonly unitId: number;
  readonly fn: number;
  /** Of the answer to it, with its CRC; an exception is shorter. */
  readonly answerBytes: number;
}

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
  /** Another master's request that wasn't answered yet. */
  readonly foreign?: ForeignRequest | undefined;
  /** Our request before: what would answer it comes late. Only where nobody waits. */
  readonly previous?: ReadRequest | undefined;
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
  /** The last request, when nobody waits for its answer any more. Its echo may still come. */
  #previous: Expected | undefined;
  /** What may still become something: from the first place on that was too short to tell. */
  #tail: Uint8Array = NOTHING;
  /** So much of that came before the request: the answer doesn't begin there. */
  #oldBytes = 0;
  /** The last request of another master, until its answer went by. */
  #foreign: ForeignRequest | undefined;
  /** What is held back would be a damaged answer. */
  #holdsDamage = false;

  constructor(framing: Framing) {
    this.#framing = framing;
  }

  /** Gives the bytes to send; from now on their answer is looked for, and only in what comes from now on. */
  request(request: ReadRequest): Uint8Array {
    this.cancel();
    this.#transaction = (this.#transaction + 1) & 0xffff;
    const sent = this.#framing.encode(request, this.#transaction);
    this.#expected = { request, transaction: this.#transaction, sent, mayEcho: true };
    return sent;
  }

  /** Nobody waits any longer. What was half heard may still become another master's request. */
  cancel(): void {
    if (this.#holdsDamage) this.#counters.damagedAnswers += 1;
    this.#holdsDamage = false;
    this.#previous = this.#expected ?? this.#previous;
    this.#expected = undefined;
    this.#oldBytes = this.#tail.length;
  }

  /** The port was opened anew: what was half received belongs to nobody. */
  reset(): void {
    this.cancel();
    this.#tail = NOTHING;
    this.#oldBytes = 0;
    this.#foreign = undefined;
    this.#previous = undefined;
  }

  /** Whether another master waits for an answer that would look like the one to this request. */
  isContended({ unitId, table }: ReadRequest): boolean {
    return this.#foreign?.unitId === unitId && this.#foreign.fn === READ_FUNCTION[table];
  }

  /** The other master has given up waiting. */
  forgetForeign(): void {
    this.#foreign = undefined;
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
      const expected = at < this.#oldBytes ? this.#idle() : (this.#expected ?? this.#idle());
      const found = this.#framing.find(stretch, at, { ...expected, foreign: this.#foreign });
      if (found.kind === 'answer') return this.#finish(found.answer, bytes.length - at - found.length);
      if (found.kind === 'short') {
        pendingFrom = Math.min(pendingFrom, at);
        this.#holdsDamage ||= found.isDamaged === true;
      }
      at += this.#note(found, pendingFrom <= at);
    }
    const keptFrom = Math.max(pendingFrom, bytes.length - this.#framing.frameBytesMax);
    this.#tail = bytes.slice(keptFrom);
    this.#oldBytes = Math.max(0, this.#oldBytes - keptFrom);
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
      else if (this.#previous !== undefined) this.#previous = { ...this.#previous, mayEcho: false };
      return found.length;
    }
    // What is held back comes by again, and is counted then.
    if (isHeld) return 1;
    if (found.kind === 'foreign') {
      this.#counters.foreignRequests += 1;
      this.#foreign = found.request;
    } else if (found.kind === 'theirs') {
      this.#foreign = undefined;
    } else if (found.kind === 'late') {
      this.#counters.lateAnswers += 1;
    } else if (found.kind === 'damaged') {
      this.#counters.damagedAnswers += 1;
    } else {
      this.#counters.garbageBytes += 1;
    }
    return 1;
  }

  #idle(): Expected {
    const { request, sent = NOTHING, mayEcho = false } = this.#previous ?? {};
    return { ...IDLE, sent, mayEcho, previous: request };
  }

  #finish(answer: ReadAnswer, rest: number): Scanned {
    this.#counters.garbageBytes += rest;
    const request = this.#expected?.request;
    this.cancel();
    this.#tail = NOTHING;
    this.#oldBytes = 0;
    // Two masters may ask one device at the same time: whose answer this is nobody can tell.
    return request !== undefined && this.isContended(request) ? { kind: 'collision' } : answer;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
