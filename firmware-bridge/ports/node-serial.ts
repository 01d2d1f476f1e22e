import { execFile } from 'node:child_process';
import { close as closeFd, constants, open as openFd } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { isatty, ReadStream } from 'node:tty';
import { promisify } from 'node:util';
import type { Link, LinkEnd, LinkEndpoint, LinkEvents, LinkFault } from './link-port.ts';
import { LOCK_DIR, lockSerial } from './serial-lock.ts';

export interface SerialOptions {
  /** Where lock files are kept; `/run/lock` if absent. */
  readonly lockDirectory?: string;
  /** Told when a port is used although its lock can't be written: other programs can't know of it. */
  readonly unlocked?: (device: string, lockDirectory: string) => void;
  /** Waits for bytes of an open terminal; libuv's own if absent. Throws where the terminal has gone meanwhile. */
  readonly readStream?: (fd: number) => ReadStream;
}

type SerialEndpoint = LinkEndpoint & { kind: 'serial' };

/** Names that stay with a device, whatever number it is plugged in under. */
const BY_ID = '/dev/serial/by-id';
/** `stty` that hangs in a driver is given up, ms: sooner than a source has to be stopped. */
const STTY_MS_MAX = 3000;

/** Device files that this process has open: the lock file knows processes, and not who in them. */
const openHere = new Set<string>();

/**
 * Opens a serial port without native add-ons: `stty` sets the line, and the device file is read and written without
 * blocking, by libuv's terminal streams. (An `fs` stream would hold a thread of the pool for each read.)
 */
export function openSerial(endpoint: SerialEndpoint, events: LinkEvents, options: SerialOptions): Link {
  const port = new SerialPort(endpoint, events, options);
  void port.open();
  return port;
}

class SerialPort implements Link {
  readonly #endpoint: SerialEndpoint;
  readonly #events: LinkEvents;
  readonly #options: SerialOptions;
  readonly #done = Promise.withResolvers<void>();
  #stream: ReadStream | undefined;
  #isOver = false;
  #isPaused = false;

  constructor(endpoint: SerialEndpoint, events: LinkEvents, options: SerialOptions) {
    this.#endpoint = endpoint;
    this.#events = events;
    this.#options = options;
  }

  /** Never rejects: whatever a driver does ends this port, and not the daemon. Resolves when the device is closed again. */
  async open(): Promise<void> {
    try {
      const device = await this.#attempt(() => realpath(this.#endpoint.path));
      if (device !== undefined) await this.#openDevice(device);
    } catch (error) {
      this.#end({ fault: 'failed', detail: (error as Error).message });
    } finally {
      this.#done.resolve();
    }
  }

  write(bytes: Uint8Array): void {
    if (!this.#isOver) this.#stream?.write(bytes.slice());
  }

  pause(): void {
    this.#isPaused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#stream?.resume();
  }

  async close(): Promise<void> {
    this.#isOver = true;
    this.#stream?.destroy();
    await this.#done.promise;
  }

  async #openDevice(device: string): Promise<void> {
    if (this.#isOver) return;
    if (openHere.has(device)) {
      this.#end({ fault: 'busy', detail: `${device} is open already in this process` });
      return;
    }
    openHere.add(device);
    try {
      await this.#lockAndUse(device);
    } finally {
      openHere.delete(device);
    }
  }

  async #lockAndUse(device: string): Promise<void> {
    // Numbers of pseudo-terminals are given to the next one soon: a lock would outlive what it means.
    const isPty = device.startsWith('/dev/pts/');
    const { lockDirectory = LOCK_DIR, unlocked } = this.#options;
    const lock = isPty ? undefined : await lockSerial(device, lockDirectory);
    if (lock?.kind === 'busy') {
      const holder = lock.pid === undefined ? 'another program' : `the process ${lock.pid}`;
      this.#end({ fault: 'busy', detail: `${device} is used by ${holder}` });
      return;
    }
    if (lock?.isKept === false) unlocked?.(device, lockDirectory);
    try {
      await this.#use(device, isPty);
    } finally {
      await lock?.release();
    }
  }

