import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fstatSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { isatty, ReadStream } from 'node:tty';
import type { LinkEnd, LinkEndpoint } from '#bridge/ports/link-port.ts';
import { nodeLinks } from '#bridge/ports/node-links.ts';
import type { SerialOptions } from '#bridge/ports/node-serial.ts';
import { plugPty } from '../support/devices/pty.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const LINE = { baudRate: 19_200, parity: 'none', stopBits: 1 } as const;

/** An open port that keeps what happens. */
function opened(endpoint: LinkEndpoint, options: SerialOptions = {}) {
  const seen = { isOpen: false, bytes: [] as number[], end: undefined as LinkEnd | undefined };
  const link = nodeLinks(options).open(endpoint, {
    opened: () => {
      seen.isOpen = true;
    },
    bytes: (chunk) => seen.bytes.push(...chunk),
    closed: (end) => {
      seen.end = end;
    },
  });
  return { link, seen };
}

describe('a serial port', () => {
  test('passes every byte value both ways, at the speed it was given', async (t) => {
    const path = join(await temporaryDirectory(t), 'usb-ve');
    const pty = await plugPty(path);
    t.after(() => pty.unplug());
    const { link, seen } = opened({ kind: 'serial', path, ...LINE });
    t.after(() => link.close());
    await eventually(() => seen.isOpen);
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    const got: number[] = [];
    pty.onBytes((chunk) => got.push(...chunk));
    pty.send(all);
    link.write(all);
    await eventually(() => seen.bytes.length === 256 && got.length === 256);
    assert.deepEqual(seen.bytes, [...all]);
    assert.deepEqual(got, [...all]);
    const settings = execFileSync('stty', ['-F', path, '-a'], { encoding: 'utf8' });
    assert.match(settings, /speed 19200 baud/);
    assert.match(settings, /-icanon/);
  });

  test('that is unplugged ends, and comes back behind the same name with another number', async (t) => {
    const path = join(await temporaryDirectory(t), 'usb-ve');
    const first = await plugPty(path);
    const { seen } = opened({ kind: 'serial', path, ...LINE });
    await eventually(() => seen.isOpen);
    const before = realpathSync(path);
    const holder = await plugPty(join(await temporaryDirectory(t), 'other'));
    t.after(() => holder.unplug());
    await first.unplug();
    await eventually(() => seen.end !== undefined);
    assert.equal(seen.end?.fault, 'lost');
    const absent = opened({ kind: 'serial', path, ...LINE });
    await eventually(() => absent.seen.end !== undefined);
    assert.equal(absent.seen.end?.fault, 'absent');
    // Its number is taken meanwhile.
    const thief = await plugPty(join(await temporaryDirectory(t), 'thief'));
    t.after(() => thief.unplug());
    const second = await plugPty(path);
    t.after(() => second.unplug());
    assert.notEqual(realpathSync(path), before);
    const again = opened({ kind: 'serial', path, ...LINE });
    t.after(() => again.link.close());
    await eventually(() => again.seen.isOpen);
    second.send(Uint8Array.of(7));
    await eventually(() => again.seen.bytes.length === 1);
  });

  test('that is pulled off while it is opened ends this port only, and is free for the next attempt', async (t) => {
    const path = join(await temporaryDirectory(t), 'usb-ve');
    const pty = await plugPty(path);
    t.after(() => pty.unplug());
    const descriptors: number[] = [];
    const gone = opened(
      { kind: 'serial', path, ...LINE },
      {
        // What libuv says of a terminal that was hung up since it was asked whether it is one.
        readStream: (fd) => {
          descriptors.push(fd);
          throw Object.assign(new Error('TTY initialization failed'), { code: 'ERR_TTY_INIT_FAILED' });
        },
      },
    );
    await eventually(() => gone.seen.end !== undefined);
    assert.equal(gone.seen.end?.fault, 'lost');
    await gone.link.close();
    assert.throws(() => fstatSync(descriptors[0] ?? 0), { code: 'EBADF' });
    const again = opened({ kind: 'serial', path, ...LINE });
    await eventually(() => again.seen.isOpen);
    await again.link.close();
  });

  test('that hangs up before its stream is made ends as lost', async (t) => {
    const path = join(await temporaryDirectory(t), 'usb-ve');
    const pty = await plugPty(path);
    const { link, seen } = opened(
      { kind: 'serial', path, ...LINE },
      {
        readStream: (fd) => {
          execFileSync('kill', [String(pty.pid)]);
          // Its end hangs the terminal up, at its own time.
          for (let i = 0; isatty(fd) && i < 1000; i++) execFileSync('true');
          return new ReadStream(fd);
        },
      },
    );
    await eventually(() => seen.end !== undefined);
    assert.equal(seen.end?.fault, 'lost');
    await link.close();
    await pty.unplug();
  });

  test('is open once in a process, and free again after its close', async (t) => {
    const path = join(await temporaryDirectory(t), 'usb-ve');
    const pty = await plugPty(path);
    t.after(() => pty.unplug());
    const first = opened({ kind: 'serial', path, ...LINE });
    await eventually(() => first.seen.isOpen);
    const second = opened({ kind: 'serial', path, ...LINE });
    await eventually(() => second.seen.end !== undefined);
    assert.equal(second.seen.end?.fault, 'busy');
    await first.link.close();
    const third = opened({ kind: 'serial', path, ...LINE });
    await eventually(() => third.seen.isOpen);
    await third.link.close();
  });

  test('many of them leave the thread pool free for files', async (t) => {
    const directory = await temporaryDirectory(t);
    for (let i = 0; i < 6; i++) {
      const pty = await plugPty(join(directory, `usb-${i}`));
      t.after(() => pty.unplug());
      const { link, seen } = opened({ kind: 'serial', path: pty.path, ...LINE });
      t.after(() => link.close());
      await eventually(() => seen.isOpen);
    }
    const { readFile } = await import('node:fs/promises');
    assert.ok((await readFile('/proc/uptime', 'utf8')).length > 0);
  });

  test('a path that is no serial port, or speaks a speed that there is not, is refused with the reason', async (t) => {
    const directory = await temporaryDirectory(t);
    const file = join(directory, 'file');
    writeFileSync(file, '');
    for (const [endpoint, said] of [
      [{ kind: 'serial', path: file, ...LINE }, /is no serial port/],
      [{ kind: 'serial', path: '/dev/null', ...LINE }, /is no serial port/],
    ] as const) {
      const { seen } = opened(endpoint);
      await eventually(() => seen.end !== undefined);
      assert.equal(seen.end?.fault, 'failed');
      assert.match(seen.end?.detail ?? '', said);
    }
    const pty = await plugPty(join(directory, 'usb'));
    t.after(() => pty.unplug());
    const odd = opened({ kind: 'serial', path: pty.path, ...LINE, baudRate: 12_345 });
    await eventually(() => odd.seen.end !== undefined);
    assert.match(odd.seen.end?.detail ?? '', /12345/);
  });
});
