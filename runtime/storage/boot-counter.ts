import { GridvineError } from '../core/errors.ts';
import { BOOT_MAX } from '../core/version.ts';
import { encodeChecked, readChecked } from './checked-json.ts';
import { type FilePort, replaceFile, setAside } from './file-port.ts';
import { fileErrorCode, type StorageNotice } from './notice.ts';

const NAMES = ['boot-a.json', 'boot-b.json'] as const;
const SCHEMA = 'gridvine.boot/1';
/** Every file has the same length, so that a full disk can still take a new value in place of an old one. */
const DIGITS = 7;

interface Copy {
  readonly name: (typeof NAMES)[number];
  /** 0: absent or damaged. */
  readonly boot: number;
  readonly damaged: boolean;
}

/**
 * The counter of this node's lives [P-1.3]. Two copies are written in turn, each with a checksum, so that damage to one costs
 * nothing; where both are lost it starts at 1, and peers that remember a higher one push it up (`adopt`).
 */
export class BootCounter {
  readonly #files: FilePort;
  readonly #directory: string;
  #boot = 0;
  #next: (typeof NAMES)[number] = NAMES[0];

  constructor(options: { readonly files: FilePort; readonly directory: string }) {
    this.#files = options.files;
    this.#directory = options.directory;
  }

  /** The persisted value; 0 before `advance`. */
  get boot(): number {
    return this.#boot;
  }

  /**
   * Begins a new life: reads, adds one (two where the newer copy may be the damaged one), and returns once that is on the medium.
   * @param history `known` where this node has lived before: then missing files are worth a notice.
   * @throws GridvineError `E_BOOT_COUNTER` where it can't be read or written, or is used up.
   */
  async advance(history: 'new' | 'known'): Promise<{ boot: number; notices: StorageNotice[] }> {
    const notices: StorageNotice[] = [];
    const copies = [await this.#read(NAMES[0], notices), await this.#read(NAMES[1], notices)];
    const [older, newer] = copies.sort((a, b) => a.boot - b.boot);
    if (newer.boot === 0 && history === 'known') notices.push(LOST);
    // With one copy alone (but for the very first) the other held the value before it, or after it.
    const step = older.boot === 0 && (older.damaged || newer.boot > 1) ? 2 : 1;
    this.#next = older.name;
    this.#boot = newer.boot;
    const boot = newer.boot === 0 ? 1 : newer.boot + step;
    if (boot > BOOT_MAX)
      throw new GridvineError(
        'E_BOOT_COUNTER',
        `${this.#directory}: the boot counter is used up (${BOOT_MAX}); give this node a new identity by \`gridvine rekey\``,
      );
    await this.adopt(boot);
    return { boot, notices };
  }

  /**
   * Persists a higher value; a lower or equal one changes nothing.
   * @throws GridvineError `E_BOOT_COUNTER`; the persisted value is as before then.
   */
  async adopt(boot: number): Promise<void> {
    if (boot <= this.#boot) return;
    const name = this.#next;
    const path = `${this.#directory}/${name}`;
    const bytes = encodeChecked(SCHEMA, { boot: String(boot).padStart(DIGITS, '0') });
    try {
      await replaceFile(this.#files, path, bytes).catch((error: unknown) => {
        if (fileErrorCode(error) !== 'ENOSPC') throw error;
        return this.#files.overwriteSynced(path, bytes);
      });
    } catch (error) {
      throw new GridvineError(
        'E_BOOT_COUNTER',
        `${path}: can't be written (${fileErrorCode(error)}); make the directory writable and free some space`,
        { cause: error },
      );
    }
    this.#boot = boot;
    this.#next = name === NAMES[0] ? NAMES[1] : NAMES[0];
  }

  /**
   * Begins anew, for a new identity: the next life is the second.
   * @throws GridvineError `E_BOOT_COUNTER`; run it again then.
   */
  async reset(): Promise<void> {
    try {
      await this.#files.remove(`${this.#directory}/${NAMES[1]}`);
    } catch (error) {
      throw new GridvineError(
        'E_BOOT_COUNTER',
        `${this.#directory}/${NAMES[1]}: can't be removed (${fileErrorCode(error)}); make the directory writable`,
        { cause: error },
      );
    }
    this.#boot = 0;
    this.#next = NAMES[0];
    await this.adopt(1);
  }

  async #read(name: (typeof NAMES)[number], notices: StorageNotice[]): Promise<Copy> {
    const path = `${this.#directory}/${name}`;
    try {
      const content = await readChecked(this.#files, path, SCHEMA);
      if (content.status === 'absent') return { name, boot: 0, damaged: false };
      const boot = content.status === 'ok' ? bootOf(content.body) : 0;
      if (boot > 0) return { name, boot, damaged: false };
      const aside = await setAside(this.#files, this.#directory, name);
      notices.push(damagedNotice(path, aside));
      return { name, boot: 0, damaged: true };
    } catch (error) {
      throw new GridvineError(
        'E_BOOT_COUNTER',
        `${path}: can't be read (${fileErrorCode(error)}); check its owner and mode`,
        { cause: error },
      );
    }
  }
}

const LOST: StorageNotice = {
  code: 'boot-counter-lost',
  severity: 'warning',
  title: 'boot counter lost',
  text: 'This node has lived before, but no copy of its boot counter was whole: it began again at 1. Peers that remember it push it up within seconds; nothing to do if the node shows as alive elsewhere.',
};

function damagedNotice(path: string, aside: string): StorageNotice {
  return {
    code: 'boot-counter-damaged',
    severity: 'warning',
    title: 'boot counter damaged',
    text: `${path} was damaged and was set aside as ${aside}. The other copy or the peers make up for it; if it happens again, check the storage medium.`,
  };
}

function bootOf(body: unknown): number {
  const text = (body as { boot?: unknown } | null)?.boot;
  if (typeof text !== 'string' || !/^\d{1,7}$/.test(text)) return 0;
  const boot = Number(text);
  return boot >= 1 && boot <= BOOT_MAX ? boot : 0;
}
