import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { eventually } from '../eventually.ts';

/** A pseudo-terminal whose other end the test holds: a serial port with a device on it. */
export interface Pty {
  /** Its name: a link, which can come back with another terminal behind it, as `/dev/serial/by-id` does. */
  readonly path: string;
  /** The process that holds the other end. */
  readonly pid: number;
  send(bytes: Uint8Array): void;
  /** What was written into the port. */
  onBytes(listener: (chunk: Uint8Array) => void): void;
  /** Pulls the plug. */
  unplug(): Promise<void>;
}

/** Makes a pseudo-terminal by Debian's `socat`, since Node has none. */
export async function plugPty(path: string): Promise<Pty> {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(
    'socat',
    [`pty,raw,echo=0,link=${path}`, 'STDIO'],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const failed = new Promise<never>((_, reject) => {
    child.once('error', () => reject(new Error('socat is missing: apt-get install socat')));
  });
  await Promise.race([failed, eventually(() => existsSync(path))]);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin.on('error', () => {});
  return {
    path,
    pid: child.pid ?? 0,
    send: (bytes) => void child.stdin.write(bytes),
    onBytes: (listener) => void child.stdout.on('data', listener),
    async unplug() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
