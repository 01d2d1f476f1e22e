import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as v from 'valibot';
import { parse } from 'yaml';
import { sourcesSchema } from '#bridge/config.ts';
import { HEALTH_CODES } from '#bridge/health.ts';

const FOLDER = join(import.meta.dirname, '../../../firmware-bridge');
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

test('every configuration that the documents show is one', () => {
  for (const name of ['README.md', 'fieldbus.md']) {
    const blocks = [...read(name).matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) => yaml);
    assert.ok(blocks.length > 0, name);
    for (const yaml of blocks) {
      const result = v.safeParse(v.object({ sources: sourcesSchema }), parse(yaml));
      const problems = (result.issues ?? []).map((issue) => `${v.getDotPath(issue)}: ${issue.message}`);
      assert.deepEqual(problems, [], `${name}: ${yaml}`);
    }
  }
});

test('every health item is explained', () => {
  const readme = read('README.md');
  assert.deepEqual(
    HEALTH_CODES.filter((code) => !readme.includes(`\`${code}\``)),
    [],
  );
});
