import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { projectPath } from '../release/project.ts';
import type { CellResult, CellTask } from './measure.ts';
import { setupKey } from './setup.ts';

/** Code that a cell's result depends on. */
const MEASURED_CODE = ['runtime', 'device/simulation', 'scripts/experiments'] as const;

/** A finished cell, one line of the file. */
export interface StoredCell {
  readonly key: string;
  readonly code: string;
  readonly seed: number;
  readonly wallMs: number;
  readonly result: CellResult;
}

/** Equal as long as the measured code is: a hash over the text of its files, committed or not. */
export function codeHash(): string {
  const hash = createHash('sha256');
  for (const folder of MEASURED_CODE) {
    const files = readdirSync(projectPath(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !isPresentation(`${folder}/${name}`))
      .sort();
    for (const name of files)
      hash.update(`${folder}/${name}\0`).update(readFileSync(projectPath(folder, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** How results are shown doesn't change them. */
function isPresentation(path: string): boolean {
  return (
    path.startsWith('device/simulation/report/') ||
    /experiments\/(flags|metrics|pages|plan|preset|report|store|study)/.test(path)
  );
}

/** Finished cells, kept in a file as they come, so that a study can be ended at any time and go on later. */
export class CellStore {
  readonly #path: string;
  readonly #code: string;
  readonly #cells = new Map<string, StoredCell[]>();

  /** Reads what is there; cells of other code, and lines that a crash cut short, don't count. */
  constructor(path: string, code: string) {
    this.#path = path;
    this.#code = code;
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) return;
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      const cell = parse(line);
      if (cell?.code === code) this.#remember(cell);
    }
  }

  /** Forgets everything, in the file too. */
  clear(): void {
    this.#cells.clear();
    const empty = `${this.#path}.${process.pid}`;
    writeFileSync(empty, '');
    renameSync(empty, this.#path);
  }

  has(task: CellTask): boolean {
    return this.of(keyOf(task)).some(({ seed }) => seed === task.seed);
  }

  /** All runs of one key, in any order. */
  of(key: string): readonly StoredCell[] {
    return this.#cells.get(key) ?? [];
  }

  add(task: CellTask, wallMs: number, result: CellResult): void {
    const cell = { key: keyOf(task), code: this.#code, seed: task.seed, wallMs, result };
    appendFileSync(this.#path, `${JSON.stringify(cell)}\n`);
    this.#remember(cell);
  }

  #remember(cell: StoredCell): void {
    const others = this.of(cell.key).filter(({ seed }) => seed !== cell.seed);
    this.#cells.set(cell.key, [...others, cell]);
  }
}

/** The runs of a setup; quick ones are shorter, and others. */
export function keyOf({ setup, quick }: Pick<CellTask, 'setup' | 'quick'>): string {
  return `${quick ? 'quick ' : ''}${setupKey(setup)}`;
}

/** Where the cells of the study are kept. */
export function studyPath(name: string): string {
  return join(projectPath('build', 'experiments'), name);
}

function parse(line: string): StoredCell | undefined {
  try {
    return line === '' ? undefined : (JSON.parse(line) as StoredCell);
  } catch {
    return undefined;
  }
}
