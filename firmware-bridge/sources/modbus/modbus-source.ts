import { HealthLedger } from '../../health.ts';
import type { SourcePorts } from '../../ports/source-ports.ts';
import { type Block, itemBytes, type Placed, planReads } from '../../protocols/modbus/read-plan.ts';
import { exceptionText, isLasting, isSilence } from '../../protocols/modbus/read-request.ts';
import { readValue, type ValueLayout } from '../../protocols/modbus/register-value.ts';
import type { Source, SourceDescription, SourceSink } from '../../source.ts';
import { Backoff } from '../backoff.ts';
import { PollLoop } from '../poll-loop.ts';
import { type BusUse, useBus } from './bus-pool.ts';
import type { BusResult, ModbusBusOptions } from './modbus-bus.ts';
import { RefusalPatience } from './refusal-patience.ts';

/** One value in a table of a device, and the key of its reading. */
export interface ModbusRegister extends Placed {
  readonly key: string;
  readonly unit?: string;
  readonly layout: ValueLayout;
}

export interface ModbusSourceOptions extends ModbusBusOptions {
  readonly name: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  /** Registers that nobody asked for and that may be read to save a request. */
  readonly gap: number;
  readonly registers: readonly ModbusRegister[];
}

type RegisterBlock = Block<ModbusRegister>;

/** A device that doesn't answer is asked ever more seldom, so that the others on its bus don't wait for it. All ms. */
const SILENCE = { minMs: 1000, maxMs: 60_000, settledAfterMs: 0 };
/** What a device refuses for good, such as a register that it doesn't have, is asked for again after so long. */
const REFUSED_AGAIN_MS = 300_000;

interface Unit {
  readonly backoff: Backoff;
  askAgainAtMs: number;
}

/** Reads registers of devices on a Modbus bus, as the configuration lists them. */
export class ModbusSource implements Source {
  readonly description: SourceDescription;
  readonly #options: ModbusSourceOptions;
  readonly #ports: SourcePorts;
  readonly #ledger = new HealthLedger();
  readonly #loop: PollLoop;
  readonly #blocks: readonly RegisterBlock[];
  readonly #units = new Map<number, Unit>();
  /** When what was refused for good may be asked for again. */
  readonly #refusedUntilMs = new Map<RegisterBlock, number>();
  readonly #counters = { polls: 0, readings: 0, failedReads: 0, refusedReads: 0, nonsenseValues: 0 };
  readonly #patience = new RefusalPatience();
  #sink: SourceSink | undefined;
  #use: BusUse | undefined;
  #busCounters: Readonly<Record<string, number>> = {};
  #unwatch = () => {};

