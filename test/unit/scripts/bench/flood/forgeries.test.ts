import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBelow, SeededRandom } from '#runtime/core/random.ts';
import { sourceOf } from '#runtime/wire/forgery-guard.ts';
import { FORGERIES, type Forgery, forge } from '../../../../../scripts/bench/flood/forgeries.ts';
import { BEN, bodyOf, openerOf, PING, sealerOf } from '../../../../support/wire.ts';

const EXPECTED: Readonly<Record<Exclude<Forgery, 'garbage'>, string>> = {
  'unknown-salt': 'forged',
  'known-salt': 'forged',
  'wrong-cluster': 'wrong-cluster',
  replay: 'replay',
  join: 'forged',
};

test('each forgery gets as far as it is meant to', () => {
  const opener = openerOf();
  const sealer = sealerOf();
  const captured = [1, 2, 3].map(() => sealer.sealTo(BEN, bodyOf([PING])));
  for (const datagram of captured) assert.ok('body' in opener.open(0, datagram));
  const random = new SeededRandom(7);
  for (const [kind, drop] of Object.entries(EXPECTED)) {
    for (let number = 0; number < 10; number++) {
      const forged = forge(kind as Forgery, new Uint8Array(1_200), { captured, number });
      const result = opener.open(0, forged, sourceOf('10.0.0.9', randomBelow(random, 0xffff)));
      assert.equal('drop' in result ? result.drop : undefined, drop, kind);
    }
  }
});

test('a forgery takes nothing away from what was captured', () => {
  const captured = [sealerOf().sealTo(BEN, bodyOf([PING]))];
  const before = captured[0].slice();
  for (const kind of FORGERIES) forge(kind, new Uint8Array(1_200), { captured, number: 5 });
  assert.deepEqual(captured[0], before);
});
