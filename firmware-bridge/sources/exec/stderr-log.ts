import { LINE_BYTES_MAX, STDERR_LINE_CHARS_MAX, STDERR_LINES_PER_MINUTE_MAX } from '../../limits.ts';
import { RateBucket } from '../../pipeline/rate-bucket.ts';
import { LineSplitter } from '../../protocols/line-splitter.ts';

/** Passes a child's standard error on line by line: cut, without control characters, and so many a minute at most. */
export class StderrLog {
  readonly #log: (text: string) => void;
  readonly #splitter = new LineSplitter({ lineBytesMax: LINE_BYTES_MAX });
  readonly #bucket = new RateBucket({
    perSecond: STDERR_LINES_PER_MINUTE_MAX / 60,
    burst: STDERR_LINES_PER_MINUTE_MAX,
  });
  #dropped = 0;

  constructor(log: (text: string) => void) {
    this.#log = log;
  }

  /** Lines that did not reach the log. */
  get dropped(): number {
    return this.#dropped;
  }

  push(nowMs: number, bytes: Uint8Array): void {
    for (const line of this.#splitter.push(bytes)) {
      if (line.kind === 'too-long' || !this.#bucket.take(nowMs)) {
        this.#dropped += 1;
        continue;
      }
      // Terminal escapes of a child have no business in the log of the daemon.
      const text = new TextDecoder()
        .decode(line.bytes)
        .replaceAll(/\p{Cc}+/gu, ' ')
        .trim();
      if (text !== '') this.#log(text.slice(0, STDERR_LINE_CHARS_MAX));
    }
  }
}
