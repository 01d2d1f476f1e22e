import type { AppValue } from '#runtime/core/value.ts';
import type { HealthLedger } from '../../health.ts';
import type { ClockPort } from '../../ports/clock-port.ts';
import { encodeGet, type RegisterAnswer } from '../../protocols/vedirect/hex-frame.ts';
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

/** How long a device may take to answer; it does so within tens of milliseconds. */
const ANSWER_MS_MAX = 500;

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
    else this.#options.value(register, readRegister(register, answer.data));
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

  #handleRefusal(register: HexRegister, reason: string): void {
    this.#counters.hexRefusals += 1;
    this.#refused.add(register.register);
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
