import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { type CaptureEntry, parseCapture } from '#bridge/capture/capture.ts';
import { CliError, EXIT } from './io.ts';

/** A capture file that is being written. */
export interface CaptureFile {
  /** Takes a line of the capture at once: what was recorded before a crash is there. */
  write(line: string): void;
  close(): void;
}

/**
 * Begins a capture file; never over another one.
 * @throws CliError where it can't be written, or is there.
 */
export function createCaptureFile(path: string): CaptureFile {
  try {
    const fd = openSync(path, 'wx', 0o640);
    return { write: (line) => void writeSync(fd, line), close: () => closeSync(fd) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EEXIST' ? `${path} is there already; give another name` : message;
    throw new CliError(`--record: ${reason}`);
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
