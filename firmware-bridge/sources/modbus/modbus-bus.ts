import type { HealthChange } from '../../health.ts';
import { HealthLedger } from '../../health.ts';
import type { LinkEndpoint } from '../../ports/link-port.ts';
import type { SourcePorts } from '../../ports/source-ports.ts';
import { AnswerScanner, type Framing, type Scanned } from '../../protocols/modbus/answer-scanner.ts';
import type { ReadAnswer, ReadRequest } from '../../protocols/modbus/read-request.ts';
import { rtuFraming } from '../../protocols/modbus/rtu-framing.ts';
import { tcpFraming } from '../../protocols/modbus/tcp-framing.ts';
import { LinkKeeper } from '../link-keeper.ts';
import { PassingTroubles } from '../passing-troubles.ts';

export interface ModbusBusOptions {
  readonly endpoint: LinkEndpoint;
  /** `rtu` on serial lines and behind gateways that only pass bytes on. */
  readonly framing: 'rtu' | 'tcp';
  /**
   * So many requests in a row without a byte, and a TCP connection is made anew: the other side may have lost its power, or
   * hang. Default 6; `Infinity` for who asks units that may not be there.
   */
  readonly silentRequestsMax?: number;
}

export interface ReadOptions {
  /** How long a device may take to answer, ms. */
  readonly timeoutMs: number;
  /** Further attempts when nothing comes. */
  readonly retries: number;
}

/** An answer; or why there is none: no port, nobody answered in time, or only together with another master. */
export type BusResult =
  | ReadAnswer
  | { readonly kind: 'failed'; readonly reason: 'no-port' | 'timeout' | 'damaged' | 'collision' };

/** A line has been quiet long enough for a new frame: 3.5 characters of 11 bits, at least 2 ms (timers know no less). */
const QUIET_CHARACTERS = 3.5;
const QUIET_MS_MIN = 2;
/** Between attempts a late answer may still come: ms of quiet. */
const QUIET_AFTER_TIMEOUT_MS = 100;
/** Longest wait for quiet, ms: on a line that is never quiet it wouldn't end. */
const QUIET_MS_MAX = 1000;
/** Another master's request is answered, or given up, within this, ms; or within `timeoutMs` where that is longer. */
const FOREIGN_MS = 1000;
/** A unit that didn't answer at all rests for so many time-outs after the last request at least. */
const REST_TIMEOUTS = 4;
/** After a collision each attempt waits longer than the last, by steps that no other master has. ms */
const COLLISION_STEP_MS = 37;

/** Somebody who uses the bus. */
export interface BusWatcher {
  /** The port was opened, maybe anew; `wasDropped` if so only because nothing came from anybody. */
  opened(how: { readonly wasDropped: boolean }): void;
  /** A condition of the bus. Its subject is empty: the watcher knows who it is. */
  health(change: HealthChange): void;
}

const SILENT_REQUESTS_MAX = 6;

interface Waiting {
  readonly settle: (
    result: Scanned | { readonly kind: 'failed'; readonly reason: 'no-port' | 'timeout' },
  ) => void;
}

/**
 * One bus with its port: one request at a time, whoever asks. Shared by all sources with the same address
 * (`bus-pool.ts`), because a serial line has room for one master, and many devices take a single TCP connection.
 */
export class ModbusBus {
  readonly #ports: SourcePorts;
  readonly #framing: Framing;
  readonly #isSerialLine: boolean;
  readonly #silentRequestsMax: number;
  readonly #quietMs: number;
  readonly #link: LinkKeeper;
  readonly #ledger = new HealthLedger();
  readonly #troubles: PassingTroubles;
  readonly #scanner: AnswerScanner;
  readonly #watchers = new Set<BusWatcher>();
  readonly #counters = { requests: 0, answers: 0, exceptions: 0, timeouts: 0, collisions: 0 };
  #queue: Promise<unknown> = Promise.resolve();
  #waiting: Waiting | undefined;
  #lastByteAtMs = Number.NEGATIVE_INFINITY;
  #quietUntilMs = Number.NEGATIVE_INFINITY;
  #lastForeignAtMs = Number.NEGATIVE_INFINITY;
  /** Units that may still owe answers to requests of before, and until when. */
  readonly #restUntilMs = new Map<number, number>();
  #damagedBefore = 0;
  /** Time-outs since a byte came. */
  #silentRequests = 0;
  /** The connection was given up by the bus itself, and isn't back yet. */
  #wasDropped = false;
  /** Ends of pauses that are under way. */
  readonly #pauses = new Set<() => void>();

