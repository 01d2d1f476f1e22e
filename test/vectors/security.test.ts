import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { projectPath } from '../../scripts/release/project.ts';

const read = (...names: string[]) => readFileSync(projectPath(...names), 'utf8');
const text = read('runtime', 'spec', 'security.md');
const rows = text.split('\n').filter((line) => /^\| can/.test(line));

/** Each test that is cited: its file, and its name or a part of it. */
const CITED = [...text.matchAll(/`(test\/[\w./-]+\.test\.ts)` "([^"]+)"/g)].map(
  ([, file = '', name = '']) => ({ file, name }),
);

/** The names of a file's tests, as they stand in its source. */
function namesIn(file: string): readonly string[] {
  const source = read(...file.split('/'));
  return [...source.matchAll(/\b(?:test|it)\(\s*(['"`])((?:(?!\1).)+)\1/g)].map(([, , name = '']) => name);
}

test('each test that the threat model cites exists', () => {
  assert.ok(CITED.length > 60, `${CITED.length} citations`);
  const gone = CITED.filter(
    ({ file, name }) =>
      !existsSync(projectPath(...file.split('/'))) || !namesIn(file).some((each) => each.includes(name)),
  );
  assert.deepEqual(gone, []);
});

test('each mention of a test file is a citation with a name', () => {
  const mentioned = [...text.matchAll(/`test\/[^`]*`/g)].length;
  const itself = text.split('`test/vectors/security.test.ts`').length - 1;
  assert.equal(CITED.length, mentioned - itself);
});

test('each requirement that the threat model cites exists', () => {
  const protocol = read('runtime', 'spec', 'protocol.md');
  const cited = new Set([...text.matchAll(/P-\d+\.\d+/g)].map(([number]) => number));
  assert.ok(cited.size > 40);
  assert.deepEqual(
    [...cited].filter((number) => !protocol.includes(`**[${number}]**`)),
    [],
  );
});

test('nothing is said to be impossible without a test', () => {
  assert.ok(rows.length > 60);
  const bare = rows.filter((row) => row.startsWith("| can't |") && !row.includes('.test.ts`'));
  assert.deepEqual(bare, []);
  assert.ok(
    rows.every((row) => /^\| can('t)? \| \S.* \|.*\|.*\|$/.test(row)),
    'each row has four cells',
  );
});
