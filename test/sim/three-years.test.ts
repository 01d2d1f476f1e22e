import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrustState } from '#runtime/trust/trust.ts';
import { CertifiedFleet } from '../support/certified-fleet.ts';
import { EnginePump, type PumpNode } from '../support/engine-pump.ts';
import { START, YEAR } from '../support/pki.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Everything as in a day of seconds: three years in real time would be a hundred million probes. */
const SLOW = {
  probeIntervalMs: 12 * HOUR_MS,
  presenceIntervalMs: 12 * HOUR_MS,
  digestIntervalMs: 24 * HOUR_MS,
  retryIntervalMs: 24 * HOUR_MS,
};
const GROUPS = ['controller', 'keymaster', 'sensor'];

test('three years with the CA offline: a registrar renews all certificates, and no member is lost', () => {
  const fleet = new CertifiedFleet(7, { groupsOf: (index) => (index < 3 ? ['keymaster'] : ['sensor']) });
  const cards = fleet.cards.map((_, index) =>
    index === 0
      ? fleet.card(0, {
          groups: ['keymaster'],
          expires: START + 10 * YEAR,
          issuer: { groups: GROUPS, validitySecondsMax: YEAR },
        })
      : fleet.card(index, {
          groups: index < 3 ? ['keymaster'] : ['sensor'],
          expires: START + YEAR + index * 86_400,
        }),
  );
  const pump = new EnginePump({ settings: SLOW });
  const startMs = pump.nowMs;
  const tellTime = (node: PumpNode) =>
    pump.mutate(node, (engine, nowMs) =>
      engine.tellTime(nowMs, START + Math.floor((nowMs - startMs) / 1_000)),
    );
  let nodes = pump.cluster(cards.map((card) => fleet.choices(0, {}, card)));
  tellTime(nodes[0]);

  /** A node's power goes for so long; it has no clock, and comes back with what it had on its card. */
  const restart = (index: number, boot: number, awayMs: number) => {
    const old = nodes[index];
    pump.kill(old);
    pump.run(awayMs);
    const saved = old.engine.trustState() as TrustState;
    const again = pump.add({ ...fleet.choices(0, { saved }, cards[index]), boot });
    for (const seed of nodes) if (seed !== old) pump.join(again, seed);
    nodes = nodes.map((node) => (node === old ? again : node));
    if (index === 0) tellTime(again);
  };
  for (let month = 0; month < 36; month++) {
    pump.run(28 * DAY_MS);
    restart(month % 7, 2 + Math.floor(month / 7), month % 5 === 4 ? 45 * DAY_MS : HOUR_MS);
  }
  pump.run(5 * DAY_MS);
  const years = (pump.nowMs - startMs) / 1_000 / YEAR;
  assert.ok(years > 3, `${years} years`);
  for (const node of nodes) {
    assert.ok(
      pump.sees(node, nodes, 'alive'),
      `${nodes.indexOf(node)} sees ${node.engine.members(pump.nowMs).map(({ name, state }) => `${name} ${state}`)}`,
    );
    const view = node.engine.trust();
    assert.equal(view?.certificates, 7);
    assert.ok(view.own.standing && view.own.expires > START + years * YEAR, JSON.stringify(view.own));
    assert.ok(view.floorSeconds > START + 2 * YEAR && view.floorSeconds <= START + years * YEAR);
  }
  // What the CA issued at the beginning has ended, for everybody, whatever a clock says.
  const old = pump.add({
    ...fleet.choices(0, {}, fleet.card(9, { groups: ['sensor'], expires: START + YEAR })),
  });
  pump.join(old, nodes[3]);
  pump.run(DAY_MS);
  assert.equal(old.engine.trust()?.epoch, null);
  assert.equal(old.eventsOf('denied')[0]?.reason, 'expired');
});
