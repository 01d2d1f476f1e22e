import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CliResult, gridvine } from '../cli/run.ts';

/** 2026-01-01 */
export const START = 1_767_225_600;
export const DAY = 86_400;
/** Deriving a key at full cost takes a third of a second. */
export const CHEAP = { costLog2: 10, blockSize: 8, parallel: 1 };
export const PASSPHRASE = 'correct horse battery';

/** The CA of one directory, as a person uses it. */
export class CaBench {
  readonly directory: string;
  readonly ca: string;
  nowSeconds = START;

  constructor(directory: string) {
    this.directory = directory;
    this.ca = join(directory, 'ca');
    this.file('pass', `${PASSPHRASE}\n`);
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  file(name: string, text: string, mode = 0o600): string {
    const path = this.path(name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  }

  /** `gridvine ca ...` with the passphrase file. */
  run(...words: readonly string[]): Promise<CliResult> {
    const [name = '', ...rest] = words;
    const secret = name === 'show' ? [] : ['--passphrase-file', this.path('pass')];
    return this.bare('ca', name, '--dir', this.ca, ...secret, ...rest);
  }

  bare(...words: readonly string[]): Promise<CliResult> {
    return gridvine(words, { nowSeconds: () => this.nowSeconds, passphraseCost: CHEAP });
  }

  /** As `run`, and must end well. */
  async done(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...words);
    if (code !== 0) throw new Error(`gridvine ca ${words.join(' ')}: ${code} ${stderr}`);
    return stdout;
  }

  async show(): Promise<CaShown> {
    return JSON.parse(await this.done('show', '--json')) as CaShown;
  }
}

export interface CaShown {
  readonly schema: string;
  readonly cluster: string;
  readonly roots: readonly { readonly id: string; readonly state: string }[];
  readonly certificates: readonly {
    readonly name: string;
    readonly id: string;
    readonly serial: string;
    readonly groups: readonly string[];
    readonly state: string;
    readonly reason: string | null;
    readonly expiresMs: number;
  }[];
  readonly revocations: readonly {
    readonly kind: string;
    readonly target: string;
    readonly reason: string;
  }[];
  readonly policy: { readonly number: number; readonly writes: Readonly<Record<string, readonly string[]>> };
}
