import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type FileCoverage, readLcov } from './lcov.ts';

const USAGE = 'usage: coverage [--verbose]   --verbose: names the lines of branches that no test takes\n';
const ROOT = resolve(import.meta.dirname, '..');

/** Folders by the share of their branches that tests must take, in percent; null: shown only. */
const FOLDERS: readonly { readonly at: string; readonly branchesMin: number | null }[] = [
  { at: 'runtime/wire', branchesMin: 95 },
  { at: 'runtime/crypto', branchesMin: 95 },
  { at: 'runtime/pki', branchesMin: null },
  { at: 'runtime/trust', branchesMin: null },
];

/** What counts: tests that look at these folders for their own sake, and what the fuzzer has found. Not whatever passes by. */
const TESTS: readonly string[] = [
  'test/unit/runtime/{wire,crypto,pki,trust}/**/*.test.ts',
  'test/property/runtime/{wire,crypto,trust}/**/*.test.ts',
  'test/vectors/**/*.test.ts',
  'test/compliance/crypto*.test.ts',
  'test/fuzz/targets.test.ts',
];

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { verbose: { type: 'boolean', default: false }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const directory = mkdtempSync(join(tmpdir(), 'gridvine-coverage-'));
  try {
    const lcov = join(directory, 'lcov');
    const status = await runTests(lcov);
    if (status !== 0) return status;
    return report(readLcov(readFileSync(lcov, 'utf8')), values.verbose);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function runTests(lcov: string): Promise<number> {
  const args = [
    '--test',
    '--experimental-test-coverage',
    ...FOLDERS.map(({ at }) => `--test-coverage-include=${at}/**/*.ts`),
    '--test-reporter=dot',
    '--test-reporter-destination=stdout',
    '--test-reporter=lcov',
    `--test-reporter-destination=${lcov}`,
    ...TESTS,
  ];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => done(code ?? 1));
  });
}

function report(files: readonly FileCoverage[], verbose: boolean): number {
  let status = 0;
  for (const { at, branchesMin } of FOLDERS) {
    const inside = files.filter(({ path }) => path.startsWith(`${at}/`));
    const unseen = codeIn(at).filter((path) => !inside.some((file) => file.path === path));
    const taken = inside.reduce((sum, { branchesTaken }) => sum + branchesTaken, 0);
    const all = inside.reduce((sum, { branches }) => sum + branches, 0);
    const percent = (100 * taken) / Math.max(1, all);
    const isEnough = unseen.length === 0 && percent >= (branchesMin ?? 0);
    const demand = branchesMin === null ? '' : `, at least ${branchesMin} % wanted`;
    process.stdout.write(
      `${at}: ${percent.toFixed(2)} % of ${all} branches in ${inside.length} files${demand}${isEnough ? '' : ': TOO FEW'}\n`,
    );
    if (!isEnough) status = 1;
    for (const path of unseen) process.stdout.write(`  ${path}: no test loads it\n`);
    for (const { path, missed } of inside)
      if (missed.length > 0 && (verbose || !isEnough))
        process.stdout.write(`  ${path}: not taken from lines ${missed.join(', ')}\n`);
  }
  return status;
}

const CODE = /^(?:export )?(?:async )?(?:const|let|function|class)\b/m;

/** Files below a folder that hold more than types: those a test has to load. */
function codeIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`)
    .filter((path) => CODE.test(readFileSync(join(ROOT, path), 'utf8')));
}

process.exitCode = await main();