  constructor(options: ModbusSourceOptions, ports: SourcePorts) {
    this.description = { kind: 'modbus', name: options.name };
    this.#options = options;
    this.#ports = ports;
    this.#blocks = planReads(options.registers, options.gap);
    this.#loop = new PollLoop({
      clock: ports.clock,
      intervalMs: options.intervalMs,
      round: (isCurrent) => this.#poll(isCurrent),
    });
  }

  start(sink: SourceSink): void {
    this.#sink = sink;
    this.#ledger.connect((change) => sink.health(change));
    this.#use = useBus(this.#options, this.#ports);
    const subject = this.description.name;
    this.#unwatch = this.#use.bus.watch({
      opened: () => {
        this.#loop.stop();
        this.#loop.start();
      },
      health: (change) => {
        if (change.kind === 'raise') this.#ledger.raise({ ...change.item, subject });
        else this.#ledger.clear({ code: change.code, subject });
      },
    });
  }

  async stop(): Promise<void> {
    this.#loop.stop();
    this.#unwatch();
    this.#ledger.connect(undefined);
    this.#sink = undefined;
    this.#busCounters = this.#use?.bus.counters() ?? this.#busCounters;
    const use = this.#use;
    this.#use = undefined;
    await use?.release();
  }

  health() {
    return this.#ledger.items();
  }

  counters(): Readonly<Record<string, number>> {
    return { ...(this.#use?.bus.counters() ?? this.#busCounters), ...this.#counters };
  }

  async #poll(isCurrent: () => boolean): Promise<void> {
    const bus = this.#use?.bus;
    // The port's own condition says why; devices aren't to blame for it.
    if (bus === undefined || !bus.isOpen) return;
    this.#counters.polls += 1;
    for (const block of this.#blocks) {
      if (!this.#isDue(block)) continue;
      const result = await bus.read(block.request, this.#options);
      if (!isCurrent()) return;
      this.#handle(block, result);
    }
  }

  #isDue(block: RegisterBlock): boolean {
    const nowMs = this.#ports.clock.nowMs();
    const unit = this.#units.get(block.request.unitId);
    return nowMs >= (unit?.askAgainAtMs ?? 0) && nowMs >= (this.#refusedUntilMs.get(block) ?? 0);
  }

  #handle(block: RegisterBlock, result: BusResult): void {
    if (result.kind === 'failed') {
      if (result.reason !== 'no-port') this.#handleSilence(block, result.reason);
      return;
    }
    if (result.kind === 'exception' && isSilence(result.code)) {
      this.#handleSilence(block, exceptionText(result.code));
      return;
    }
    this.#units.delete(block.request.unitId);
    this.#ledger.clear({ code: 'device-silent', subject: this.#unitSubject(block) });
    if (result.kind === 'exception') {
      this.#handleRefusal(block, result.code);
      return;
    }
    this.#patience.forget(this.#blockSubject(block));
    this.#ledger.clear({ code: 'device-refuses', subject: this.#blockSubject(block) });
    const takenAtMs = this.#ports.clock.nowMs();
    for (const register of block.items)
      this.#deliver(register, itemBytes(block, register, result.data), takenAtMs);
  }

  #deliver({ key, unit, layout, table }: ModbusRegister, data: Uint8Array, takenAtMs: number): void {
    const isBit = table === 'coil' || table === 'discrete';
    const value = isBit ? data[0] === 1 : readValue(layout, data);
    if (value === undefined) this.#counters.nonsenseValues += 1;
    this.#counters.readings += 1;
    const quality = value === undefined || value === null ? 'bad' : 'good';
    this.#sink?.reading({
      key,
      value: value ?? null,
      quality,
      takenAtMs,
      ...(unit === undefined ? {} : { unit }),
    });
  }

  #handleSilence(block: RegisterBlock, reason: string): void {
    const { unitId } = block.request;
    this.#counters.failedReads += 1;
    const unit = this.#units.get(unitId) ?? { backoff: new Backoff(SILENCE), askAgainAtMs: 0 };
    this.#units.set(unitId, unit);
    // Nor sooner than the bus would ask: the other devices needn't wait for that.
    unit.askAgainAtMs = Math.max(
      this.#ports.clock.nowMs() + unit.backoff.pauseAfter(-1),
      this.#use?.bus.restUntilMs(unitId) ?? 0,
    );
    this.#ledger.raise({
      code: 'device-silent',
      subject: this.#unitSubject(block),
      severity: 'failure',
      title: `unit ${unitId} gives no usable answer`,
      text:
        `${this.#silenceText(reason)}. It is asked ever more seldom, up to once a minute. ` +
        `Check its power, its unit id and its line settings with \`gridvine modbus scan\`.`,
    });
  }

  #silenceText(reason: string): string {
    const own = SILENCE_TEXT[reason];
    return own === undefined ? `It said: ${reason}` : `${own}, ${this.#options.retries + 1} times in a row`;
  }

  #handleRefusal(block: RegisterBlock, code: number): void {
    this.#counters.refusedReads += 1;
    if (isLasting(code)) this.#refusedUntilMs.set(block, this.#ports.clock.nowMs() + REFUSED_AGAIN_MS);
    if (!this.#patience.isExhausted(this.#blockSubject(block), { isLasting: isLasting(code) })) return;
    const { table, address, count } = block.request;
    this.#ledger.raise({
      code: 'device-refuses',
      subject: this.#blockSubject(block),
      severity: 'warning',
      title: `${table} ${address} to ${address + count - 1} refused: ${exceptionText(code)}`,
      text:
        'The device has no such registers, or not in this state. Check addresses (counted from 0) and table against its manual; ' +
        'its other registers are still read.',
    });
  }

  #unitSubject({ request }: RegisterBlock): string {
    return `${this.description.name}: unit ${request.unitId}`;
  }

  #blockSubject({ request }: RegisterBlock): string {
    return `${this.description.name}: unit ${request.unitId} ${request.table} ${request.address}`;
  }
}

const SILENCE_TEXT: Readonly<Record<string, string>> = {
  timeout: 'It did not answer in time',
  damaged: 'Its answers were damaged',
  collision: "Its answers can't be told from those to another master",
};
