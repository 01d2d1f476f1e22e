import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CryptoProvider } from '#runtime/crypto/provider.ts';
import { sourceOf } from '#runtime/wire/forgery-guard.ts';
import type { Opener } from '#runtime/wire/opener.ts';
import { FORGERIES, forge } from '../../../../scripts/bench/flood/forgeries.ts';
import { ANN, BEN, bodyOf, openerOf, PING, provider, sealerOf } from '../../../support/wire.ts';

const body = bodyOf([PING]);
const PEER = sourceOf('10.0.0.1', 7_946);
const STRANGER = sourceOf('10.0.0.66', 4_000);

/** Counts what costs something. */
function counting(): {
  readonly provider: CryptoProvider;
  readonly cost: { derived: number; tried: number };
} {
  const cost = { derived: 0, tried: 0 };
  return {
    cost,
    provider: {
      ...provider,
      sealKey(key, salt) {
        cost.derived++;
        const made = provider.sealKey(key, salt);
        return {
          seal: (...parts) => made.seal(...parts),
          open(...parts) {
            cost.tried++;
            return made.open(...parts);
          },
        };
      },
    },
  };
}

function dropOf(opener: Opener, bytes: Uint8Array, source: number): string | undefined {
  const result = opener.open(0, bytes, source);
  return 'drop' in result ? result.drop : undefined;
}

test('[P-3.12] whoever copies a salt from the wire has few of his datagrams tried, and its owner loses none', () => {
  const { provider: counted, cost } = counting();
  const opener = openerOf({ provider: counted, newSaltsPerSecond: 0, newSaltsBurst: 100 });
  const sealer = sealerOf();
  const captured = [sealer.sealTo(BEN, body)];
  assert.equal(dropOf(opener, captured[0], PEER), undefined);
  const drops = { forged: 0, budget: 0 };
  for (let number = 0; number < 2_000; number++) {
    const forged = forge('known-salt', new Uint8Array(1_200), { captured, number });
    const drop = dropOf(opener, forged, STRANGER);
    if (drop === 'forged' || drop === 'budget') drops[drop]++;
    if (number % 100 === 0) assert.equal(dropOf(opener, sealer.sealTo(BEN, body), PEER), undefined);
  }
  // 16 until he is known as a forger, and a fifth of 100 then.
  assert.deepEqual(drops, { forged: 36, budget: 1_964 });
  assert.equal(cost.tried, 1 + 36 + 20);
  assert.equal(cost.derived, 1);
  assert.equal(opener.sessionCount, 1);
  assert.equal(opener.sessionsOf(ANN)[0].openedCount, 21);
});

test('[P-3.12] forgeries under the address of the salt they copy are tried, so that its owner is not silenced', () => {
  const opener = openerOf({ newSaltsPerSecond: 0, newSaltsBurst: 10 });
  const sealer = sealerOf();
  const captured = [sealer.sealTo(BEN, body)];
  assert.equal(dropOf(opener, captured[0], PEER), undefined);
  for (let number = 0; number < 500; number++) {
    const forged = forge('known-salt', new Uint8Array(1_200), { captured, number });
    assert.equal(dropOf(opener, forged, PEER), 'forged');
    assert.equal(dropOf(opener, sealer.sealTo(BEN, body), PEER), undefined);
  }
});

test('[P-3.12] a peer whose address changes has one datagram counted as a stranger’s', () => {
  const opener = openerOf({ newSaltsPerSecond: 0, newSaltsBurst: 2 });
  const sealer = sealerOf();
  const [first, second] = [sourceOf('10.0.0.1', 1), sourceOf('10.0.0.1', 2)];
  assert.equal(dropOf(opener, sealer.sealTo(BEN, body), first), undefined);
  for (let i = 0; i < 20; i++) assert.equal(dropOf(opener, sealer.sealTo(BEN, body), second), undefined);
  assert.equal(dropOf(opener, sealer.sealTo(BEN, body), first), 'budget');
});

test('[P-3.12] a flood of made-up salts from one address leaves a newcomer his place', () => {
  const opener = openerOf({ newSaltsPerSecond: 0, newSaltsBurst: 100 });
  const captured = [sealerOf().sealToAny(body)];
  for (let number = 0; number < 2_000; number++)
    dropOf(opener, forge('unknown-salt', new Uint8Array(1_200), { captured, number }), STRANGER);
  assert.equal(dropOf(opener, sealerOf({ seed: 5 }).sealToAny(body), PEER), undefined);
});

test('no forgery of any kind is opened, makes a session, or moves a window', () => {
  const { provider: counted, cost } = counting();
  const opener = openerOf({ provider: counted, newSaltsPerSecond: 0, newSaltsBurst: 100 });
  const sealer = sealerOf();
  const captured = [sealer.sealTo(BEN, body), sealer.sealTo(BEN, body)];
  for (const datagram of captured) assert.equal(dropOf(opener, datagram, PEER), undefined);
  const before = { ...cost };
  for (const kind of FORGERIES) {
    for (let number = 0; number < 300; number++) {
      const forged = forge(kind, new Uint8Array(1_200), { captured, number });
      assert.notEqual(dropOf(opener, forged, STRANGER), undefined, kind);
    }
  }
  assert.ok(cost.tried - before.tried <= 100 + 20, `${cost.tried - before.tried} tried`);
  assert.equal(opener.sessionCount, 1);
  assert.equal(opener.sessionsOf(ANN)[0].openedCount, 2);
  assert.equal(dropOf(opener, sealer.sealTo(BEN, body), PEER), undefined);
});
