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
/** After a collision each attempt waits longer than the last, by steps that no other master has. ms */
const COLLISION_STEP_MS = 37;

/** Somebody who uses the bus. */
export interface BusWatcher {
  /** The port was opened, maybe anew. */
  opened(): void;
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
  /** Who may still owe an answer, and until when. */
  #owing = { unitId: -1, untilMs: Number.NEGATIVE_INFINITY };
  #damagedBefore = 0;
  /** Time-outs since a byte came. */
  #silentRequests = 0;
  /** Ends a pause that is under way. */
  #wake = () => {};

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
        this.#scanner.cancel();
        for (const watcher of this.#watchers) watcher.opened();
      },
      bytes: (chunk) => this.#receive(chunk),
      lost: () => this.#settle({ kind: 'failed', reason: 'no-port' }),
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
    this.#settle({ kind: 'failed', reason: 'no-port' });
    this.#wake();
    await stopped;
  }

  /** Tells `watcher` at once of what holds now, and of changes until the returned function is called. */
  watch(watcher: BusWatcher): () => void {
    this.#watchers.add(watcher);
    for (const item of this.#ledger.items()) watcher.health({ kind: 'raise', item });
    if (this.isOpen) watcher.opened();
    return () => void this.#watchers.delete(watcher);
  }

  /** Asks a device, after whoever asked before. Never rejects. */
  read(request: ReadRequest, options: ReadOptions): Promise<BusResult> {
    const result = this.#queue.then(() => this.#readNow(request, options));
    this.#queue = result;
    return result;
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#counters, ...this.#scanner.counters(), ...this.#link.counters() };
  }

  async #readNow(request: ReadRequest, { timeoutMs, retries }: ReadOptions): Promise<BusResult> {
    let result: BusResult = { kind: 'failed', reason: 'no-port' };
    for (let attempt = 0; attempt <= retries; attempt++) {
      await this.#quiet(request.unitId);
      if (!this.#link.isOpen) return { kind: 'failed', reason: 'no-port' };
      result = await this.#attempt(request, timeoutMs);
      if (result.kind !== 'failed') {
        if (attempt > 0) this.#keepQuiet(timeoutMs);
        return result;
      }
      if (result.reason === 'no-port') return result;
      this.#keepQuiet(
        result.reason === 'collision' ? COLLISION_STEP_MS * (attempt + 1) : QUIET_AFTER_TIMEOUT_MS,
      );
    }
    this.#expectMore(request.unitId, timeoutMs);
    return result;
  }

  /** Lets a serial line be quiet for a while. */
  #keepQuiet(ms: number): void {
    if (this.#isSerialLine) this.#quietUntilMs = this.#ports.clock.nowMs() + ms;
  }

  /**
   * Asks a unit nothing for a while. Where a request was repeated it may owe another answer, and nothing on a serial line tells
   * that from the one to the next request: it must come while nobody waits for the unit.
   */
  #expectMore(unitId: number, ms: number): void {
    if (!this.#isSerialLine) return;
    this.#owing = { unitId, untilMs: this.#ports.clock.nowMs() + Math.min(ms, QUIET_MS_MAX) };
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
    this.#link.reopen();
  }

  #receive(chunk: Uint8Array): void {
    this.#silentRequests = 0;
    this.#lastByteAtMs = this.#ports.clock.nowMs();
    const heardBefore = this.#scanner.counters().foreignRequests;
    const scanned = this.#scanner.push(chunk);
    const heard = this.#scanner.counters().foreignRequests;
    if (heard > heardBefore) this.#reportForeign(heard);
    if (scanned !== undefined) this.#settle(scanned);
  }

  #settle(result: Parameters<Waiting['settle']>[0]): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.settle(result);
  }

  /** Waits until the line has been quiet for long enough. */
  async #quiet(unitId: number): Promise<void> {
    const { clock } = this.#ports;
    const giveUpMs = clock.nowMs() + QUIET_MS_MAX;
    for (;;) {
      const nowMs = clock.nowMs();
      const owedUntilMs = unitId === this.#owing.unitId ? this.#owing.untilMs : nowMs;
      const quietFromMs = Math.max(this.#lastByteAtMs + this.#quietMs, this.#quietUntilMs, owedUntilMs);
      const dueMs = Math.min(giveUpMs, quietFromMs);
      if (!(dueMs > nowMs)) return;
      await this.#pause(dueMs - nowMs);
      if (!this.#link.isOpen) return;
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#ports.clock.schedule(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
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
