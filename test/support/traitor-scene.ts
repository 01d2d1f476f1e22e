import assert from 'node:assert/strict';
import type { DropReason } from '#runtime/core/counters.ts';
import type { TrustState } from '#runtime/trust/trust.ts';
import { CertifiedFleet } from './certified-fleet.ts';
import { EnginePump, type PumpNode } from './engine-pump.ts';
import { Traitor } from './traitor.ts';

/** A cluster of certificates with a traitor in it. */
export interface Scene {
  readonly fleet: CertifiedFleet;
  readonly pump: EnginePump;
  /** Honest: three that mint and control, then sensors. */
  readonly nodes: readonly PumpNode[];
  readonly victim: PumpNode;
  readonly traitor: Traitor;
  /** The board that the traitor was, before. */
  readonly board: PumpNode;
}

/** A cluster of certificates, one of whose sensors goes bad. */
export function scene(options: { epochMs?: number; multicast?: 'off' | 'full' } = {}): Scene {
  const { epochMs = 86_400_000, multicast = 'off' } = options;
  const fleet = new CertifiedFleet(6);
  const pump = new EnginePump({ multicast });
  const all = pump.cluster(fleet.cards.map((_, index) => fleet.choices(index, { epochMs })));
  for (const node of all) pump.mutate(node, (engine, nowMs) => engine.put(nowMs, 'reading', 1));
  pump.run(3_000);
  const board = all[5];
  const { epochs } = board.engine.trustState() as TrustState;
  pump.kill(board);
  const traitor = new Traitor(pump, fleet, 5, epochs[0]);
  return { fleet, pump, nodes: all.slice(0, 5), victim: all[4], traitor, board };
}

/** What a node believes of everybody but the traitor. */
function beliefs({ pump, traitor }: Scene, node: PumpNode): unknown {
  const { engine } = node;
  const members = engine
    .members(pump.nowMs)
    .filter(({ id }) => id !== traitor.id)
    .map(({ id, state, boot, incarnation }) => [id, state, boot, incarnation]);
  const records = engine
    .records(pump.nowMs)
    .filter(({ owner }) => owner !== traitor.id)
    .map(({ owner, key, version, value }) => [owner, key, version, value]);
  const { epoch, revocations, policy, floorSeconds, own } = engine.trust() ?? assert.fail();
  const certified = engine
    .certified()
    ?.members.map(({ id, groups, serial, expires }) => [id, groups, serial, expires]);
  return {
    members: members.sort(),
    records: records.sort(),
    trust: { epoch, revocations, policy, floorSeconds, own },
    certified: certified?.sort(),
  };
}

/** Lets the traitor act, and checks that it changed nobody's mind about anything but itself. */
export function assertUnmoved(stage: Scene, act: () => void, ms = 5_000): void {
  const { pump, nodes } = stage;
  const before = nodes.map((node) => beliefs(stage, node));
  act();
  pump.run(ms);
  assert.deepEqual(
    nodes.map((node) => beliefs(stage, node)),
    before,
  );
}

export function dropsOf(nodes: readonly PumpNode[], reason: DropReason): number {
  return nodes.reduce((sum, { engine }) => sum + engine.counters.drops[reason], 0);
}

/** The cluster still does what it is for. */
export function assertWorks({ pump, nodes }: Scene, value: number): void {
  pump.mutate(nodes[3], (engine, nowMs) => engine.put(nowMs, 'reading', value));
  pump.until(
    () => nodes.every((node) => pump.read(node, nodes[3].id, 'reading')?.value === value),
    5_000,
    'a reading is everywhere',
  );
}
