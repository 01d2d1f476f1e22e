import type { AppValue } from '#runtime/core/value.ts';
import type { HealthLedger } from '../../health.ts';
import type { ClockPort } from '../../ports/clock-port.ts';
import { encodeGet, type RegisterAnswer, type RegisterRefusal } from '../../protocols/vedirect/hex-frame.ts';
import { type HexRegister, readRegister } from '../../protocols/vedirect/hex-registers.ts';

export interface RegisterPollerOptions {
  readonly clock: ClockPort;
  readonly ledger: HealthLedger;
  /** The source's name, for subjects of health items. */
  readonly name: string;
  readonly registers: readonly HexRegister[];
  readonly intervalMs: number;
  readonly write: (bytes: Uint8Array) => void;
  /** A register's value; null where the device has none, undefined where its bytes don't fit. */
  readonly value: (register: HexRegister, value: AppValue | undefined) => void;
}

/** How long a device may take to answer, ms: most within tens, some firmware behind the text block that it is sending. */
const ANSWER_MS_MAX = 1000;

/**
 * Asks a device for registers by HEX, one after another in rounds, beside the text that it sends by itself. What it doesn't
 * have is asked for once until the port is opened anew.
 */
export class RegisterPoller {
  readonly #options: RegisterPollerOptions;
  readonly #refused = new Set<number>();
  readonly #counters = { hexRequests: 0, hexAnswers: 0, hexTimeouts: 0, hexRefusals: 0 };
  #queue: HexRegister[] = [];
  #awaited: HexRegister | undefined;
  #answeredInRound = 0;
  #cancel = () => {};

  constructor(options: RegisterPollerOptions) {
    this.#options = options;
  }

  /** The port was opened: begins with a round at once. */
  opened(): void {
    this.stop();
    this.#refused.clear();
    for (const { key } of this.#options.registers) this.#clearRefusal(key);
    if (this.#options.registers.length > 0) this.#beginRound();
  }

  stop(): void {
    this.#cancel();
    this.#cancel = () => {};
    this.#awaited = undefined;
    this.#queue = [];
  }

  /** Takes what a device said about a register, asked or not. */
  handle(answer: RegisterAnswer): void {
    const register = this.#options.registers.find((each) => each.register === answer.register);
    if (register === undefined) return;
    this.#options.ledger.clear({ code: 'device-silent', subject: this.#subject('HEX') });
    if ('refused' in answer) this.#handleRefusal(register, answer.refused);
    else this.#handleValue(register, answer.data);
    if (this.#awaited?.register !== answer.register) return;
    this.#counters.hexAnswers += 1;
    this.#answeredInRound += 1;
    this.#askNext();
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#counters };
  }

  #beginRound(): void {
    this.#answeredInRound = 0;
    this.#queue = this.#options.registers.filter(({ register }) => !this.#refused.has(register));
    this.#askNext();
  }

  #askNext(): void {
    this.#cancel();
    const { clock, intervalMs, write } = this.#options;
    this.#awaited = this.#queue.shift();
    if (this.#awaited === undefined) {
      this.#cancel = clock.schedule(intervalMs, () => this.#beginRound());
      return;
    }
    this.#counters.hexRequests += 1;
    this.#cancel = clock.schedule(ANSWER_MS_MAX, () => this.#handleTimeout());
    write(encodeGet(this.#awaited.register));
  }

  #handleTimeout(): void {
    this.#counters.hexTimeouts += 1;
    // The last of a round in which none was answered.
    if (this.#queue.length === 0 && this.#answeredInRound === 0) {
      this.#options.ledger.raise({
        code: 'device-silent',
        subject: this.#subject('HEX'),
        severity: 'warning',
        title: "doesn't answer what it is asked",
        text: 'Its text may still come: then the line to the device is broken, or the device knows no HEX. Check the cable, or take registers out.',
      });
    }
    this.#askNext();
  }

  #handleValue(register: HexRegister, data: Uint8Array): void {
    this.#refused.delete(register.register);
    this.#clearRefusal(register.key);
    this.#options.value(register, readRegister(register, data));
  }

  #clearRefusal(key: string): void {
    this.#options.ledger.clear({ code: 'device-refuses', subject: this.#subject(key) });
  }

  #handleRefusal(register: HexRegister, reason: RegisterRefusal): void {
    this.#counters.hexRefusals += 1;
    // A wrong parameter is a matter of the moment, such as a charger that is off.
    if (reason !== 'parameter-error') this.#refused.add(register.register);
    this.#options.ledger.raise({
      code: 'device-refuses',
      subject: this.#subject(register.key),
      severity: 'info',
      title: `no ${register.key} here`,
      text: `The device has no register 0x${register.register.toString(16).toUpperCase()} (${reason}). Take it out of registers.`,
    });
  }

  #subject(what: string): string {
    return `${this.#options.name}: ${what}`;
  }
}
