import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { describe, test } from 'node:test';
import { behaviourOffences, citationsIn } from './support/tidy/behaviour-table.ts';
import { importCycles, importOffences } from './support/tidy/import-rules.ts';
import { type ScannedFile, scanSource } from './support/tidy/source-scan.ts';
import { rootOffences, textOffences } from './support/tidy/text-rules.ts';

const ROOT = resolve(import.meta.dirname, '..');
const FOLDERS = ['runtime', 'device', 'board-profiles', 'firmware-bridge', 'scripts', 'test'];

function sourcePaths(): readonly string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.split(sep).includes('node_modules'))
      .map((name) => `${folder}/${name.replaceAll(sep, '/')}`),
  );
}

function readTree(): readonly ScannedFile[] {
  return sourcePaths().map((path) => scanSource(path, readFileSync(join(ROOT, path), 'utf8')));
}

function none(offences: readonly string[]): void {
  assert.equal(offences.length, 0, `\n${offences.join('\n')}\n`);
}

describe('the source tree', () => {
  const files = readTree();
  const exists = (path: string) => existsSync(join(ROOT, path));

  test('has files in every layer that is looked at', () => {
    for (const folder of FOLDERS)
      assert.ok(
        files.some(({ path }) => path.startsWith(`${folder}/`)),
        folder,
      );
  });
  test('imports only in the directions of the architecture', () =>
    none(files.flatMap((file) => importOffences(file, exists))));
  test('has no import cycles', () => none(importCycles(files)));
  test('keeps to the rules on text and length', () => none(files.flatMap(textOffences)));
  test('cites behaviours that the table in test/behaviours.md explains, and tests cite all of those', () => {
    const citations = sourcePaths().flatMap((path) =>
      citationsIn(path, readFileSync(join(ROOT, path), 'utf8')),
    );
    assert.ok(citations.length > 200, `${citations.length} citations`);
    none(behaviourOffences(readFileSync(join(ROOT, 'test/behaviours.md'), 'utf8'), citations));
  });
  test('has only known entries at its root', () => {
    const ignored = readFileSync(join(ROOT, '.gitignore'), 'utf8')
      .split('\n')
      .map((line) => line.replace(/\/$/, ''));
    none(rootOffences(readdirSync(ROOT), ignored));
  });
  test('has a README in every top-level folder', () => {
    none(
      FOLDERS.filter((folder) => !exists(`${folder}/README.md`)).map(
        (folder) => `${folder}/README.md is missing`,
      ),
    );
  });
});

