import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AppValue } from '#runtime/core/value.ts';
import { crdtType } from '#runtime/data/crdt/crdt-key.ts';
import { CRDT_TYPE_NAMES, type CrdtTypeName } from '#runtime/data/crdt/type-names.ts';
import { joinAll, sortedValues } from '#runtime/data/crdt/value-order.ts';
import { type Done, play, stepsOf } from '../../../../support/crdt-histories.ts';

/** What a history of operations should come to, said of the history as a whole and without any state. */
type Model = (history: readonly Done[]) => AppValue;

const sum: Model = (history) => history.reduce((total, { operation }) => total + (operation.by ?? 0), 0);
const numbers = (history: readonly Done[]) => history.map(({ operation }) => (operation.value as number) + 0);

/** Writes that no later operation on the same thing had seen. */
function unseen(history: readonly Done[], sameThing: (a: Done, b: Done) => boolean): Done[] {
  const writes = history.filter(({ operation }) => operation.op !== 'remove');
  return writes.filter((write) => !history.some((other) => other.saw.has(write) && sameThing(other, write)));
}

function lastOf(history: readonly Done[]): Map<string, AppValue | undefined> {
  // The Lamport counter of each write, from what its maker had seen; removals of nothing aren't writes.
  const lamport = new Map<Done, number>();
  const winner = new Map<string, Done>();
  const lookup = (done: readonly Done[]) => {
    winner.clear();
    for (const each of done) {
      const key = each.operation.key ?? '';
      const best = winner.get(key);
      const [a, b] = [lamport.get(each), best === undefined ? undefined : lamport.get(best)];
      if (a === undefined) continue;
      if (best === undefined || b === undefined || a > b || (a === b && each.by > best.by))
        winner.set(key, each);
    }
    return new Map(
      Array.from(winner, ([key, { operation }]) => [
        key,
        operation.op === 'remove' ? undefined : operation.value,
      ]),
    );
  };
  // What an operation saw was done before it, so it saw less.
  for (const done of [...history].sort((a, b) => a.saw.size - b.saw.size)) {
    const saw = [...done.saw];
    const shown = lookup(saw).get(done.operation.key ?? '');
    if (done.operation.op === 'remove' && shown === undefined) continue;
    lamport.set(done, 1 + Math.max(0, ...saw.map((other) => lamport.get(other) ?? 0)));
  }
  return lookup(history);
}

const MODELS: Readonly<Record<CrdtTypeName, Model>> = {
  gcounter: sum,
  pncounter: sum,
  max: (history) => (history.length === 0 ? null : Math.max(...numbers(history))),
  min: (history) => (history.length === 0 ? null : Math.min(...numbers(history))),
  lww: (history) => lastOf(history).get('') ?? null,
  lwwmap: (history) =>
    Object.fromEntries([...lastOf(history)].filter(([, value]) => value !== undefined)) as AppValue,
  mv: (history) => sortedValues(unseen(history, () => true).map(({ operation }) => operation.value ?? null)),
  gset: (history) => sortedValues(history.map(({ operation }) => operation.value ?? null)),
  orset: (history) =>
    sortedValues(
      unseen(history, (a, b) => a.operation.value === b.operation.value).map(
        ({ operation }) => operation.value ?? null,
      ),
    ),
  ormap: (history) => {
    const standing = unseen(history, (a, b) => a.operation.key === b.operation.key);
    const byKey = Map.groupBy(standing, ({ operation }) => operation.key ?? '');
    return Object.fromEntries(
      Array.from(byKey, ([key, writes]) => [
        key,
        sortedValues(writes.map(({ operation }) => operation.value ?? null)),
      ]),
    );
  },
};

for (const name of CRDT_TYPE_NAMES) {
  // I5, I6, I7, I8, U5, U6, U7, U8, U9, U11
  test(`${name}: each replica shows what the operations that it knows come to, and all together what all of them do`, () => {
    const type = crdtType(name);
    // A disk that is lost with what nobody else heard of would take operations with it; folding lives needs more restarts.
    const steps = stepsOf(name).map((all) =>
      all.filter(
        (step) => step.do === 'change' || step.do === 'merge' || (step.do === 'restart' && !step.diskLost),
      ),
    );
    fc.assert(
      fc.property(steps, (history) => {
        const replicas = play(name, history);
        for (const { state, done } of replicas) assert.deepEqual(type.value(state), MODELS[name]([...done]));
        const all = new Set(replicas.flatMap(({ done }) => [...done]));
        const joined = joinAll(
          type,
          replicas.map(({ state }) => state),
        );
        assert.deepEqual(type.value(joined), MODELS[name]([...all]));
      }),
    );
  });
}

test('the models can tell right from wrong', () => {
  const add: Done = { by: 'a', operation: { op: 'add', value: 1 }, saw: new Set() };
  const remove: Done = { by: 'b', operation: { op: 'remove', value: 1 }, saw: new Set([add]) };
  const apart: Done = { by: 'b', operation: { op: 'remove', value: 1 }, saw: new Set() };
  assert.deepEqual(MODELS.orset([add, remove]), []);
  assert.deepEqual(MODELS.orset([add, apart]), [1]);
});
