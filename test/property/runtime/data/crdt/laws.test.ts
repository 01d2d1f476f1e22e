import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { crdtType, type OpaqueState } from '#runtime/data/crdt/crdt-key.ts';
import { CRDT_TYPE_NAMES, type CrdtTypeName } from '#runtime/data/crdt/type-names.ts';
import { covers, coversPiece, joinAll, piecesById, sameState } from '#runtime/data/crdt/value-order.ts';
import { decodeCbor, encodeValue, toAppValue } from '#runtime/wire/cbor.ts';
import { NODES, operationsOf, play, stepsOf } from '../../../../support/crdt-histories.ts';

// I5, U5
for (const name of CRDT_TYPE_NAMES) {
  const type = crdtType(name);
  const same = (a: OpaqueState, b: OpaqueState) =>
    assert.ok(
      sameState(type, a, b),
      `${JSON.stringify(type.encode(a))} and ${JSON.stringify(type.encode(b))}`,
    );

  describe(`shared data: ${name}`, () => {
    test('joining is commutative, associative and idempotent, over random histories with restarts', () => {
      fc.assert(
        fc.property(stepsOf(name), (steps) => {
          const [a, b, c] = play(name, steps).map(({ state }) => state);
          same(type.join(a, b), type.join(b, a));
          same(type.join(type.join(a, b), c), type.join(a, type.join(b, c)));
          same(type.join(a, a), a);
          same(type.join(a, type.empty), a);
        }),
      );
    });

    test('a join covers both of its sides, and a change covers what was there before', () => {
      fc.assert(
        fc.property(stepsOf(name), operationsOf(name), (steps, operation) => {
          const [a, b] = play(name, steps);
          const joined = type.join(a.state, b.state);
          assert.ok(covers(type, joined, a.state) && covers(type, joined, b.state));
          const change = type.change(joined, operation, a.author, 0);
          assert.ok(covers(type, type.join(joined, change), joined));
        }),
      );
    });

    test('replicas that know the same operations have the same state, whatever the order in which they heard', () => {
      fc.assert(
        fc.property(stepsOf(name), fc.integer(), (steps, order) => {
          const states = play(name, steps).map(({ state }) => state);
          const turned = states.map((_, i) => states[(i + Math.abs(order)) % states.length]);
          same(joinAll(type, states), joinAll(type, turned.reverse()));
        }),
      );
    });

    test('a state survives its slot, and equal states have equal slots', () => {
      fc.assert(
        fc.property(stepsOf(name), (steps) => {
          for (const { state } of play(name, steps)) {
            if (sameState(type, state, type.empty)) continue;
            const read = throughWire(name, state);
            assert.notEqual(typeof read, 'string', String(read));
            same(read as OpaqueState, state);
            assert.deepEqual(type.value(read as OpaqueState), type.value(state));
          }
        }),
      );
    });

    test('its pieces joined are the state, and each is covered exactly where the whole is', () => {
      fc.assert(
        fc.property(stepsOf(name), (steps) => {
          const [a, b] = play(name, steps).map(({ state }) => state);
          same(
            joinAll(
              type,
              type.pieces(a).map(({ state }) => state),
            ),
            a,
          );
          const held = piecesById(type, b);
          for (const piece of type.pieces(a))
            assert.equal(coversPiece(type, held, piece), covers(type, b, piece.state));
          assert.equal(
            type.pieces(a).every((piece) => coversPiece(type, held, piece)),
            covers(type, b, a),
          );
        }),
      );
    });

    test('compacting an own state changes nothing that people see', () => {
      fc.assert(
        fc.property(stepsOf(name), (steps) => {
          for (const { state, author } of play(name, steps)) {
            const compacted = type.compact?.(state, author.id) ?? state;
            assert.ok(covers(type, compacted, state));
            assert.deepEqual(type.value(compacted), type.value(state));
          }
        }),
      );
    });

    test('the laws hold for whatever stands in well-formed slots, histories or not', () => {
      const slot = wellFormed(name);
      fc.assert(
        fc.property(fc.tuple(slot, slot, slot), (three) => {
          const read = three.map((slot) => type.decode(slot as never));
          fc.pre(read.every((state) => typeof state !== 'string'));
          const [a, b, c] = read as OpaqueState[];
          same(type.join(a, b), type.join(b, a));
          same(type.join(type.join(a, b), c), type.join(a, type.join(b, c)));
          same(type.join(a, a), a);
          assert.ok(covers(type, type.join(a, b), b));
        }),
      );
    });

    test('slots made of anything are read or refused, never thrown at', () => {
      fc.assert(
        fc.property(anything(), (slot) => {
          const state = type.decode(slot as never);
          if (typeof state === 'string') return;
          same(type.join(state, state), state);
          type.value(state);
        }),
      );
    });
  });
}

