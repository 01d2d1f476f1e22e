import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A directory that looks like a board's root; removed when disposed. */
export interface FakeSysroot extends Disposable {
  readonly path: string;
  file(path: string, content: string): void;
  link(path: string, target: string): void;
  /** An interface under `/sys/class/net`, by default an Ethernet one with a link. */
  networkInterface(name: string, files?: Readonly<Record<string, string>>): void;
}

export function createFakeSysroot(): FakeSysroot {
  const path = mkdtempSync(join(tmpdir(), 'gridvine-sysroot-'));
  const prepared = (inside: string) => {
    const full = join(path, inside);
    mkdirSync(dirname(full), { recursive: true });
    return full;
  };
  return {
    path,
    file: (inside, content) => writeFileSync(prepared(inside), content),
    link: (inside, target) => symlinkSync(target, prepared(inside)),
    networkInterface(name, files = {}) {
      const all = {
        operstate: 'up',
        carrier: '1',
        type: '1',
        mtu: '1500',
        flags: '0x1003',
        uevent: '',
        ...files,
      };
      for (const [file, content] of Object.entries(all)) {
        writeFileSync(prepared(`sys/class/net/${name}/${file}`), `${content}\n`);
      }
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
