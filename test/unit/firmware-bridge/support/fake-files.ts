import type { FilePort, FileResult, FileSystemSize } from '#bridge/ports/file-port.ts';

/** What a fake file holds: its text, a fault of the driver, or a read that never returns. */
export type FakeFile = string | { readonly fault: 'denied' | 'failed' } | 'hangs-forever';

/** A tree of files in memory, to be changed while a test runs. */
export class FakeFiles implements FilePort {
  readonly files = new Map<string, FakeFile>();
  readonly sizes = new Map<string, FileSystemSize>();

  constructor(files: Readonly<Record<string, FakeFile>> = {}) {
    for (const [path, file] of Object.entries(files)) this.files.set(path, file);
  }

  readText(path: string): Promise<FileResult<string>> {
    const file = this.files.get(path);
    if (file === 'hangs-forever') return new Promise(() => {});
    if (file === undefined) return Promise.resolve({ ok: false, fault: 'absent', detail: `no ${path}` });
    if (typeof file === 'string') return Promise.resolve({ ok: true, value: file });
    return Promise.resolve({ ok: false, fault: file.fault, detail: `${path} is ${file.fault}` });
  }

  async list(path: string): Promise<FileResult<readonly string[]>> {
    const names = [...this.files.keys()]
      .filter((file) => file.startsWith(`${path}/`))
      .map((file) => file.slice(path.length + 1).split('/')[0] ?? '');
    if (names.length === 0) return { ok: false, fault: 'absent', detail: `no ${path}` };
    return { ok: true, value: [...new Set(names)].sort() };
  }

  async fileSystemSize(path: string): Promise<FileResult<FileSystemSize>> {
    const size = this.sizes.get(path);
    return size === undefined
      ? { ok: false, fault: 'absent', detail: `no ${path}` }
      : { ok: true, value: size };
  }
}
