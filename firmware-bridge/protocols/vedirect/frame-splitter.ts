/** Longest label and value that are taken, in bytes; the protocol has 8 and 32. A longer one voids its block. */
const LABEL_BYTES_MAX = 16;
const VALUE_BYTES_MAX = 64;
/** Most fields of a block; the protocol has 22. One more voids the block. */
const FIELDS_MAX = 32;
/** Longest HEX frame between `:` and newline; the longest known payload, a day of history, has 113 characters. */
const HEX_CHARS_MAX = 256;

/** Why a text block was dropped whole. */
export type BlockFault = 'checksum' | 'malformed';

/** What a VE.Direct stream consists of. */
export type VedirectFrame =
  /** A text block whose checksum is right; labels as the device writes them. */
  | { readonly kind: 'block'; readonly fields: ReadonlyMap<string, string> }
  /** The characters between `:` and the newline; their checksum is for `decodeHexFrame`. */
  | { readonly kind: 'hex'; readonly text: string }
  | { readonly kind: 'damaged'; readonly fault: BlockFault };

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const COLON = 0x3a;

/**
 * Where in the grammar the stream is. `start`: right behind a checksum. `return`: a carriage return came, a newline has to
 * follow. `lost`: outside of the grammar, until the next newline.
 */
type State = 'start' | 'return' | 'label' | 'value' | 'checksum' | 'hex' | 'lost';

/**
 * Takes a VE.Direct stream apart: text blocks (`\r\n<label>\t<value>` ..., the last label `Checksum` with one raw byte, all
 * bytes of a block adding up to 0 modulo 256) and HEX frames (`:...\n`), which may stand between any two bytes of a block and
 * count for nothing in its sum. A block is valid as a whole or not at all: one that steps out of the grammar is dropped
 * whatever its sum. Any garbage before a block costs that block at most.
 */
export class VedirectSplitter {
  #state: State = 'start';
  /** Where to go on after a HEX frame. */
  #resume: State = 'start';
  #sum = 0;
  #isVoid = false;
  #fields = new Map<string, string>();
  #label = '';
  readonly #scratch = new Uint8Array(HEX_CHARS_MAX);
  #held = 0;
  readonly #hex = new Uint8Array(HEX_CHARS_MAX);
  #hexHeld = 0;

  /** Takes the next bytes, of any number, and gives the frames that end in them. */
  push(chunk: Uint8Array): VedirectFrame[] {
    const frames: VedirectFrame[] = [];
    // By index: an iterator costs as much again as the machine itself.
    for (let at = 0; at < chunk.length; at++) {
      const frame = this.#take(chunk[at]!);
      if (frame !== undefined) frames.push(frame);
    }
    return frames;
  }

  /** Forgets an unfinished frame: for a port that was opened anew. */
  reset(): void {
    this.#begin();
    this.#hexHeld = 0;
  }

  #take(byte: number): VedirectFrame | undefined {
    if (this.#state === 'hex') return this.#takeHex(byte);
    if (this.#state === 'checksum') return this.#finish(byte);
    if (byte === COLON) {
      this.#resume = this.#state;
      this.#state = 'hex';
      this.#hexHeld = 0;
      return undefined;
    }
    this.#sum = (this.#sum + byte) & 0xff;
    if (this.#state === 'label') this.#takeLabel(byte);
    else if (this.#state === 'value') this.#takeValue(byte);
    else this.#takeBetween(byte);
    return undefined;
  }

  /** Between fields: only a line break leads on. */
  #takeBetween(byte: number): void {
    if (byte === NEWLINE) this.#startLabel();
    else if (byte === RETURN && this.#state === 'start') this.#state = 'return';
    else this.#lose();
  }

  #takeLabel(byte: number): void {
    if (byte === TAB && this.#held > 0) {
      this.#label = this.#heldText();
      this.#held = 0;
      this.#state = this.#label.toUpperCase() === 'CHECKSUM' ? 'checksum' : 'value';
    } else if (byte > 0x20 && byte < 0x7f && this.#held < LABEL_BYTES_MAX) {
      this.#scratch[this.#held++] = byte;
    } else {
      this.#lose();
      if (byte === NEWLINE) this.#startLabel();
    }
  }

  #takeValue(byte: number): void {
    if (byte === RETURN || byte === NEWLINE) {
      this.#keepField();
      if (byte === NEWLINE) this.#startLabel();
      else this.#state = 'return';
    } else if (byte >= 0x20 && byte < 0x7f && this.#held < VALUE_BYTES_MAX) {
      this.#scratch[this.#held++] = byte;
    } else {
      this.#lose();
    }
  }

  #takeHex(byte: number): VedirectFrame | undefined {
    if (byte === NEWLINE) {
      this.#state = this.#resume;
      return { kind: 'hex', text: String.fromCharCode(...this.#hex.subarray(0, this.#hexHeld)) };
    }
    if (isHexDigit(byte) && this.#hexHeld < HEX_CHARS_MAX) {
      this.#hex[this.#hexHeld++] = byte;
      return undefined;
    }
    // No HEX frame, so the colon was noise: what it interrupted is spoiled, and this byte may begin the next line.
    this.#state = 'lost';
    this.#isVoid = true;
    return this.#take(byte);
  }

  #keepField(): void {
    if (this.#fields.has(this.#label) || this.#fields.size >= FIELDS_MAX) this.#isVoid = true;
    else this.#fields.set(this.#label, this.#heldText());
  }

  #finish(byte: number): VedirectFrame {
    const isRight = ((this.#sum + byte) & 0xff) === 0;
    const isWhole = !this.#isVoid && this.#fields.size > 0;
    const fields = this.#fields;
    this.#begin();
    if (isRight && isWhole) return { kind: 'block', fields };
    return { kind: 'damaged', fault: isWhole ? 'checksum' : 'malformed' };
  }

  #begin(): void {
    this.#state = 'start';
    this.#sum = 0;
    this.#isVoid = false;
    this.#fields = new Map();
  }

  #startLabel(): void {
    this.#state = 'label';
    this.#held = 0;
  }

  #lose(): void {
    this.#state = 'lost';
    this.#isVoid = true;
  }

  #heldText(): string {
    let text = '';
    for (let i = 0; i < this.#held; i++) text += String.fromCharCode(this.#scratch[i]!);
    return text;
  }
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}
