import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GridvineError } from '#runtime/core/errors.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { EnginePump } from '../../../support/engine-pump.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';

const scalar: fc.Arbitrary<AppValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.uint8Array({ maxLength: 40 }),
);
const { value } = fc.letrec<{ value: AppValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 8 }), tie('value'), { maxKeys: 4 }) as fc.Arbitrary<AppValue>,
  ),
}));
const key = fc.string({ minLength: 0, maxLength: 20 });

/** An integral float is stored as an integer, and a bigint up to 2^53 as a number. */
function normal(any: AppValue): unknown {
  if (typeof any === 'bigint' && any <= 2n ** 53n && any >= -(2n ** 53n)) return Number(any);
  if (any instanceof Uint8Array) return Buffer.from(any).toString('hex');
  if (Array.isArray(any)) return any.map(normal);
  if (any !== null && typeof any === 'object')
    return Object.entries(any)
      .map(([name, item]) => [name, normal(item)])
      .sort();
  return any;
}

test('whatever a put accepts is read on the other node as it was given', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 8 }), (puts) => {
      const pump = new EnginePump();
      const [ann, ben] = pump.cluster(2);
      const accepted = new Map<string, AppValue>();
      for (const [key, value] of puts) {
        try {
          pump.mutate(ann, (engine, nowMs) => engine.put(nowMs, key, value));
          accepted.set(key, value);
        } catch (error) {
          assert.ok(error instanceof GridvineError, String(error));
        }
      }
      pump.run(10_000);
      assert.equal(ben.engine.records(pump.nowMs).length, accepted.size);
      for (const [key, value] of accepted)
        assert.deepEqual(normal(pump.read(ben, ann.id, key)?.value ?? null), normal(value));
    }),
    { numRuns: 60 },
  );
});

test('no bytes make an engine throw, from outside or from a member', () => {
  const fate = fc.record({ at: fc.nat(1_200), bit: fc.nat(7), cut: fc.nat(1_200) });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1_300 }), fate, (bytes, { at, bit, cut }) => {
      const pump = new EnginePump();
      const node = pump.add();
      const peer = new LyingPeer(pump);
      peer.introduce(node);
      pump.deliver(node, bytes, peer.path);
      const good = peer.seal(undefined, [{ type: 'join', seq: 7, padding: 560 }]);
      const broken = good.slice(0, Math.max(1, good.length - (cut % 50)));
      broken[at % broken.length] ^= 1 << bit;
      pump.deliver(node, broken, { ...peer.path, multicast: bit > 3 });
      pump.run(1_000);
      assert.equal(node.engine.members(pump.nowMs).length, 2);
    }),
    { numRuns: 100 },
  );
});

test('over links that lose and cut, a few engines agree once the links are whole', () => {
  const storm = fc.record({
    seed: fc.nat(10_000),
    loss: fc.double({ min: 0, max: 0.5, noNaN: true }),
    cut: fc.integer({ min: 0, max: 15 }),
    seconds: fc.integer({ min: 1, max: 20 }),
    writes: fc.array(
      fc.record({ by: fc.nat(3), key: fc.constantFrom('a', 'b', 'c'), deletes: fc.boolean() }),
      { maxLength: 20 },
    ),
  });
  fc.assert(
    fc.property(storm, ({ seed, loss, cut, seconds, writes }) => {
      const pump = new EnginePump({ seed });
      const nodes = pump.cluster(4);
      const side = (index: number) => (cut >> index) & 1;
      pump.drop = (from, to) => side(nodes.indexOf(from)) !== side(nodes.indexOf(to)) || pump.random() < loss;
      for (const { by, key, deletes } of writes) {
        pump.mutate(nodes[by], (engine, nowMs) => {
          if (deletes && pump.read(nodes[by], nodes[by].id, key) !== undefined) engine.delete(nowMs, key);
          else engine.put(nowMs, key, `${nowMs}`);
        });
        pump.run((1_000 * seconds) / writes.length);
      }
      pump.run(1_000 * seconds);
      pump.drop = () => false;
      const stateOf = (node: (typeof nodes)[0]) =>
        JSON.stringify(
          node.engine
            .records(pump.nowMs)
            .map(({ owner, key, version, value }) => [owner, key, version, value])
            .sort(),
        );
      pump.until(
        () => nodes.every((node) => stateOf(node) === stateOf(nodes[0]) && pump.sees(node, nodes, 'alive')),
        120_000,
        'one state on all',
      );
    }),
    { numRuns: 25 },
  );
});
