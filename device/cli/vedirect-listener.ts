import type { LinkEndpoint } from '#bridge/ports/link-port.ts';
import { nodeLinks } from '#bridge/ports/node-links.ts';
import { type VedirectFrame, VedirectSplitter } from '#bridge/protocols/vedirect/frame-splitter.ts';
import { decodeHexFrame, encodeGet, registerAnswer } from '#bridge/protocols/vedirect/hex-frame.ts';
import { HEX_REGISTERS, readRegister } from '#bridge/protocols/vedirect/hex-registers.ts';
import { readField, TEXT_FIELDS } from '#bridge/protocols/vedirect/text-fields.ts';
import { openFieldLink } from './field-link.ts';
import { CliError, type CliIo } from './io.ts';
import { plain, printLines } from './output.ts';
import { printTable } from './table.ts';

export interface VedirectListenerOptions {
  readonly io: CliIo;
  readonly endpoint: LinkEndpoint;
  readonly durationMs: number;
  /** To ask for by HEX, one after another from the first block on. */
  readonly registers: readonly number[];
  readonly json: boolean;
}

/**
 * Prints each block of a Victron device, and the answers to what it is asked.
 * @throws CliError where the port can't be opened, is lost, or nothing comes.
 */
export async function listenToVedirect(options: VedirectListenerOptions): Promise<void> {
  const { endpoint, durationMs, registers } = options;
  const splitter = new VedirectSplitter();
  const counts = { blocks: 0, damaged: 0, hex: 0, bytes: 0 };
  const print = new Printer(options);
  let asker: Asker | undefined;
  const link = await openFieldLink(nodeLinks(), endpoint, (chunk) => {
    counts.bytes += chunk.length;
    for (const frame of splitter.push(chunk)) {
      if (frame.kind === 'block') counts.blocks++;
      else counts[isDamaged(frame) ? 'damaged' : frame.kind]++;
      print.frame(frame);
      asker?.handle(frame);
    }
  });
  asker = new Asker(registers, (bytes) => link.write(bytes));
  const timer = Promise.withResolvers<undefined>();
  const timeout = setTimeout(timer.resolve, durationMs, undefined);
  const end = await Promise.race([timer.promise, link.ended]);
  clearTimeout(timeout);
  asker.stop();
  await link.close();
  print.summary(counts);
  if (end !== undefined) throw new CliError(`the port was lost: ${end.detail}; check plug and cable`);
  if (counts.blocks + counts.hex === 0) throw new CliError(nothingCame(counts.bytes, durationMs));
  const unanswered = asker.unanswered();
  if (unanswered.length > 0) {
    throw new CliError(
      `${unanswered.map(registerText).join(', ')}: no answer within ${durationMs} ms; check the cable (the line to the device), or listen longer with --for`,
    );
  }
}

/** A device answers within a second, or not at all. */
const ANSWER_MS_MAX = 1000;