  /** Resolves when the device is closed again. */
  async #use(device: string, isPty: boolean): Promise<void> {
    const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;
    const fd = await this.#attempt(() => promisify(openFd)(device, O_RDWR | O_NOCTTY | O_NONBLOCK));
    if (fd === undefined) return;
    const problem = isatty(fd) ? await this.#setLine(device, isPty) : `${device} is no serial port`;
    if (problem !== undefined) this.#end({ fault: 'failed', detail: problem });
    const stream = this.#isOver ? undefined : this.#streamOf(fd);
    if (stream === undefined) await promisify(closeFd)(fd).catch(() => {});
    else await this.#stay(stream);
  }

  /** Undefined where the device was pulled off since it was opened; its descriptor is still ours then. */
  #streamOf(fd: number): ReadStream | undefined {
    try {
      return this.#options.readStream?.(fd) ?? new ReadStream(fd);
    } catch (error) {
      this.#end({
        fault: 'lost',
        detail: `the device went while it was opened (${(error as Error).message})`,
      });
      return undefined;
    }
  }

  async #setLine(device: string, isPty: boolean): Promise<string | undefined> {
    const args = ['-F', device, ...sttyArguments(this.#endpoint, isPty)];
    try {
      await promisify(execFile)('stty', args, {
        timeout: STTY_MS_MAX,
        env: { PATH: PATH_OF_STTY, LC_ALL: 'C' },
      });
      return undefined;
    } catch (error) {
      const { stderr = '', message } = error as { stderr?: string; message: string };
      return stderr.trim() || message;
    }
  }

  #stay(stream: ReadStream): Promise<void> {
    return new Promise((resolve) => {
      this.#stream = stream;
      stream.on('data', (chunk: Uint8Array) => {
        if (!this.#isOver) this.#events.bytes(chunk);
      });
      stream.on('error', (error) => this.#end({ fault: 'lost', detail: error.message }));
      stream.once('end', () => this.#end({ fault: 'lost', detail: 'the device has gone' }));
      stream.once('close', () => {
        this.#end({ fault: 'lost', detail: 'the device has gone' });
        resolve();
      });
      if (this.#isPaused) stream.pause();
      this.#events.opened();
    });
  }

  #end(end: LinkEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stream?.destroy();
    this.#events.closed(end);
  }

  async #attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const fault = faultOf(code);
      this.#end({ fault, detail: fault === 'absent' ? await absence(this.#endpoint.path) : message });
      return undefined;
    }
  }
}

/** The daemon's own PATH may lack what every system has. */
const PATH_OF_STTY = '/usr/local/bin:/usr/bin:/bin';

/** Arguments of `stty` for a raw line. A pseudo-terminal has no wire, and refuses parity. */
export function sttyArguments(line: SerialEndpoint, isPty: boolean): readonly string[] {
  const raw = [
    'raw',
    '-echo',
    '-hupcl',
    'clocal',
    'cread',
    '-crtscts',
    '-ixon',
    '-ixoff',
    'min',
    '1',
    'time',
    '0',
  ];
  const framing = [
    'cs8',
    line.stopBits === 2 ? 'cstopb' : '-cstopb',
    ...(line.parity === 'none' ? ['-parenb'] : ['parenb', line.parity === 'odd' ? 'parodd' : '-parodd']),
  ];
  return [String(line.baudRate), ...raw, ...(isPty ? [] : framing)];
}

/** So many names of other ports are told. */
const NAMES_MAX = 8;

async function absence(path: string): Promise<string> {
  const there = await readdir(BY_ID).catch(() => []);
  const more = there.length > NAMES_MAX ? ` and ${there.length - NAMES_MAX} more` : '';
  const shown = there.slice(0, NAMES_MAX).map((name) => `${BY_ID}/${name}`);
  const names = `${shown.join(', ')}${more}`;
  return `there is no ${path}; ${names === '' ? 'no serial port is plugged in by USB' : `plugged in by USB: ${names}`}`;
}

function faultOf(code: string | undefined): LinkFault {
  if (code === 'ENOENT' || code === 'ENXIO' || code === 'ENODEV' || code === 'ENOTDIR') return 'absent';
  if (code === 'EACCES' || code === 'EPERM') return 'denied';
  return code === 'EBUSY' ? 'busy' : 'failed';
}