function throughWire(name: CrdtTypeName, state: OpaqueState): OpaqueState | string {
  const type = crdtType(name);
  const decoded = decodeCbor(encodeValue(type.encode(state)));
  assert.ok('value' in decoded);
  const value = toAppValue(decoded.value);
  assert.ok(value !== undefined);
  return type.decode(value);
}

/** Values that come near a slot. */
function anything(): fc.Arbitrary<unknown> {
  const cell = fc.oneof(
    fc.constantFrom(...NODES.map((id) => Buffer.from(id, 'hex'))),
    fc.nat({ max: 3 }),
    fc.constantFrom(2 ** 32 + 1, 2 ** 48, 2 ** 53, -1, 1.5, true, null, 'x'),
  );
  const row = fc.array(cell, { maxLength: 6 });
  const rows = fc.array(row, { maxLength: 3 });
  return fc.oneof(cell, row, rows, fc.tuple(rows, rows, rows));
}

/** Slots that no honest node need have made. */
function wellFormed(name: CrdtTypeName): fc.Arbitrary<unknown> {
  const id = fc.constantFrom(...NODES.slice(0, 2).map((node) => new Uint8Array(Buffer.from(node, 'hex'))));
  const small = fc.integer({ min: 1, max: 4 });
  const value = fc.constantFrom('a', 'b', 0);
  switch (name) {
    case 'gcounter':
      return fc.array(fc.tuple(id, small, small, fc.constant(0), fc.boolean()));
    case 'pncounter':
      return fc.array(fc.tuple(id, small, small, small, fc.boolean()));
    case 'max':
    case 'min':
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case 'lww':
      return fc.tuple(small, id, small, small, value);
    case 'gset':
      return fc.array(value);
    case 'mv':
    case 'orset':
      return dots(id, fc.tuple(value));
    case 'ormap':
      return dots(id, fc.tuple(fc.constantFrom('x', 'y'), value));
    case 'lwwmap':
      return dots(id, fc.tuple(fc.constantFrom('x', 'y'), small, small, fc.constant(1), value));
  }
}

function dots(id: fc.Arbitrary<Uint8Array>, content: fc.Arbitrary<unknown[]>): fc.Arbitrary<unknown> {
  const small = fc.integer({ min: 1, max: 4 });
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return fc
    .tuple(
      fc.uniqueArray(fc.tuple(id, small), { selector: ([node]) => hex(node), maxLength: 2 }),
      fc.uniqueArray(fc.tuple(id, small, fc.nat({ max: 4 }), fc.array(small)), {
        selector: ([node, life]) => `${hex(node)}${life}`,
        maxLength: 4,
      }),
      fc.array(fc.tuple(fc.nat({ max: 3 }), small, content), { maxLength: 8 }),
    )
    .map(([floors, lives, entries]) => {
      const rows = lives.map(([node, life, seen, extra]) => [node, life, seen, ...extra]);
      const taken = new Set<string>();
      const standing = entries.filter(([place, seq]) => {
        const [node, life, seen, extra] = lives[place] ?? [];
        if (node === undefined || life === undefined || seen === undefined) return false;
        const floor = floors.find(([other]) => hex(other) === hex(node))?.[1] ?? 0;
        const known = seq <= seen || extra?.includes(seq) === true || life < floor;
        const isNew = !taken.has(`${place}/${seq}`);
        if (known && isNew) taken.add(`${place}/${seq}`);
        return known && isNew;
      });
      return [floors, rows, standing.map(([place, seq, cells]) => [place, seq, ...cells])];
    });
}