  constructor(options: ModbusBusOptions, ports: SourcePorts) {
    const { endpoint, framing, silentRequestsMax = SILENT_REQUESTS_MAX } = options;
    this.#ports = ports;
    this.#isSerialLine = framing === 'rtu';
    // A serial port isn't mended by opening it again.
    this.#silentRequestsMax = endpoint.kind === 'tcp' ? silentRequestsMax : Number.POSITIVE_INFINITY;
    this.#framing = framing === 'rtu' ? rtuFraming : tcpFraming;
    this.#scanner = new AnswerScanner(this.#framing);
    const charMs = endpoint.kind === 'serial' ? 11_000 / endpoint.baudRate : 0;
    this.#quietMs = this.#isSerialLine ? Math.max(QUIET_MS_MIN, Math.ceil(QUIET_CHARACTERS * charMs)) : 0;
    this.#troubles = new PassingTroubles({ clock: ports.clock, ledger: this.#ledger });
    this.#link = new LinkKeeper({
      ports,
      endpoint,
      subject: '',
      ledger: this.#ledger,
      troubles: this.#troubles,
      opened: () => {
        this.#scanner.reset();
        const how = { wasDropped: this.#wasDropped };
        this.#wasDropped = false;
        for (const watcher of this.#watchers) watcher.opened(how);
      },
      bytes: (chunk) => this.#receive(chunk),
      lost: () => this.#giveUp(),
    });
  }

  /** Whether requests can be sent now. */
  get isOpen(): boolean {
    return this.#link.isOpen;
  }