/** Each pair: a file that must be refused, and a part of what is said about it. */
const PLANTED_IMPORTS: readonly (readonly [string, string, RegExp])[] = [
  ['runtime/core/a.ts', `import { x } from '../wire/b.ts';`, /runtime\/core may only see itself/],
  ['runtime/core/a.ts', `import type { x } from '../wire/b.ts';`, /runtime\/core may only see itself/],
  ['runtime/membership/a.ts', `export * from '../data/b.ts';`, /runtime\/membership may only see/],
  ['runtime/data/a.ts', `import '../membership/b.ts';`, /runtime\/data may only see/],
  [
    'runtime/storage/a.ts',
    `import { x } from '../wire/b.ts';`,
    /runtime\/storage may only see runtime\/core/,
  ],
  ['runtime/simulator/a.ts', `import { x } from '../driver/b.ts';`, /runtime\/simulator may only see/],
  ['runtime/engine/a.ts', `const x = await import('../simulator/b.ts');`, /runtime\/engine may only see/],
  ['runtime/engine/a.ts', `import { readFileSync } from 'node:fs';`, /may not use it/],
  ['runtime/crypto/a.ts', `import { hash } from 'node:crypto';`, /may not use it/],
  ['runtime/crypto/a.ts', `import { x } from './node-provider.ts';`, /may only see/],
  ['runtime/driver/a.ts', `import { x } from '#device/b.ts';`, /runtime\/driver may only see/],
  [
    'board-profiles/a.ts',
    `import { x } from '#runtime/wire/b.ts';`,
    /board-profiles may only see runtime\/core/,
  ],
  ['firmware-bridge/sources/a.ts', `import { x } from 'node:fs';`, /may not use it/],
  ['device/a.ts', `import { x } from '../scripts/b.ts';`, /device may only see/],
  ['device/a.ts', `import { x } from '../runtime/core/b.ts';`, /begin with #/],
  ['device/a.ts', `import { x } from '#device/b.ts';`, /imports are relative/],
  ['scripts/a.ts', `import { x } from '../test/b.ts';`, /scripts may only see/],
  ['device/a.ts', `import { x } from './gone';`, /no such file/],
  ['plugins/a.ts', '', /lies in no layer/],
];

/** What the table of behaviours says, what tests say, and a part of what is said about it; undefined: nothing is wrong. */
const PLANTED_BEHAVIOURS: readonly (readonly [string, string, RegExp | undefined])[] = [
  ['| B-1 | It lives. | `unit/a` | |', '// B-1', undefined],
  ['| B-1 | It lives. | | there is no such thing |', '', undefined],
  ['| I6 | It adds up. |', '  // I6, B-70 of old', /unit\/a\.test\.ts cites B-70, which has no row/],
  ['| B-1 | It lives. | `unit/a` | |', '', /names test\/unit\/a\.test\.ts, which does not cite it/],
  ['| B-1 | It lives. | `unit/b` | |', '/** B-1 */', /names test\/unit\/b\.test\.ts, which does not/],
  ['| B-1 | It lives. | | there is no such thing |', '// B-1', /names no test, but it is cited by/],
  ['| B-1 | It lives. | | |', '', /neither a test nor a reason/],
  ['| B-1 | It lives. |', '', /lacks cells/],
  ['| I6 | It adds up. |', '', /no test cites I6/],
  ['| I6 | It adds up. |\n| I6 | It adds up. |', '// I6', /I6 has two rows/],
];

const PLANTED_TEXT: readonly (readonly [string, string, RegExp])[] = [
  ['scripts/a.ts', 'export default 1;', /no default exports/],
  ['device/a.ts', 'const here = import.meta.dirname;', /import\.meta/],
  ['device/a.ts', 'const x = 1;\nawait start();', /device\/a\.ts:2: top-level await/],
  ['runtime/engine/a.ts', 'const now = Date.now();', /come in as arguments/],
  ['runtime/wire/a.ts', 'console.log(1);', /no console here/],
  ['test/unit/a.test.ts', "test.only('x', () => {});", /proves nothing/],
  ['test/unit/a.test.ts', "test('x', { skip: true }, () => {});", /proves nothing/],
  ['runtime/core/a.ts', 'x;\n'.repeat(451), /451 lines/],
];

describe('the rules', () => {
  for (const [path, text, expected] of PLANTED_IMPORTS) {
    test(`refuse ${JSON.stringify(text)} in ${path}`, () => {
      const offences = importOffences(scanSource(path, text), (target) => !target.endsWith('gone'));
      assert.equal(offences.length, 1, offences.join('\n'));
      assert.match(offences[0] ?? '', expected);
    });
  }
  for (const [path, text, expected] of PLANTED_TEXT) {
    test(`refuse ${JSON.stringify(text.slice(0, 60))} in ${path}`, () => {
      const offences = textOffences(scanSource(path, text));
      assert.equal(offences.length, 1, offences.join('\n'));
      assert.match(offences[0] ?? '', expected);
    });
  }
  for (const [table, text, expected] of PLANTED_BEHAVIOURS) {
    test(`hold ${JSON.stringify(text)} against ${JSON.stringify(table)}`, () => {
      const offences = behaviourOffences(table, citationsIn('test/unit/a.test.ts', text));
      assert.equal(offences.length, expected === undefined ? 0 : 1, offences.join('\n'));
      if (expected !== undefined) assert.match(offences[0] ?? '', expected);
    });
  }
  test('name a cycle by its files, and let types and lazy imports close one', () => {
    const a = scanSource('runtime/core/a.ts', `import { b } from './b.ts';`);
    const b = scanSource('runtime/core/b.ts', `import { c } from './c.ts';`);
    const cycle = scanSource('runtime/core/c.ts', `import { a } from './a.ts';`);
    const typed = scanSource('runtime/core/c.ts', `import type { a } from './a.ts';`);
    assert.deepEqual(importCycles([a, b, cycle]), [
      'runtime/core/a.ts -> runtime/core/b.ts -> runtime/core/c.ts -> runtime/core/a.ts',
    ]);
    const lazy = scanSource('runtime/core/c.ts', `const load = () => import('./a.ts');`);
    assert.deepEqual(importCycles([a, b, typed]), []);
    assert.deepEqual(importCycles([a, b, lazy]), []);
  });
  test('see neither comments nor strings as code', () => {
    const text = [
      `// import { x } from 'node:fs'; export default 1`,
      `/* await import('node:fs') */`,
      'const a = `import.meta $' + '{`await`} export default`;',
      `const b = "import 'node:fs'";`,
      `const c = /['"] export default/.test(b) ? 1 / 2 : a;`,
      `const later = async () => await c;`,
      `import { Secret } from './secret.ts';`,
    ].join('\n');
    const file = scanSource('runtime/core/a.ts', text);
    assert.deepEqual(file.imports, [{ specifier: './secret.ts', typeOnly: false, lazy: false, line: 7 }]);
    assert.deepEqual(textOffences(file), []);
  });
  test('know what belongs at the root', () => {
    assert.deepEqual(rootOffences(['runtime', '.ci', 'node_modules', 'LICENSE'], ['node_modules']), []);
    assert.match(rootOffences(['notes.md'], [])[0] ?? '', /notes\.md: does not belong/);
  });
});
