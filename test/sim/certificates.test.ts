import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GridvineError } from '#runtime/core/errors.ts';
import type { TrustOptions, TrustState } from '#runtime/trust/trust.ts';
import { CertifiedFleet } from '../support/certified-fleet.ts';
import { EnginePump, type PumpNode } from '../support/engine-pump.ts';
import { START, YEAR } from '../support/pki.ts';

interface Formed {
  readonly fleet: CertifiedFleet;
  readonly pump: EnginePump;
  readonly nodes: PumpNode[];
}

/** A cluster of certificates that has formed. */
function formed(count: number, trust: Partial<TrustOptions> = {}): Formed {
  const fleet = new CertifiedFleet(count);
  const pump = new EnginePump();
  const nodes = pump.cluster(Array.from({ length: count }, (_, index) => fleet.choices(index, trust)));
  return { fleet, pump, nodes };
}

function epochOf(node: PumpNode): number | null {
  return node.engine.trust()?.epoch ?? null;
}

function put(pump: EnginePump, node: PumpNode, key: string, value: number): void {
  pump.mutate(node, (engine, nowMs) => engine.put(nowMs, key, value));
}

function untilRead(pump: EnginePump, nodes: readonly PumpNode[], owner: PumpNode, value: number): void {
  const all = () => nodes.every((node) => pump.read(node, owner.id, 'reading')?.value === value);
  pump.until(all, 10_000, `${value} is everywhere`);
}

function proclaim(pump: EnginePump, node: PumpNode, signed: Uint8Array): void {
  pump.mutate(node, (engine, nowMs) => engine.proclaim(nowMs, signed));
}