/** Asks for registers, one at a time, because devices take no second question before they answered the first. */
class Asker {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #waiting: number[];
  readonly #unanswered: Set<number>;
  #asked: number | undefined;
  #hasBegun = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(registers: readonly number[], write: (bytes: Uint8Array) => void) {
    this.#write = write;
    this.#waiting = [...registers];
    this.#unanswered = new Set(registers);
    // A device may keep its text back.
    this.#timer = setTimeout(() => this.#begin(), ANSWER_MS_MAX);
  }

  handle(frame: VedirectFrame): void {
    if (frame.kind === 'block') this.#begin();
    if (frame.kind !== 'hex') return;
    const answer = registerAnswer(decodeHexFrame(frame.text));
    if (answer === undefined) return;
    this.#unanswered.delete(answer.register);
    if (answer.register === this.#asked) this.#next();
  }

  unanswered(): readonly number[] {
    return [...this.#unanswered];
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#next();
  }

  #next(): void {
    clearTimeout(this.#timer);
    this.#asked = this.#waiting.shift();
    if (this.#asked === undefined) return;
    this.#timer = setTimeout(() => this.#next(), ANSWER_MS_MAX);
    this.#write(encodeGet(this.#asked));
  }
}

/** Noise may look like a frame. */
function isDamaged(frame: VedirectFrame): boolean {
  return frame.kind === 'hex' && decodeHexFrame(frame.text).kind === 'damaged';
}

function registerText(register: number): string {
  return `0x${register.toString(16).toUpperCase().padStart(4, '0')}`;
}

function nothingCame(bytes: number, durationMs: number): string {
  const begin = `nothing of VE.Direct came within ${durationMs} ms`;
  return bytes === 0
    ? `${begin}, and no byte at all; check plug and cable, that the device has power, and that the port is the right one`
    : `${begin}, only ${bytes} bytes that make no sense; check that the port is the right one and no other program reads it`;
}

class Printer {
  readonly #io: CliIo;
  readonly #isJson: boolean;

  constructor({ io, json }: VedirectListenerOptions) {
    this.#io = io;
    this.#isJson = json;
  }

  frame(frame: VedirectFrame): void {
    if (frame.kind === 'block') this.#block(frame.fields);
    else if (frame.kind === 'hex') this.#hex(frame.text);
    else this.#line('damaged', { fault: frame.fault }, `! a damaged block (${frame.fault}) was dropped`);
  }

  summary(counts: Readonly<Record<string, number>>): void {
    const { blocks, damaged, hex, bytes } = counts;
    this.#line(
      'summary',
      counts,
      `${bytes} bytes: ${blocks} blocks, ${damaged} damaged (the first may be cut), ${hex} HEX frames`,
    );
  }

  #block(fields: ReadonlyMap<string, string>): void {
    if (this.#isJson) {
      this.#line('block', { fields: Object.fromEntries(fields) }, '');
      return;
    }
    printTable(
      this.#io,
      [{ title: 'LABEL' }, { title: 'TEXT' }, { title: 'READING', flexible: true }],
      [...fields].map(([label, text]) => [plain(label), plain(text), meaning(label, text)]),
    );
    printLines(this.#io, ['']);
  }

  #hex(text: string): void {
    const frame = decodeHexFrame(text);
    if (frame.kind === 'damaged') {
      this.#line('hex', { text, fault: frame.fault }, `! a damaged HEX frame (${frame.fault}): ${text}`);
      return;
    }
    const answer = registerAnswer(frame);
    if (answer === undefined) {
      this.#line(
        'hex',
        { text, command: frame.command },
        `HEX answer ${frame.command.toString(16)}: ${text}`,
      );
      return;
    }
    const register = registerText(answer.register);
    if ('refused' in answer) {
      this.#line(
        'register',
        { register, refused: answer.refused },
        `${register}: refused (${answer.refused})`,
      );
      return;
    }
    const data = Buffer.from(answer.data).toString('hex');
    const known = HEX_REGISTERS.find((each) => each.register === answer.register);
    const value = known === undefined ? undefined : readRegister(known, answer.data);
    const reading =
      known === undefined || value === undefined ? '' : ` ${known.key} = ${value} ${known.unit ?? ''}`;
    this.#line(
      'register',
      { register, data, key: known?.key ?? null, value: value ?? null },
      `${register}: ${data}${reading}`.trimEnd(),
    );
  }

  #line(type: string, fields: Readonly<Record<string, unknown>>, text: string): void {
    const shown = this.#isJson ? JSON.stringify({ schema: 'gridvine.vedirect/1', type, ...fields }) : text;
    printLines(this.#io, [shown]);
  }
}

function meaning(label: string, text: string): string {
  const field = TEXT_FIELDS.get(label);
  if (field === undefined) return '(not known)';
  const read = readField(field, text);
  if (read.kind !== 'value') return `${field.key}: ${read.kind === 'absent' ? 'none' : 'nonsense'}`;
  return `${field.key} = ${String(read.value)} ${field.unit ?? ''}`.trimEnd();
}
