import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const run = promisify(execFile);
const EXAMPLES = join(import.meta.dirname, '../support/examples');
const README = readFileSync(join(import.meta.dirname, '../../runtime/README.md'), 'utf8');

const source = (file: string) => readFileSync(join(EXAMPLES, file), 'utf8');

/** What the README says that an example prints; undefined: it isn't there, word for word. */
function promised(file: string): string | undefined {
  const [, behind] = README.split(`\`\`\`ts\n${source(file)}\`\`\`\n`);
  return /^```text\n(.*?)```/s.exec(behind ?? '')?.[1];
}

test('the beginning that the examples share stands in the README as it is', () => {
  assert.ok(README.includes(`\`\`\`ts\n${source('site.ts')}\`\`\`\n`));
});

for (const file of readdirSync(EXAMPLES).filter((name) => name !== 'site.ts'))
  test(`the example ${file} stands in the README, and prints what that says`, async (t) => {
    const expected = promised(file);
    assert.ok(expected !== undefined, `runtime/README.md: no block with ${file} and its output`);
    const env = { ...process.env, TMPDIR: await temporaryDirectory(t) };
    const { stdout, stderr } = await run(process.execPath, [join(EXAMPLES, file)], { env, timeout: 60_000 });
    assert.equal(stdout, expected, stderr);
  });