describe('a cluster of certificates', () => {
  test('forms from nothing, and its members share records', () => {
    const { pump, nodes } = formed(8);
    assert.deepEqual(new Set(nodes.map(epochOf)), new Set([1]));
    put(pump, nodes[5], 'reading', 21);
    untilRead(pump, nodes, nodes[5], 21);
  });

  test('says nothing before somebody let it in', () => {
    const fleet = new CertifiedFleet(4);
    const pump = new EnginePump();
    const sensor = pump.add(fleet.choices(3));
    put(pump, sensor, 'reading', 1);
    pump.run(60_000);
    assert.equal(epochOf(sensor), null);
    assert.deepEqual(sensor.sent, []);
    // What it measured meanwhile is there once it is a member.
    const keymaster = pump.add(fleet.choices(0));
    pump.join(sensor, keymaster);
    untilRead(pump, [keymaster], sensor, 1);
  });

  test('changes its epoch by time, and nobody misses a record or is suspected', () => {
    const { pump, nodes } = formed(6, { epochMs: 30_000 });
    const suspicions = () => nodes.reduce((sum, { engine }) => sum + engine.counters.suspicions, 0);
    const before = suspicions();
    for (let i = 0; i < 60; i++) {
      put(pump, nodes[i % 6], 'reading', i);
      untilRead(pump, nodes, nodes[i % 6], i);
      pump.run(1_700);
    }
    const epochs = new Set(nodes.map(epochOf));
    assert.equal(epochs.size, 1);
    assert.ok(
      [...epochs].every((epoch) => epoch !== null && epoch >= 4),
      `epochs ${[...epochs]}`,
    );
    assert.equal(suspicions(), before);
    const lost = nodes.map(({ engine }) => engine.counters.drops['unknown-key']);
    assert.ok(
      lost.every((drops) => drops <= 4),
      `unknown keys ${lost}`,
    );
  });

  test('goes on when the keymaster dies: another mints', () => {
    const { pump, nodes } = formed(6, { epochMs: 20_000 });
    const minter = [...nodes.slice(0, 3)].sort((a, b) => (a.id < b.id ? -1 : 1))[0];
    pump.kill(minter);
    const rest = nodes.filter((node) => node !== minter);
    pump.run(90_000);
    assert.ok(
      rest.every((node) => (epochOf(node) ?? 0) >= 3),
      `epochs ${rest.map(epochOf)}`,
    );
    assert.equal(new Set(rest.map(epochOf)).size, 1);
  });

  test('puts out a board that the root revokes, at once and everywhere', () => {
    // B-84, B-105
    const { fleet, pump, nodes } = formed(8);
    const stolen = nodes[6];
    const rest = nodes.filter((node) => node !== stolen);
    put(pump, stolen, 'reading', 1);
    untilRead(pump, nodes, stolen, 1);
    proclaim(pump, nodes[4], fleet.revocation(stolen.id));
    const isOut = (node: PumpNode) =>
      epochOf(node) === 2 &&
      pump.stateOf(node, stolen.id) === undefined &&
      !pump.read(node, stolen.id, 'reading');
    pump.until(() => rest.every(isOut), 5_000, 'all have put it out');
    // It has all that it had, and goes on trying.
    put(pump, stolen, 'reading', 2);
    put(pump, nodes[0], 'reading', 77);
    untilRead(pump, rest, nodes[0], 77);
    for (const node of rest) pump.join(stolen, node);
    pump.run(60_000);
    assert.notEqual(pump.read(stolen, nodes[0].id, 'reading')?.value, 77);
    assert.ok(rest.every(isOut));
    assert.equal(stolen.eventsOf('denied')[0]?.reason, 'revoked');
    assert.ok(pump.sees(nodes[0], rest, 'alive'));
  });

  test('hears of a revocation by a member that was away, and takes nothing that it brings of the revoked', () => {
    const { fleet, pump, nodes } = formed(7);
    const [stolen, away] = [nodes[5], nodes[6]];
    const rest = nodes.filter((node) => node !== stolen && node !== away);
    const apart = new Set([stolen, away]);
    pump.drop = (from, to) => apart.has(from) !== apart.has(to);
    proclaim(pump, nodes[0], fleet.revocation(stolen.id));
    pump.until(() => rest.every((node) => epochOf(node) === 2), 5_000, 'those that hear of it rotate');
    put(pump, stolen, 'reading', 666);
    untilRead(pump, [away], stolen, 666);
    pump.run(20_000);
    pump.drop = (from, to) =>
      (from === stolen && rest.includes(to)) || (to === stolen && rest.includes(from));
    pump.until(() => epochOf(away) === 2, 60_000, 'the one that was away follows');
    pump.until(() => pump.sees(away, rest, 'alive'), 30_000, 'it sees all');
    pump.run(20_000);
    for (const node of [...rest, away]) {
      assert.equal(pump.read(node, stolen.id, 'reading'), undefined);
      assert.equal(pump.stateOf(node, stolen.id), undefined);
    }
  });

  test('heals after both halves minted apart', () => {
    const { fleet, pump, nodes } = formed(8, { epochMs: 25_000 });
    const left = new Set([nodes[0], nodes[3], nodes[4], nodes[5]]);
    pump.drop = (from, to) => left.has(from) !== left.has(to);
    proclaim(pump, nodes[4], fleet.revocation('ab'.repeat(16)));
    pump.run(70_000);
    assert.ok(
      nodes.every((node) => (epochOf(node) ?? 0) >= 2),
      `epochs ${nodes.map(epochOf)}`,
    );
    pump.drop = () => false;
    pump.until(
      () => new Set(nodes.map(epochOf)).size === 1 && nodes.every((node) => pump.sees(node, nodes, 'alive')),
      60_000,
      'one cluster again',
    );
    pump.until(() => nodes.every((node) => node.engine.trust()?.revocations === 1), 30_000, 'all know of it');
    put(pump, nodes[7], 'reading', 8);
    untilRead(pump, nodes, nodes[7], 8);
  });

  test('takes back a node that slept through several epochs, with what it had kept', () => {
    const { fleet, pump, nodes } = formed(5, { epochMs: 20_000 });
    const sleeper = nodes[4];
    const saved = sleeper.engine.trustState() as TrustState;
    pump.kill(sleeper);
    pump.run(120_000);
    const again = pump.add({ ...fleet.choices(4, { saved, epochMs: 20_000 }), boot: 2 });
    assert.equal(epochOf(again), epochOf(sleeper));
    pump.join(again, nodes[1]);
    pump.until(
      () => epochOf(again) === epochOf(nodes[1]) && pump.sees(again, nodes.slice(0, 4), 'alive'),
      10_000,
      'it is back',
    );
    put(pump, again, 'reading', 5);
    untilRead(pump, nodes.slice(0, 4), again, 5);
  });

  test('keeps out whose certificate is of another root, is over, or is revoked, and says so on both sides', () => {
    // B-84
    const { fleet, pump, nodes } = formed(3);
    const foreign = new CertifiedFleet(0, { root: 9 });
    const stranger = foreign.card(30, { groups: ['sensor'] });
    const expired = fleet.card(20, { expires: START + 1, notBefore: START, issuedAt: START });
    // The floor stands at what the certificates of members prove: a later one moves it past the end of that one.
    const late = fleet.card(21, { issuedAt: START + YEAR });
    const newcomers = [
      pump.add(foreign.choices(0, {}, stranger)),
      pump.add(fleet.choices(0, {}, expired)),
      pump.add(fleet.choices(0, {}, late)),
    ];
    pump.join(newcomers[2], nodes[0]);
    pump.until(() => epochOf(newcomers[2]) === 1, 5_000, 'the late one is in');
    for (const newcomer of newcomers.slice(0, 2)) pump.join(newcomer, nodes[0]);
    pump.run(20_000);
    assert.deepEqual(newcomers.map(epochOf), [null, null, 1]);
    assert.equal(newcomers[1].eventsOf('denied')[0]?.reason, 'expired');
    assert.ok(nodes[0].engine.counters.drops['not-admitted'] > 0);
    assert.equal(nodes[0].engine.members(pump.nowMs).length, 4);
  });

  test('refuses at its owner a record that the policy keeps for others', () => {
    const { fleet, pump, nodes } = formed(5);
    const code = (change: () => void) => {
      try {
        change();
        return 'taken';
      } catch (error) {
        return (error as GridvineError).code;
      }
    };
    assert.equal(
      code(() => put(pump, nodes[4], 'setpoint/inverter', 5)),
      'E_NOT_ALLOWED',
    );
    assert.equal(
      code(() => put(pump, nodes[0], 'setpoint/inverter', 5)),
      'taken',
    );
    proclaim(pump, nodes[2], fleet.policy({ writes: { '': 'everybody', reading: ['controller'] } }));
    pump.until(
      () => nodes.every((node) => node.engine.trust()?.policy === 1),
      5_000,
      'the policy is everywhere',
    );
    assert.equal(
      code(() => put(pump, nodes[4], 'setpoint/inverter', 5)),
      'taken',
    );
    assert.equal(
      code(() => put(pump, nodes[4], 'reading', 5)),
      'E_NOT_ALLOWED',
    );
    assert.equal(
      code(() => proclaim(pump, nodes[0], Uint8Array.of(1, 2, 3))),
      'E_CERTIFICATE',
    );
  });
});
