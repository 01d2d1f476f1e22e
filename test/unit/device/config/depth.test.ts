import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layerOfFile } from '#device/config/config-file.ts';
import { DEPTH_MAX, isTooDeep } from '#device/config/depth.ts';
import { configSchema } from '#device/config/schema.ts';
import { readTextValue } from '#device/config/text-value.ts';

const TOO_DEEP = {
  code: 'E_CONFIG',
  message: /^config: expected at most 20 lists and sections around each other; got ".*\(file f\.yaml\)$/,
};

test('an alias of what it stands in is an error with its file, and not the end of the stack', async () => {
  for (const text of ['&a {b: *a}', 'tags: &t {x: *t}', 'a: &a [1, {b: *a}]', 'a: &a [*a, *a, *a]'])
    await assert.rejects(layerOfFile('f.yaml', text), TOO_DEEP, text);
});

test('so is a file that nests as deep as its size allows', async () => {
  const deep = `{"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_001)}`;
  await assert.rejects(layerOfFile('f.yaml', deep), TOO_DEEP);
});

test('what nests just as deep as it may is read', async () => {
  const nested = `${'{"a":'.repeat(DEPTH_MAX)}1${'}'.repeat(DEPTH_MAX)}`;
  assert.equal(isTooDeep(JSON.parse(nested)), false);
  const [assignment] = await layerOfFile('f.yaml', nested);
  assert.equal(assignment?.path.length, DEPTH_MAX);
  await assert.rejects(layerOfFile('f.yaml', `{"a":${nested}}`), TOO_DEEP);
});

test('a value of a flag that nests without end is the text that it was', async () => {
  for (const text of ['&a {b: *a}', '[&a [*a]]', `${'['.repeat(30)}${']'.repeat(30)}`])
    assert.equal(await readTextValue(configSchema, ['settings'], text), text);
});
