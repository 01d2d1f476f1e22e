import { type Endpoint, endpointKey } from '../../core/endpoint.ts';
import { TimerTable } from '../../core/timers.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import { Answer } from './answer.ts';
import { AnswerTable, answerKey } from './answer-table.ts';
import { Call } from './call.ts';
import { CallTable } from './call-table.ts';
import type { AdmissionCounters, AdmissionDrop, AdmissionOptions, AdmissionOutput } from './contract.ts';
import { CookieJar } from './cookie-jar.ts';
import { Desk } from './desk.ts';
import {
  type Frame,
  HELLO_BYTES,
  type HelloFrame,
  isBlank,
  type NoiseFrame,
  type SealedFrame,
} from './frame.ts';
import { ADMISSION_LIMITS, type AdmissionLimits } from './limits.ts';
import { checkCredential } from './payload.ts';
import { SourceBudget } from './source-budget.ts';

const ANSWER = 'answer ';
const CALL = 'call ';

export type CallStart = 'calling' | 'already' | 'full' | 'too-short';

export interface CallOptions {
  readonly provokedByBytes?: number;
}

/**
 * The admission handshake of one node [P-13], both sides of it: sans-IO. Each method is one mutation; then drain `pollOutput()`
 * and come back at `nextMs` at the latest. Never throws for what came from outside.
 */
export class Admission {
  readonly #desk: Desk;
  readonly #jar: CookieJar;
  readonly #cookies: TokenBucket;
  readonly #budget: SourceBudget;
  readonly #calls: CallTable;
  readonly #answers: AnswerTable;
  readonly #timers = new TimerTable();

  /** @throws RangeError where the credential isn't 1 to 1040 bytes. */
  constructor(options: AdmissionOptions) {
    const limits: AdmissionLimits = { ...ADMISSION_LIMITS, ...options.limits };
    checkCredential(options.credential());
    this.#desk = new Desk(options);
    this.#jar = new CookieJar(options);
    this.#cookies = new TokenBucket({ perSecond: limits.cookiesPerSecond, burst: limits.cookiesPerSecond });
    this.#budget = new SourceBudget(limits);
    this.#calls = new CallTable(limits);
    this.#answers = new AnswerTable(limits);
  }

  get counters(): AdmissionCounters {
    return this.#desk.counters;
  }

  /** The nearest deadline; Infinity where there is none. */
  get nextMs(): number {
    return this.#timers.nextMs;
  }

