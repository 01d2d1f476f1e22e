import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CrdtOperation } from '#runtime/data/crdt/crdt-type.ts';
import { CRDT_TYPE_NAMES, type CrdtTypeName } from '#runtime/data/crdt/type-names.ts';
import { NODES, operationsOf } from '../../../support/crdt-histories.ts';
import { SharedCluster } from '../../../support/shared-cluster.ts';

type Move =
  | { readonly do: 'apply'; readonly at: number; readonly operation: CrdtOperation }
  | { readonly do: 'hear'; readonly at: number; readonly from: number }
  | { readonly do: 'tend'; readonly at: number; readonly afterMs: number }
  /** Comes back with what its disk held some of its own writes ago, or with nothing. */
  | { readonly do: 'restart'; readonly at: number; readonly disk: 'whole' | 'stale' | 'lost' };

function movesOf(type: CrdtTypeName): fc.Arbitrary<Move[]> {
  const at = fc.nat({ max: NODES.length - 1 });
  const apply = fc.record({ do: fc.constant('apply' as const), at, operation: operationsOf(type) });
  const hear = fc.record({ do: fc.constant('hear' as const), at, from: at });
  const tend = fc.record({
    do: fc.constant('tend' as const),
    at,
    afterMs: fc.constantFrom(0, 5_000, 40_000),
  });
  const disk = fc.constantFrom('whole' as const, 'stale' as const, 'lost' as const);
  const restart = fc.record({ do: fc.constant('restart' as const), at, disk });
  const move = fc.oneof(
    { weight: 5, arbitrary: apply },
    { weight: 5, arbitrary: hear },
    { weight: 3, arbitrary: tend },
    { weight: 1, arbitrary: restart },
  );
  return fc.array(move, { maxLength: 60, size: 'max' });
}

/** Plays moves; before a restart the next node hears of what would be lost with the disk. */
function playMoves(type: CrdtTypeName, moves: readonly Move[]) {
  const cluster = new SharedCluster(NODES);
  const stale = NODES.map(() => new Map());
  for (const move of moves) {
    const node = cluster.nodes[move.at];
    if (move.do === 'apply') {
      stale[move.at] = new Map(node.disk);
      node.data.apply(type, 'it', move.operation);
    } else if (move.do === 'hear') node.hear(cluster.nodes[move.from]);
    else if (move.do === 'tend') {
      cluster.nowMs += move.afterMs;
      node.data.tend();
    } else {
      // Whoever heard of it lives on, so it isn't lost.
      for (const other of cluster.nodes) if (other !== node) other.hear(node);
      node.restart(move.disk === 'whole' ? node.disk : move.disk === 'stale' ? stale[move.at] : new Map());
      for (const other of cluster.nodes) if (other !== node) other.hear(node);
    }
  }
  return cluster;
}

for (const type of CRDT_TYPE_NAMES) {
  test(`${type}: all nodes come to see the same, whatever restarted, went or lost its disk`, () => {
    fc.assert(
      fc.property(movesOf(type), (moves) => {
        const cluster = playMoves(type, moves);
        cluster.settle();
        const [first, ...others] = cluster.values(type, 'it');
        for (const other of others) assert.deepEqual(other, first);
      }),
    );
  });

  test(`${type}: what is settled stays as it is: nobody writes any more`, () => {
    fc.assert(
      fc.property(movesOf(type), (moves) => {
        const cluster = playMoves(type, moves);
        cluster.settle();
        const versions = () =>
          cluster.nodes.map((node) => node.records.get(`${node.id} crdt/${type}/it`)?.version);
        const before = versions();
        cluster.settle(3);
        assert.deepEqual(versions(), before);
      }),
      { numRuns: 50 },
    );
  });
}

for (const type of ['gcounter', 'pncounter'] as const) {
  // I6, I7, R14
  test(`${type}: the sum is that of all increments that anybody heard of, after restarts with and without a disk`, () => {
    fc.assert(
      fc.property(movesOf(type), (moves) => {
        // Folding is for those that restart often: what it may cost is a test of its own.
        fc.pre(moves.filter((move) => move.do === 'restart').length <= 3);
        const cluster = playMoves(type, moves);
        const sum = moves.reduce(
          (total, move) => total + (move.do === 'apply' ? (move.operation.by ?? 0) : 0),
          0,
        );
        cluster.settle();
        for (const value of cluster.values(type, 'it')) assert.equal(value ?? 0, sum);
      }),
    );
  });
}
