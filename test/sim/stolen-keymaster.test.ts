import { test } from 'node:test';
import { equalBytes } from '#runtime/core/bytes.ts';
import { EPOCH_NUMBER_MAX, epochOf, revocationCount } from '#runtime/trust/epoch.ts';
import { EPOCH_KEY, encodeNotice, encodeShares, recipientOf } from '#runtime/trust/epoch-records.ts';
import { sealShare } from '#runtime/trust/epoch-share.ts';
import { signEpoch } from '#runtime/trust/epoch-warrant.ts';
import { FleetLaw } from '#runtime/trust/fleet-law.ts';
import type { TrustState } from '#runtime/trust/trust.ts';
import { CertifiedFleet } from '../support/certified-fleet.ts';
import { EnginePump, type PumpNode } from '../support/engine-pump.ts';
import { Traitor } from '../support/traitor.ts';
import { CLUSTER, provider } from '../support/wire.ts';

/** Each epoch that whoever has a keymaster's keys can mint so that nobody should be able to mint the next one. */
const ROTTEN = {
  'the last number there is': { number: EPOCH_NUMBER_MAX, count: 0 },
  'more revocations than there ever were': { number: 2, count: 0xffff_ffff },
  both: { number: EPOCH_NUMBER_MAX, count: 0xffff_ffff },
  'the very revocation that puts it out, of which it hears as long as it is a member': {
    number: 2,
    count: 1,
  },
};

for (const [what, { number, count }] of Object.entries(ROTTEN)) {
  test(`[P-14.11] a stolen keymaster mints an epoch with ${what}, and is put out all the same`, () => {
    const fleet = new CertifiedFleet(6);
    const pump = new EnginePump();
    const all = pump.cluster(fleet.cards.map((_, index) => fleet.choices(index)));
    const stolen = all[1];
    const nodes = all.filter((node) => node !== stolen);
    pump.kill(stolen);
    const { epochs } = stolen.engine.trustState() as TrustState;
    const traitor = new Traitor(pump, fleet, 1, epochs[0]);
    const revocation = fleet.revocation(stolen.id);
    const law = new FleetLaw(provider, fleet.trustOf(fleet.cards[1]).anchors);
    law.take(revocation);
    const revocations = law.revocationMark.slice();
    new DataView(revocations.buffer).setUint32(0, count);
    const warrant = new Uint8Array(0);
    const epoch = epochOf(provider, { number, secret: new Uint8Array(32).fill(6), revocations, warrant });
    const shares = fleet.cards.map(({ identity: { id }, agreementKey }) => ({
      recipient: recipientOf(id),
      sealed: sealShare(provider, epoch.secret.reveal(), {
        own: fleet.cards[1].agreementKey,
        theirKey: agreementKey.publicKey,
        route: { epoch, minter: traitor.id, recipient: id },
      }) as Uint8Array,
    }));
    traitor.put(nodes, `${EPOCH_KEY}/0`, encodeShares(epoch, shares));
    traitor.put(
      nodes,
      EPOCH_KEY,
      encodeNotice({ ...epoch, signature: signEpoch(traitor.identity, CLUSTER, epoch) }),
    );
    const numberOf = (node: PumpNode) => node.engine.trust()?.epoch;
    pump.until(() => nodes.every((node) => numberOf(node) === number), 10_000, 'all live by it');
    pump.run(10_000);

    pump.mutate(nodes[4], (engine, nowMs) => engine.proclaim(nowMs, revocation));
    const isOut = (node: PumpNode) => {
      const { epochs: kept } = node.engine.trustState() as TrustState;
      const isLeft = kept.every(
        ({ revocations: mark, id }) => revocationCount(mark) === 1 && !equalBytes(id, epoch.id),
      );
      return numberOf(node) === numberOf(nodes[0]) && isLeft;
    };
    pump.until(() => nodes.every(isOut), 5_000, 'all have left its epoch');
    pump.until(() => nodes.every((node) => pump.sees(node, nodes, 'alive')), 10_000, 'they see each other');
    pump.mutate(nodes[0], (engine, nowMs) => engine.put(nowMs, 'reading', 1));
    pump.until(
      () => nodes.every((node) => pump.read(node, nodes[0].id, 'reading')?.value === 1),
      5_000,
      'they share records',
    );
    const newcomer = pump.add(fleet.choices(6, {}, fleet.card(6, { groups: ['sensor'] })));
    pump.join(newcomer, nodes[3]);
    pump.until(() => pump.sees(newcomer, nodes, 'alive'), 30_000, 'a newcomer is let in');
  });
}
