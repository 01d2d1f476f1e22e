import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateClaims } from '#runtime/pki/certificate-claims.ts';
import { CertifiedFleet } from '../../../support/certified-fleet.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';
import { START, YEAR } from '../../../support/pki.ts';

const LIFE_SECONDS = 300;

/** A registrar that may issue `sensor`, and boards with certificates that end soon. */
function bench(
  count: number,
  {
    registrar = {},
    board = () => ({}),
  }: {
    registrar?: Partial<CertificateClaims>;
    board?: (index: number) => Partial<CertificateClaims>;
  } = {},
) {
  const fleet = new CertifiedFleet(0);
  const cards = Array.from({ length: count }, (_, index) =>
    index === 0
      ? fleet.card(0, {
          groups: ['keymaster'],
          issuer: { groups: ['sensor'], validitySecondsMax: YEAR },
          expires: START + 10 * YEAR,
          ...registrar,
        })
      : fleet.card(index, { groups: ['sensor'], expires: START + LIFE_SECONDS, ...board(index) }),
  );
  const pump = new EnginePump();
  const nodes = pump.cluster(cards.map((card) => fleet.choices(0, {}, card)));
  const startMs = pump.nowMs;
  const tell = (seconds = START) =>
    pump.mutate(nodes[0], (engine, nowMs) => engine.tellTime(nowMs, seconds + (nowMs - startMs) / 1_000));
  return { pump, nodes, tell };
}

function endOf(node: PumpNode): number {
  const own = node.engine.trust()?.own;
  return own?.standing === true ? own.expires - START : 0;
}

test('a certificate is renewed when two thirds of its life are over, and not before', () => {
  const { pump, nodes, tell } = bench(3);
  tell();
  pump.run(190_000);
  assert.equal(endOf(nodes[1]), LIFE_SECONDS);
  pump.run(20_000);
  const [first, second] = [endOf(nodes[1]), endOf(nodes[2])];
  assert.ok(first >= 500 && first <= 510, `ends at ${first}`);
  assert.equal(second, first);
  pump.run(30_000);
  for (const node of nodes)
    assert.deepEqual(
      node.engine
        .certified()
        ?.members.map(({ expires }) => expires - START)
        .sort(),
      [first, second, 10 * YEAR].sort(),
    );
  assert.ok(pump.sees(nodes[0], nodes, 'alive'));
});

test('without being told the time a registrar issues nothing', () => {
  const { pump, nodes } = bench(2);
  pump.run(1_000_000);
  assert.equal(endOf(nodes[1]), LIFE_SECONDS);
});

test('what has ended, is not its to issue, or is revoked is not renewed', () => {
  const { pump, nodes, tell } = bench(4, {
    board: (index) => (index === 1 ? { groups: ['controller'] } : {}),
  });
  tell(START + LIFE_SECONDS);
  pump.run(20_000);
  assert.deepEqual(nodes.slice(1).map(endOf), [LIFE_SECONDS, LIFE_SECONDS, LIFE_SECONDS]);
  const other = bench(3, { board: (index) => (index === 1 ? { groups: ['controller'] } : {}) });
  other.tell(START + 250);
  other.pump.run(20_000);
  assert.equal(endOf(other.nodes[1]), LIFE_SECONDS);
  assert.ok(endOf(other.nodes[2]) > LIFE_SECONDS);
});

test('a successor never outlives its registrar', () => {
  const { pump, nodes, tell } = bench(2, { registrar: { expires: START + 400 } });
  tell(START + 250);
  pump.run(20_000);
  assert.equal(endOf(nodes[1]), 400);
});

test('a clock of the year 2090 at the registrar ends nobody', () => {
  const { pump, nodes, tell } = bench(3);
  tell(START + 64 * YEAR);
  pump.run(60_000);
  assert.deepEqual(nodes.slice(1).map(endOf), [LIFE_SECONDS, LIFE_SECONDS]);
  assert.equal(nodes[1].engine.trust()?.floorSeconds, START);
  assert.ok(pump.sees(nodes[1], nodes, 'alive'));
});
