import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { type CaptureEntry, parseCapture } from '#bridge/capture/capture.ts';
import { CliError, EXIT } from './io.ts';

/** A capture file that is being written. */
export interface CaptureFile {
  /** Takes a line of the capture at once: what was recorded before a crash is there. */
  write(line: string): void;
  /** @throws CliError where not everything could be written. */
  close(): void;
  /** Removes it: there was nothing to record. */
  discard(): void;
}

/**
 * Begins a capture file; never over another one.
 * @throws CliError where it can't be written, or is there.
 */
export function createCaptureFile(path: string): CaptureFile {
  try {
    return new OpenCapture(path, openSync(path, 'wx', 0o640));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EEXIST' ? `${path} is there already; give another name` : message;
    throw new CliError(`--record: ${reason}`);
  }
}

class OpenCapture implements CaptureFile {
  readonly #path: string;
  readonly #fd: number;
  #problem: string | undefined;

  constructor(path: string, fd: number) {
    this.#path = path;
    this.#fd = fd;
  }

  write(line: string): void {
    // A full disk ends the recording, and not what is recorded.
    if (this.#problem !== undefined) return;
    try {
      writeSync(this.#fd, line);
    } catch (error) {
      this.#problem = (error as Error).message;
    }
  }

  close(): void {
    closeSync(this.#fd);
    if (this.#problem !== undefined)
      throw new CliError(`--record: ${this.#path} is not complete: ${this.#problem}`);
  }

  discard(): void {
    closeSync(this.#fd);
    unlinkSync(this.#path);
  }
}

/**
 * Reads a capture file.
 * @throws CliError where it can't be read, or is none.
 */
export function readCaptureFile(path: string): readonly CaptureEntry[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(`--replay: ${(error as Error).message}`);
  }
  const parsed = parseCapture(text);
  if (parsed.kind === 'problem') throw new CliError(`--replay: ${path}: ${parsed.text}`, EXIT.usage);
  return parsed.entries;
}
