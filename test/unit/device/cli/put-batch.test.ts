import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { GridvineError } from '#runtime/core/errors.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { startHarness } from '../api/harness.ts';
import { gridvine } from './run.ts';

const LIST =
  '[{"key": "mode", "value": "manual"}, {"key": "id", "value": 18446744073709551615, "unit": "%"}]';

describe('gridvine put --batch', () => {
  test('puts the records of stdin, or of a file, together', async (t) => {
    const api = await startHarness(t);
    const file = join(await temporaryDirectory(t), 'batch.json');
    await writeFile(file, LIST);
    for (const [name, stdin] of [
      ['-', LIST],
      [file, ''],
    ] as const) {
      const { code, stdout } = await gridvine(['put', '--batch', name, '--json', '--socket', api.socket], {
        stdin,
      });
      assert.equal(code, 0);
      assert.deepEqual(
        JSON.parse(stdout).records.map(({ key }: { key: string }) => key),
        ['mode', 'id'],
      );
    }
    assert.deepEqual(api.node.batches, [
      [
        { key: 'mode', value: 'manual' },
        { key: 'id', value: 2n ** 64n - 1n, unit: '%' },
      ],
      api.node.batches[0],
    ]);
  });

  test('--durable answers when all of them are on the disk', async (t) => {
    const api = await startHarness(t);
    const put = (...more: string[]) =>
      gridvine(['put', '--batch', '-', ...more, '--socket', api.socket], { stdin: LIST });
    assert.equal((await put()).code, 0);
    assert.equal(api.node.persistedOwn, 0);
    assert.equal((await put('--durable')).code, 0);
    assert.equal(api.node.persistedOwn, 1);
  });

  test('what all boards act on is written by no batch either', async (t) => {
    const api = await startHarness(t);
    const { code, stderr } = await gridvine(['put', '--batch', '-', '--socket', api.socket], {
      stdin: '[{"key": "mode", "value": 1}, {"key": "fleet/settings", "value": {"counter": 9}}]',
    });
    assert.equal(code, 1);
    assert.match(stderr, /fleet\/settings: all boards act on what is below fleet\//);
    assert.deepEqual([api.node.batches, api.node.puts], [[], []]);
  });

  for (const [stdin, message] of [
    ['', /--batch stdin: expected JSON/],
    ['{"key": 1}', /--batch stdin: expected a list such as/],
    ['[{"key": "a"}]', /--batch stdin: \[0\]: expected an object with key and value; got {"key":"a"}/],
    ['[1]', /\[0\]: expected an object with key and value; got 1/],
    [`[${'1,'.repeat(40_000)}1]`, /expected at most 65536 characters/],
  ] as const) {
    test(`${stdin.slice(0, 20)} is a mistake that is named`, async (t) => {
      const api = await startHarness(t);
      const { code, stderr } = await gridvine(['put', '--batch', '-', '--socket', api.socket], { stdin });
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.deepEqual(api.node.batches, []);
    });
  }

  test('a file that is not there, and a key beside it, are mistakes too', async (t) => {
    const api = await startHarness(t);
    const missing = await gridvine(['put', '--batch', '/nowhere/x', '--socket', api.socket]);
    assert.deepEqual([missing.code, /can't be read \(ENOENT\)/.test(missing.stderr)], [2, true]);
    const both = await gridvine(['put', 'a', '1', '--batch', '-', '--socket', api.socket], { stdin: LIST });
    assert.equal(both.code, 2);
    const unit = await gridvine(['put', '--unit', 'W', '--batch', '-', '--socket', api.socket], {
      stdin: LIST,
    });
    assert.equal(unit.code, 2);
    assert.match((await gridvine(['put', '--socket', api.socket])).stderr, /missing required argument 'key'/);
  });

  test('what the node refuses is said', async (t) => {
    const api = await startHarness(t);
    api.node.refusal = new GridvineError(
      'E_QUOTA',
      '2 records from mode on: this node has 952 of at most 952',
    );
    const { code, stderr } = await gridvine(['put', '--batch', '-', '--socket', api.socket], { stdin: LIST });
    assert.equal(code, 1);
    assert.match(stderr, /952 of at most 952/);
  });
});
