import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyMatches } from '#bridge/pipeline/key-glob.ts';

test('a star stays inside its segment and two stars span segments', () => {
  const cases: readonly [glob: string, key: string, expected: boolean][] = [
    ['battery/*', 'battery/soc', true],
    ['battery/*', 'battery/cell/3', false],
    ['battery/**', 'battery/cell/3', true],
    ['battery/**', 'battery', true],
    ['**', 'anything/at/all', true],
    ['**/power', 'power', true],
    ['**/power', 'sim/pv/power', true],
    ['**/power', 'sim/pv/powers', false],
    ['*/pv*r', 'sim/pv-inverter', true],
    ['tank', 'tank2', false],
    ['t.nk', 'tank', false],
  ];
  for (const [glob, key, expected] of cases) assert.equal(keyMatches(glob, key), expected, `${glob} ${key}`);
});