  start(): void {
    this.#ledger.connect((change) => {
      for (const watcher of this.#watchers) watcher.health(change);
    });
    this.#link.start();
  }

  async stop(): Promise<void> {
    this.#ledger.connect(undefined);
    this.#troubles.stop();
    const stopped = this.#link.stop();
    this.#giveUp();
    await stopped;
  }

  /** Tells `watcher` at once of what holds now, and of changes until the returned function is called. */
  watch(watcher: BusWatcher): () => void {
    this.#watchers.add(watcher);
    for (const item of this.#ledger.items()) watcher.health({ kind: 'raise', item });
    if (this.isOpen) watcher.opened({ wasDropped: false });
    return () => void this.#watchers.delete(watcher);
  }

  /** Asks a device, after whoever asked before, and once it owes nothing any more. Never rejects. */
  async read(request: ReadRequest, options: ReadOptions): Promise<BusResult> {
    for (;;) {
      // Not in the queue: others needn't wait for a slow unit.
      await this.#waitUntil(() => this.restUntilMs(request.unitId));
      const run = () =>
        this.#isResting(request.unitId) && this.isOpen
          ? Promise.resolve(undefined)
          : this.#readNow(request, options);
      const result = this.#queue.then(run, run);
      this.#queue = result;
      const done = await result;
      if (done !== undefined) return done;
    }
  }

  /**
   * Until when a unit isn't asked, because answers to requests of before may still come from it, ms of the clock. On a serial
   * line nothing tells them from those to the next request.
   */
  restUntilMs(unitId: number): number {
    return this.#restUntilMs.get(unitId) ?? Number.NEGATIVE_INFINITY;
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#counters, ...this.#scanner.counters(), ...this.#link.counters() };
  }

  async #readNow(request: ReadRequest, { timeoutMs, retries }: ReadOptions): Promise<BusResult> {
    const sentAtMs: number[] = [];
    let result: BusResult = { kind: 'failed', reason: 'no-port' };
    for (let attempt = 0; attempt <= retries; attempt++) {
      await this.#quiet(request, timeoutMs);
      if (!this.#link.isOpen) {
        result = { kind: 'failed', reason: 'no-port' };
        break;
      }
      sentAtMs.push(this.#ports.clock.nowMs());
      result = await this.#attempt(request, timeoutMs);
      if (result.kind !== 'failed' || result.reason === 'no-port') break;
      // Dropped by the bus itself because nothing came.
      if (!this.#link.isOpen) break;
      const isCollision = result.reason === 'collision';
      this.#keepQuiet(isCollision ? COLLISION_STEP_MS * (attempt + 1) : QUIET_AFTER_TIMEOUT_MS);
    }
    this.#letRest(request.unitId, sentAtMs, { timeoutMs, isAnswered: result.kind !== 'failed' });
    return result;
  }

  /** Lets a serial line be quiet for a while. */
  #keepQuiet(ms: number): void {
    if (this.#isSerialLine) this.#quietUntilMs = this.#ports.clock.nowMs() + ms;
  }

  /**
   * Where a request was repeated, or given up, the unit may owe answers. What came may have been that to the first attempt: those
   * to the others take as long then, and a time-out more at most.
   */
  #letRest(
    unitId: number,
    sentAtMs: readonly number[],
    { timeoutMs, isAnswered }: { readonly timeoutMs: number; readonly isAnswered: boolean },
  ): void {
    const first = sentAtMs[0];
    const last = sentAtMs.at(-1);
    if (!this.#isSerialLine || first === undefined || last === undefined) return;
    if (isAnswered && sentAtMs.length === 1) return;
    const tookMs = this.#ports.clock.nowMs() - first;
    const owedMs = Math.max(tookMs + timeoutMs, isAnswered ? 0 : REST_TIMEOUTS * timeoutMs);
    this.#restUntilMs.set(unitId, last + owedMs);
  }

  #isResting(unitId: number): boolean {
    return this.#ports.clock.nowMs() < this.restUntilMs(unitId);
  }

  async #attempt(request: ReadRequest, timeoutMs: number): Promise<BusResult> {
    this.#counters.requests += 1;
    this.#damagedBefore = this.#scanner.counters().damagedAnswers;
    const answered = Promise.withResolvers<Parameters<Waiting['settle']>[0]>();
    this.#waiting = { settle: answered.resolve };
    const bytes = this.#scanner.request(request);
    const cancel = this.#ports.clock.schedule(timeoutMs, () => {
      this.#settle({ kind: 'failed', reason: 'timeout' });
    });
    this.#link.write(bytes);
    const result = await answered.promise;
    cancel();
    this.#scanner.cancel();
    return this.#judge(result);
  }

  #judge(result: Parameters<Waiting['settle']>[0]): BusResult {
    const wasDamaged = this.#scanner.counters().damagedAnswers > this.#damagedBefore;
    if (wasDamaged) this.#reportDamage();
    if (result.kind === 'collision') {
      this.#counters.collisions += 1;
      return { kind: 'failed', reason: 'collision' };
    }
    if (result.kind === 'failed') {
      if (result.reason === 'timeout') this.#handleTimeout();
      return result.reason === 'timeout' && wasDamaged ? { kind: 'failed', reason: 'damaged' } : result;
    }
    this.#counters[result.kind === 'exception' ? 'exceptions' : 'answers'] += 1;
    return result;
  }

  #handleTimeout(): void {
    this.#counters.timeouts += 1;
    this.#silentRequests += 1;
    if (this.#silentRequests < this.#silentRequestsMax) return;
    this.#silentRequests = 0;
    this.#wasDropped = true;
    this.#link.reopen();
  }

  #receive(chunk: Uint8Array): void {
    this.#silentRequests = 0;
    this.#lastByteAtMs = this.#ports.clock.nowMs();
    const heardBefore = this.#scanner.counters().foreignRequests;
    const scanned = this.#scanner.push(chunk);
    const heard = this.#scanner.counters().foreignRequests;
    if (heard > heardBefore) {
      this.#lastForeignAtMs = this.#lastByteAtMs;
      this.#reportForeign(heard);
    }
    if (scanned !== undefined) this.#settle(scanned);
  }

  #settle(result: Parameters<Waiting['settle']>[0]): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.settle(result);
  }

  /** The port has gone: nothing that is waited for comes. */
  #giveUp(): void {
    this.#settle({ kind: 'failed', reason: 'no-port' });
    for (const end of [...this.#pauses]) end();
  }

  /** Waits until the line has been quiet for long enough. */
  async #quiet(request: ReadRequest, timeoutMs: number): Promise<void> {
    const giveUpMs = this.#ports.clock.nowMs() + QUIET_MS_MAX;
    await this.#waitUntil(() => {
      const quietFromMs = Math.max(this.#lastByteAtMs + this.#quietMs, this.#quietUntilMs);
      return Math.min(giveUpMs, Math.max(quietFromMs, this.#foreignUntilMs(request, timeoutMs)));
    });
  }

  /** Until when an answer may come that another master asked for, and that would look like the one to this request. */
  #foreignUntilMs(request: ReadRequest, timeoutMs: number): number {
    if (!this.#scanner.isContended(request)) return Number.NEGATIVE_INFINITY;
    const untilMs = this.#lastForeignAtMs + Math.max(FOREIGN_MS, timeoutMs);
    if (this.#ports.clock.nowMs() >= untilMs) this.#scanner.forgetForeign();
    return untilMs;
  }

  /** Waits for a time that may be moved on meanwhile, or until the port has gone. */
  async #waitUntil(timeMs: () => number): Promise<void> {
    const { clock } = this.#ports;
    for (;;) {
      const leftMs = timeMs() - clock.nowMs();
      if (!(leftMs > 0) || !this.#link.isOpen) return;
      await this.#pause(leftMs);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        this.#pauses.delete(end);
        resolve();
      };
      const cancel = this.#ports.clock.schedule(ms, end);
      this.#pauses.add(end);
    });
  }

  #reportDamage(): void {
    this.#troubles.report({
      code: 'frames-damaged',
      subject: '',
      severity: 'warning',
      title: 'answers with wrong checksums or sizes',
      text: 'They are dropped and asked for again. Check cable, termination and bias of the line, and its baud rate and parity.',
    });
  }

  #reportForeign(count: number): void {
    this.#troubles.report({
      code: 'bus-shared',
      subject: '',
      severity: 'failure',
      title: 'another master asks on this bus',
      text: `${count} requests were heard that are not ours. A bus has one master: let the other one read through a gateway, or take it off.`,
    });
  }
}