  /** Handshakes that memory is held for, and sources that budgets are kept for. */
  get gauges(): { readonly calls: number; readonly answers: number; readonly sources: number } {
    return { calls: this.#calls.size, answers: this.#answers.size, sources: this.#budget.size };
  }

  /** What to do next, in order; undefined once all is done. */
  pollOutput(): AdmissionOutput | undefined {
    return this.#desk.outputs.shift();
  }

  /**
   * Begins a handshake with whoever is at this endpoint; an `ended` event says what came of it.
   * @param options.provokedByBytes length of a datagram that led to it and that anybody may have sent from a made-up address:
   * then one hello is sent, of 64 bytes, and nothing else before the address has answered.
   * @returns `already`: one is under way there; `full`: too many are; `too-short`: the hello would be longer than what provoked
   * it. But for `calling`, nothing was begun.
   */
  call(nowMs: number, endpoint: Endpoint, options: CallOptions = {}): CallStart {
    const provoked = options.provokedByBytes !== undefined;
    if (provoked && options.provokedByBytes < HELLO_BYTES) return 'too-short';
    if (this.#calls.isCalling(endpoint)) return 'already';
    if (!this.#calls.hasRoom({ provoked })) return 'full';
    const call = new Call(this.#desk, { endpoint, provoked, nowMs });
    const key = this.#calls.add(call);
    this.#desk.counters.calls++;
    this.#timers.set(CALL + key, call.nextMs);
    return 'calling';
  }

  /** Handles one datagram of kind 5 that came by unicast; nothing of the bytes is kept. @param nowMs monotonic. */
  receive(nowMs: number, bytes: Uint8Array, from: Endpoint): void {
    const frame = this.#desk.codec.decode(bytes);
    const drop = 'fault' in frame ? frame.fault : this.#route(nowMs, frame, from);
    if (drop !== undefined) this.#desk.counters.drops[drop]++;
  }

  /** Call it at `nextMs`; earlier or later does no harm. */
  onTimeout(nowMs: number): void {
    for (let key = this.#timers.takeDue(nowMs); key !== undefined; key = this.#timers.takeDue(nowMs)) {
      if (key.startsWith(CALL)) this.#callTimeout(nowMs, key.slice(CALL.length));
      else this.#answerTimeout(nowMs, key.slice(ANSWER.length));
    }
  }

  #route(nowMs: number, frame: Frame, from: Endpoint): AdmissionDrop | undefined {
    if (frame.step === 'hello') return this.#onHello(nowMs, frame, from);
    if (frame.step === 'finish') return this.#toAnswer(nowMs, frame, from);
    if ('sealed' in frame && frame.sender === 'initiator') return this.#toAnswer(nowMs, frame, from);
    return this.#toCall(nowMs, frame, from);
  }

  /** In this order, so that nothing is kept and no key agreed before the address is proven [P-13.4]. */
  #onHello(nowMs: number, hello: HelloFrame, from: Endpoint): AdmissionDrop | undefined {
    const own = this.#calls.find(hello.connection);
    if (own !== undefined) return own.onOwnHello();
    const isFirst = isBlank(hello.cookie);
    if (isFirst || !this.#jar.accepts(nowMs, from, hello)) return this.#giveCookie(nowMs, hello, from);
    const key = answerKey(from, hello.connection);
    const known = this.#answers.find(key);
    if (known !== undefined) return known.onHello(hello);
    if (isBlank(hello.ephemeral)) return 'malformed';
    if (!this.#answers.hasRoomFor(from)) return 'table-full';
    if (!this.#budget.tryTake(nowMs, from.address)) return 'handshake-budget';
    const answer = Answer.begin(this.#desk, { endpoint: from, hello, nowMs });
    if (answer === undefined) return 'malformed';
    this.#desk.counters.handshakesAnswered++;
    this.#answers.add(key, answer);
    this.#timers.set(ANSWER + key, answer.nextMs);
    return undefined;
  }

  #giveCookie(nowMs: number, { connection }: HelloFrame, from: Endpoint): AdmissionDrop | undefined {
    if (!this.#cookies.tryTake(nowMs)) return 'cookie-budget';
    this.#desk.counters.cookiesGiven++;
    this.#desk.send(from, this.#desk.codec.retry(connection, this.#jar.bake(nowMs, from, connection)));
    return undefined;
  }

  #toAnswer(nowMs: number, frame: NoiseFrame | SealedFrame, from: Endpoint): AdmissionDrop | undefined {
    const key = answerKey(from, frame.connection);
    const answer = this.#answers.find(key);
    if (answer === undefined) return 'unsolicited';
    const drop = 'sealed' in frame ? answer.onSealed(frame) : answer.onFinish(nowMs, frame.message);
    if (answer.isSettled) {
      const displaced = this.#answers.settle(key, answer);
      if (displaced !== undefined) this.#timers.clear(ANSWER + displaced);
    }
    this.#armAnswer(nowMs, key, answer);
    return drop;
  }

  #toCall(nowMs: number, frame: Frame, from: Endpoint): AdmissionDrop | undefined {
    const call = this.#calls.find(frame.connection);
    if (call === undefined || endpointKey(call.endpoint) !== endpointKey(from)) return 'unsolicited';
    const drop = toCall(nowMs, call, frame);
    this.#armCall(nowMs, call);
    return drop;
  }

  #callTimeout(nowMs: number, key: string): void {
    const call = this.#calls.get(key);
    if (call === undefined) return;
    call.onTimeout(nowMs);
    this.#armCall(nowMs, call);
  }

  #answerTimeout(nowMs: number, key: string): void {
    const answer = this.#answers.find(key);
    if (answer === undefined) return;
    if (!answer.isExpired(nowMs)) answer.onTimeout(nowMs);
    this.#armAnswer(nowMs, key, answer);
  }

  #armCall(nowMs: number, call: Call): void {
    const key = this.#calls.keyOf(call);
    if (call.isOver) {
      const displaced = this.#calls.end(call);
      if (displaced !== undefined) this.#timers.clear(CALL + displaced);
    }
    if (call.isExpired(nowMs)) {
      this.#calls.delete(call);
      this.#timers.clear(CALL + key);
    } else this.#timers.set(CALL + key, call.nextMs);
  }

  #armAnswer(nowMs: number, key: string, answer: Answer): void {
    if (answer.isExpired(nowMs)) {
      this.#answers.delete(key);
      this.#timers.clear(ANSWER + key);
    } else this.#timers.set(ANSWER + key, answer.nextMs);
  }
}

function toCall(nowMs: number, call: Call, frame: Frame): AdmissionDrop | undefined {
  if (frame.step === 'retry') return call.onRetry(nowMs, frame);
  if (frame.step === 'response') return call.onResponse(nowMs, frame.message);
  return 'sealed' in frame ? call.onSealed(nowMs, frame) : 'unsolicited';
}
