import type { OutputStream } from '../cli/io.ts';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_REST_OF_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const HOME_AND_CLEAR = '\u001b[H\u001b[2J';
const WIDTH_MIN = 40;
const WIDTH_DEFAULT = 80;
const HEIGHT_DEFAULT = 24;

/** A terminal, or a file that the pictures are appended to. */
export interface ScreenStream extends OutputStream {
  readonly rows?: number;
}

/**
 * Shows one picture after the other: on a terminal each in the place of the one before, else below it. What stood on the
 * terminal before stays, and the last picture stays too.
 */
export class Screen {
  readonly #stream: ScreenStream;
  #linesShown = 0;
  #widthShown = 0;
  #hidden = false;

  constructor(stream: ScreenStream) {
    this.#stream = stream;
  }

  get interactive(): boolean {
    return this.#stream.isTTY === true;
  }

  /** Columns to draw in. */
  get width(): number {
    const columns = this.interactive ? this.#stream.columns : WIDTH_DEFAULT;
    return Math.max(WIDTH_MIN, columns ?? WIDTH_DEFAULT);
  }

  /** Lines that fit; undefined: any number. */
  get height(): number | undefined {
    // The line below the last must fit too, else the terminal scrolls and the next picture comes out one line lower.
    return this.interactive ? Math.max(1, (this.#stream.rows ?? HEIGHT_DEFAULT) - 1) : undefined;
  }

  show(lines: readonly string[]): void {
    if (!this.interactive) {
      this.#stream.write(`${lines.join('\n')}\n\n`);
      return;
    }
    // A terminal that became narrower has wrapped the old lines: nobody knows where they are now.
    const start = this.width === this.#widthShown ? this.#up() : this.#widthShown === 0 ? '' : HOME_AND_CLEAR;
    const visible = lines.slice(0, this.height);
    const body = visible.map((line) => `${line}${CLEAR_REST_OF_LINE}\n`).join('');
    this.#stream.write(`${this.#hidden ? '' : HIDE_CURSOR}${start}${body}${CLEAR_BELOW}`);
    this.#hidden = true;
    this.#linesShown = visible.length;
    this.#widthShown = this.width;
  }

  /** Writes below the last picture, which stays. */
  say(text: string): void {
    this.release();
    this.#stream.write(`${text}\n`);
    this.#linesShown = 0;
    this.#widthShown = 0;
  }

  /** Gives the terminal back as it was. Safe at any time, and twice. */
  release(): void {
    if (!this.#hidden) return;
    this.#hidden = false;
    this.#stream.write(SHOW_CURSOR);
  }

  #up(): string {
    return this.#linesShown === 0 ? '' : `\r\u001b[${this.#linesShown}A`;
  }
}
