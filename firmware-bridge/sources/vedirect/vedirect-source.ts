import type { AppValue } from '#runtime/core/value.ts';
import { type HealthItem, HealthLedger } from '../../health.ts';
import { keyMatches } from '../../pipeline/key-glob.ts';
import type { LinkEndpoint, SerialLine } from '../../ports/link-port.ts';
import type { SourcePorts } from '../../ports/source-ports.ts';
import {
  type BlockFault,
  type VedirectFrame,
  VedirectSplitter,
} from '../../protocols/vedirect/frame-splitter.ts';
import { decodeHexFrame, registerAnswer } from '../../protocols/vedirect/hex-frame.ts';
import type { HexRegister } from '../../protocols/vedirect/hex-registers.ts';
import { readField, TEXT_FIELDS } from '../../protocols/vedirect/text-fields.ts';
import type { Source, SourceDescription, SourceSink } from '../../source.ts';
import { LinkKeeper } from '../link-keeper.ts';
import { PassingTroubles } from '../passing-troubles.ts';
import { RegisterPoller } from './register-poller.ts';

/** Every VE.Direct port is set so. */
export const VEDIRECT_LINE: SerialLine = { baudRate: 19_200, parity: 'none', stopBits: 1 };

/** Devices send a block a second: a gateway that has been silent for so long has gone. ms */
const IDLE_MS_MAX = 30_000;

export interface VedirectSourceOptions {
  readonly name: string;
  readonly endpoint: LinkEndpoint;
  /** Put before each key, with a slash. */
  readonly keyPrefix: string;
  /** Globs over the keys without their prefix; what none of them matches is dropped. */
  readonly only: readonly string[];
  /** Serial number (`SER#`) of the device that is meant; another one's readings are dropped. Absent: whichever is there. */
  readonly serialNumber?: string;
  /** To ask for by HEX, because no text field has them. */
  readonly registers: readonly HexRegister[];
  /** Between two rounds of asking, ms. */
  readonly registersIntervalMs: number;
}

