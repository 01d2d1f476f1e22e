import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrustState } from '#runtime/trust/trust.ts';
import { CertifiedFleet } from '../../../support/certified-fleet.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';

const NAME = 'uplink';
/** The first controls; all mint. */
const ONE_VOTER = (index: number) => (index === 0 ? ['keymaster', 'controller'] : ['keymaster']);
const KEYMASTERS_VOTE = { command: [], mint: ['keymaster'], vote: ['keymaster'] };

function cluster(groupsOf?: (index: number) => readonly string[]) {
  const fleet = new CertifiedFleet(5, groupsOf === undefined ? {} : { groupsOf });
  const pump = new EnginePump();
  const nodes = pump.cluster(fleet.cards.map((_, index) => fleet.choices(index)));
  pump.run(3_000);
  const ids = nodes.map(({ id }) => id);
  const say = (node: PumpNode, signed: Uint8Array) =>
    pump.mutate(node, (engine, nowMs) => engine.proclaim(nowMs, signed));
  const view = (node: PumpNode) => node.engine.leases.view(pump.nowMs);
  const follow = (version: number) =>
    pump.until(
      () => nodes.every((node) => view(node).roster?.version === version),
      10_000,
      `version ${version}`,
    );
  const ask = (node: PumpNode, waitMs = 10_000) =>
    pump.mutate(node, (engine, nowMs) => engine.leases.acquire(nowMs, NAME, { ttlMs: 5_000, waitMs }));
  const holds = (node: PumpNode) => node.engine.leases.own(pump.nowMs, NAME)?.state === 'held';
  return { fleet, pump, nodes, ids, say, view, follow, ask, holds };
}

test('[P-11.15] a roster that the root signed is brought to one node, followed by all, and leases are had by it', () => {
  const { fleet, pump, nodes, ids, say, view, follow, ask, holds } = cluster();
  assert.throws(() => ask(nodes[4]), { code: 'E_LEASE', message: /gridvine ca roster/ });
  assert.deepEqual(say(nodes[3], fleet.roster(1, ids.slice(0, 3))), { kind: 'roster', isNew: true });
  follow(1);
  assert.equal(nodes[4].engine.trust()?.roster, 1);
  assert.equal(view(nodes[0]).voter.standing, 'votes');
  assert.equal(view(nodes[4]).voter.standing, 'no-voter');
  ask(nodes[4]);
  pump.until(() => holds(nodes[4]), 10_000, 'held');
  assert.deepEqual(say(nodes[1], fleet.roster(1, ids.slice(0, 3))), { kind: 'roster', isNew: false });
  say(nodes[1], fleet.roster(2, ids.slice(1, 3), ids.slice(0, 3)));
  follow(2);
});

test('[P-11.15] who was away follows the roster when it is back', () => {
  const { fleet, pump, nodes, ids, say } = cluster();
  const saved = nodes[4].engine.trustState() as TrustState;
  pump.kill(nodes[4]);
  say(nodes[0], fleet.roster(1, ids.slice(0, 3)));
  pump.run(3_000);
  const again = pump.add({ ...fleet.choices(4, { saved }), boot: 2 });
  pump.join(again, nodes[0]);
  pump.until(() => again.engine.leases.view(pump.nowMs).roster?.version === 1, 10_000, 'followed');
});

test('[P-17.14] a voter that the policy gives no vote abstains, and nobody counts what it says', () => {
  const { fleet, pump, nodes, ids, say, view, follow, ask, holds } = cluster(ONE_VOTER);
  // Of three voters one may vote: that is no quorum.
  say(nodes[0], fleet.roster(1, ids.slice(0, 3)));
  follow(1);
  assert.equal(view(nodes[0]).voter.standing, 'votes');
  assert.equal(view(nodes[1]).voter.standing, 'not-entitled');
  ask(nodes[4], 8_000);
  pump.run(9_000);
  assert.equal(holds(nodes[4]), false);
  say(nodes[1], fleet.policy({ rights: KEYMASTERS_VOTE }));
  pump.until(() => view(nodes[2]).voter.standing === 'votes', 10_000, 'the policy is everywhere');
  ask(nodes[4]);
  pump.until(() => holds(nodes[4]), 10_000, 'held');
});

test('[P-17.14] the answers of a voter without a vote are dropped and counted, whatever that one believes', () => {
  const { fleet, pump, nodes, ids, say, view, follow, ask, holds } = cluster(ONE_VOTER);
  const [, ben, cat, , eva] = nodes;
  say(nodes[0], fleet.roster(1, ids.slice(0, 3)));
  follow(1);
  // The voters go by a policy that gives them a vote; eva knows a later one, which doesn't, and they don't hear of it.
  const rights = { ...KEYMASTERS_VOTE, vote: [] };
  eva.engine.proclaim(pump.nowMs, fleet.policy({ number: 9, rights }));
  for (const voter of [ben, cat])
    voter.engine.proclaim(pump.nowMs, fleet.policy({ rights: KEYMASTERS_VOTE }));
  for (const voter of [ben, cat]) assert.equal(view(voter).voter.standing, 'votes');
  ask(eva, 2_000);
  for (let i = 0; i < 30; i++) {
    pump.run(100);
    assert.equal(holds(eva), false);
  }
});
