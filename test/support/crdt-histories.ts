import fc from 'fast-check';
import type { NodeId } from '#runtime/core/ids.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { crdtType, type OpaqueState } from '#runtime/data/crdt/crdt-key.ts';
import type { Author, CrdtOperation } from '#runtime/data/crdt/crdt-type.ts';
import type { CrdtTypeName } from '#runtime/data/crdt/type-names.ts';

/** Node ids in ascending order. */
export const NODES: readonly NodeId[] = ['0a', '5b', 'a5', 'f0'].map((byte) => byte.repeat(16));

/** One step of a history of a few replicas. */
export type Step =
  | { readonly do: 'change'; readonly at: number; readonly operation: CrdtOperation }
  | { readonly do: 'merge'; readonly at: number; readonly from: number }
  | { readonly do: 'compact'; readonly at: number }
  /** A new life; its own doing may be gone with its disk, and only others know of it. */
  | { readonly do: 'restart'; readonly at: number; readonly diskLost: boolean };

const values = fc.constantFrom('a', 'b', 1, true, null);
const keys = fc.constantFrom('x', 'y');

/** Operations that a type takes. */
export function operationsOf(type: CrdtTypeName): fc.Arbitrary<CrdtOperation> {
  const set = fc.record({ op: fc.constant('set' as const), value: values });
  const add = fc.record({ op: fc.constant('add' as const), value: values });
  const remove = fc.record({ op: fc.constant('remove' as const), value: values });
  const setKey = fc.record({ op: fc.constant('set' as const), key: keys, value: values });
  const removeKey = fc.record({ op: fc.constant('remove' as const), key: keys });
  switch (type) {
    case 'gcounter':
      return fc.record({ op: fc.constant('increment' as const), by: fc.integer({ min: 0, max: 9 }) });
    case 'pncounter':
      return fc.record({ op: fc.constant('increment' as const), by: fc.integer({ min: -9, max: 9 }) });
    case 'max':
    case 'min':
      return fc.record({ op: fc.constant('set' as const), value: fc.constantFrom(-2, -0, 0, 1.5, 7) });
    case 'lww':
    case 'mv':
      return set;
    case 'gset':
      return add;
    case 'orset':
      return fc.oneof(add, remove);
    case 'lwwmap':
    case 'ormap':
      return fc.oneof(setKey, removeKey);
  }
}

export function stepsOf(type: CrdtTypeName): fc.Arbitrary<Step[]> {
  const at = fc.nat({ max: NODES.length - 1 });
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant('change' as const), at, operation: operationsOf(type) }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('merge' as const), at, from: at }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), at, diskLost: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('compact' as const), at }) },
  );
  return fc.array(step, { maxLength: 60, size: 'max' });
}

/** One operation of a history, and which of the others its maker knew. */
export interface Done {
  readonly by: NodeId;
  readonly operation: CrdtOperation;
  readonly saw: ReadonlySet<Done>;
}

export interface Replica {
  state: OpaqueState;
  author: Author;
  done: Set<Done>;
}

/** Plays a history: each replica's state, and beside it the operations that it knows. */
export function play(type: CrdtTypeName, steps: readonly Step[]): Replica[] {
  const lattice = crdtType(type);
  const replicas = NODES.map((id, i) => ({
    state: lattice.empty,
    author: { id, life: makeVersion(1, i) },
    done: new Set<Done>(),
  }));
  for (const step of steps) {
    const replica = replicas[step.at];
    if (step.do === 'change') {
      const { operation } = step;
      const change = lattice.change(replica.state, operation, replica.author, 0);
      replica.state = lattice.join(replica.state, change);
      replica.done.add({ by: replica.author.id, operation, saw: new Set(replica.done) });
    } else if (step.do === 'merge') {
      const from = replicas[step.from];
      replica.state = lattice.join(replica.state, from.state);
      for (const done of from.done) replica.done.add(done);
    } else if (step.do === 'compact') {
      replica.state = lattice.compact?.(replica.state, replica.author.id) ?? replica.state;
    } else {
      const { id, life } = replica.author;
      replica.author = { id, life: life + 2 ** 32 };
      if (step.diskLost) Object.assign(replica, { state: lattice.empty, done: new Set() });
    }
  }
  return replicas;
}
