import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { load, problems } from './loading.ts';

describe('security', () => {
  test('is by a pre-shared key unless the configuration says otherwise', async (t) => {
    const { config } = await load(t, {});
    assert.deepEqual(config.values.security, { mode: 'psk' });
  });

  test('by certificates: files of the configuration file count from its directory, an epoch is a duration', async (t) => {
    const yaml =
      'security:\n  mode: certificates\n  certificate: roof.cert\n  roots: [root.cert, /x/next.cert]\n  unsignedPrefixes: [telemetry/]\n  epoch: 12h\n';
    const { config, file } = await load(t, { yaml });
    assert.deepEqual(config.values.security, {
      mode: 'certificates',
      certificate: join(dirname(file), 'roof.cert'),
      roots: [join(dirname(file), 'root.cert'), '/x/next.cert'],
      unsignedPrefixes: ['telemetry/'],
      epoch: 12 * 3_600_000,
    });
  });

  test('flags and environment set it too', async (t) => {
    const { config } = await load(t, {
      flags: { set: ['security.mode=certificates', 'security.epoch=1h'] },
      env: { GRIDVINE_SECURITY_CERTIFICATE: '/x/roof.cert', GRIDVINE_SECURITY_ROOTS: '/a,/b' },
    });
    const { security } = config.values;
    assert.deepEqual(security, {
      mode: 'certificates',
      certificate: '/x/roof.cert',
      roots: ['/a', '/b'],
      epoch: 3_600_000,
    });
  });

  test('a key file beside certificates, certificates beside a key, and what is no such value are refused', async (t) => {
    const cases = [
      [
        { mode: 'certificates', keyFile: '/k' },
        /^keyFile: expected nothing where security\.mode is certificates/,
      ],
      [
        { mode: 'certificates', voter: '0a'.repeat(16) },
        /^leases\.voters: expected nothing where security\.mode is certificates: there the root signs who votes; gridvine ca roster/,
      ],
      [
        { mode: 'psk', certificate: '/c' },
        /^security\.certificate: expected nothing, unless security\.mode is certificates; got "?\/c/,
      ],
      [{ mode: 'psk', epoch: '1h' }, /^security\.epoch: expected nothing, unless/],
      [{ mode: 'psk', roots: ['/r'] }, /^security\.roots: expected nothing, unless/],
      [{ mode: 'psk', unsignedPrefixes: ['a'] }, /^security\.unsignedPrefixes: expected nothing, unless/],
      [{ mode: 'tls' }, /^security\.mode: expected one of psk, certificates; got "?tls/],
      [
        { mode: 'certificates', epoch: '30s' },
        /^security\.epoch: expected a duration from 1m to 30d, such as 24h; got "?30s/,
      ],
      [{ mode: 'certificates', epoch: 'soon' }, /^security\.epoch: expected a duration/],
      [
        { mode: 'certificates', unsignedPrefixes: [''] },
        /^security\.unsignedPrefixes\[0\]: expected the beginning of a key/,
      ],
      [{ mode: 'certificates', certificates: 'x' }, /^security\.certificates: .*Did you mean certificate\?/],
    ] as const;
    for (const [given, message] of cases) {
      const { keyFile, voter, ...security } = given as { readonly keyFile?: string; readonly voter?: string };
      const yaml = JSON.stringify({
        security,
        ...(keyFile === undefined ? {} : { keyFile }),
        ...(voter === undefined ? {} : { leases: { voters: [voter] } }),
      });
      const [first = ''] = await problems(t, { yaml });
      assert.match(first, message);
    }
  });
});