/** Reads a Victron device that talks VE.Direct: it sends a text block a second by itself. */
export class VedirectSource implements Source {
  readonly description: SourceDescription;
  readonly #options: VedirectSourceOptions;
  readonly #ports: SourcePorts;
  readonly #ledger = new HealthLedger();
  readonly #troubles: PassingTroubles;
  readonly #splitter = new VedirectSplitter();
  readonly #link: LinkKeeper;
  readonly #poller: RegisterPoller;
  readonly #counters = {
    blocks: 0,
    readings: 0,
    partialBlocks: 0,
    wrongChecksums: 0,
    malformedBlocks: 0,
    unknownFields: 0,
    nonsenseFields: 0,
    foreignBlocks: 0,
    hexFrames: 0,
    damagedHexFrames: 0,
  };
  /** Keys that have had a value since the port was opened, from this device: only what was there can go. */
  readonly #present = new Set<string>();
  #sink: SourceSink | undefined;
  #isFirstFrame = true;
  #seenSerial: string | undefined;

  constructor(options: VedirectSourceOptions, ports: SourcePorts) {
    this.description = { kind: 'vedirect', name: options.name };
    this.#options = options;
    this.#ports = ports;
    this.#troubles = new PassingTroubles({ clock: ports.clock, ledger: this.#ledger });
    this.#link = new LinkKeeper({
      ports,
      endpoint: options.endpoint,
      subject: options.name,
      ledger: this.#ledger,
      troubles: this.#troubles,
      opened: () => this.#beginAnew(),
      bytes: (chunk) => {
        for (const frame of this.#splitter.push(chunk)) this.#handleFrame(frame);
      },
      lost: () => this.#poller.stop(),
      ...(options.endpoint.kind === 'tcp' ? { idleMsMax: IDLE_MS_MAX } : {}),
    });
    this.#poller = new RegisterPoller({
      clock: ports.clock,
      ledger: this.#ledger,
      name: options.name,
      registers: options.registers,
      intervalMs: options.registersIntervalMs,
      write: (bytes) => this.#link.write(bytes),
      value: ({ key, unit }, value) => this.#handleRegister(key, unit, value ?? undefined),
    });
  }

  start(sink: SourceSink): void {
    this.#sink = sink;
    this.#ledger.connect((change) => sink.health(change));
    this.#link.start();
  }

  async stop(): Promise<void> {
    this.#sink = undefined;
    this.#ledger.connect(undefined);
    this.#troubles.stop();
    this.#poller.stop();
    await this.#link.stop();
  }

  health() {
    return this.#ledger.items();
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#counters, ...this.#poller.counters(), ...this.#link.counters() };
  }

  #beginAnew(): void {
    this.#splitter.reset();
    this.#isFirstFrame = true;
    this.#seenSerial = undefined;
    this.#forgetPresent();
    this.#poller.opened();
  }

  /** Another device may be on the port: what the last one had says nothing about it. */
  #forgetPresent(): void {
    for (const key of this.#present) {
      this.#ledger.clear({ code: 'sensor-absent', subject: `${this.#options.name}: ${key}` });
    }
    this.#present.clear();
  }

  #handleFrame(frame: VedirectFrame): void {
    if (frame.kind === 'hex') {
      this.#handleHex(frame.text);
      return;
    }
    if (frame.kind === 'damaged') this.#handleDamage(frame.fault);
    else this.#handleBlock(frame.fields);
    this.#isFirstFrame = false;
  }

  #handleHex(text: string): void {
    this.#counters.hexFrames += 1;
    const frame = decodeHexFrame(text);
    const answer = registerAnswer(frame);
    if (answer !== undefined) this.#poller.handle(answer);
    if (frame.kind !== 'damaged') return;
    this.#counters.damagedHexFrames += 1;
    this.#troubles.report(this.#damageItem());
  }

  #handleRegister(bareKey: string, unit: string | undefined, value: AppValue | undefined): void {
    const { serialNumber } = this.#options;
    // As with text: whoever isn't the device that is meant says nothing here.
    if (serialNumber !== undefined && this.#seenSerial !== serialNumber) return;
    const key = `${this.#options.keyPrefix}/${bareKey}`;
    if (value !== undefined) this.#note(key);
    else if (!this.#hasGone(key)) return;
    this.#deliver(key, unit, value);
  }

  #deliver(key: string, unit: string | undefined, value: AppValue | undefined): void {
    this.#counters.readings += 1;
    this.#sink?.reading({
      key,
      value: value ?? null,
      quality: value === undefined ? 'bad' : 'good',
      takenAtMs: this.#ports.clock.nowMs(),
      ...(unit === undefined ? {} : { unit }),
    });
  }

  #handleDamage(fault: BlockFault): void {
    // The port was opened in the middle of a block: nobody's fault.
    if (this.#isFirstFrame) {
      this.#counters.partialBlocks += 1;
      return;
    }
    this.#counters[fault === 'checksum' ? 'wrongChecksums' : 'malformedBlocks'] += 1;
    this.#troubles.report(this.#damageItem());
  }

  #handleBlock(fields: ReadonlyMap<string, string>): void {
    this.#counters.blocks += 1;
    if (this.#isForeign(fields.get('SER#'))) {
      this.#counters.foreignBlocks += 1;
      return;
    }
    for (const [label, text] of fields) {
      const field = TEXT_FIELDS.get(label);
      if (field === undefined) {
        this.#counters.unknownFields += 1;
        continue;
      }
      if (!this.#options.only.some((glob) => keyMatches(glob, field.key))) continue;
      const key = `${this.#options.keyPrefix}/${field.key}`;
      const read = readField(field, text);
      if (read.kind === 'nonsense') this.#counters.nonsenseFields += 1;
      if (read.kind === 'value') this.#note(key);
      else if (!this.#hasGone(key, field.absence)) continue;
      this.#deliver(key, field.unit, read.kind === 'value' ? read.value : undefined);
    }
  }

  /**
   * Whether the block is another device's than the one that is meant. Battery monitors tell their number in every second block
   * only, so a block without one belongs to whoever spoke last.
   */
  #isForeign(told: string | undefined): boolean {
    const { serialNumber, name } = this.#options;
    const before = this.#seenSerial;
    this.#seenSerial = told ?? before;
    if (before !== undefined && this.#seenSerial !== before) this.#forgetPresent();
    if (serialNumber === undefined) return false;
    if (this.#seenSerial === serialNumber) {
      this.#ledger.clear({ code: 'device-changed', subject: name });
      return false;
    }
    if (this.#seenSerial === undefined) return true;
    this.#ledger.raise({
      code: 'device-changed',
      subject: name,
      severity: 'failure',
      title: 'another device is on this port',
      text: `Expected the serial number ${serialNumber}; got ${this.#seenSerial}. Its readings are dropped. Swap the plugs, or correct serialNumber.`,
    });
    return true;
  }

  #note(key: string): void {
    this.#present.add(key);
    this.#ledger.clear({ code: 'sensor-absent', subject: `${this.#options.name}: ${key}` });
  }

  /** True for a value that was there before: a sensor was pulled off the device, unless `absence` says why else. */
  #hasGone(key: string, absence = 'Check the sensor at the device.'): boolean {
    if (!this.#present.has(key)) return false;
    this.#ledger.raise({
      code: 'sensor-absent',
      subject: `${this.#options.name}: ${key}`,
      severity: 'warning',
      title: `${key} has gone`,
      text: `The device has no value for it any more. Its last good value is kept and marked bad. ${absence}`,
    });
    return true;
  }

  #damageItem(): HealthItem {
    return {
      code: 'frames-damaged',
      subject: this.#options.name,
      severity: 'warning',
      title: 'blocks or frames with wrong checksums',
      text: 'Damaged blocks are dropped whole. Check the cable, its ground and its length, and that no other program reads this port.',
    };
  }
}
