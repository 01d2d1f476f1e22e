import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GridvineError } from '#runtime/core/errors.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { encodeValue } from '#runtime/wire/cbor.ts';
import { NODES } from '../../../support/crdt-histories.ts';
import { recordView } from '../../../support/fake-node.ts';
import { SharedCluster, type SharedNode } from '../../../support/shared-cluster.ts';

const inc = (by: number) => ({ op: 'increment', by }) as const;
const add = (value: AppValue) => ({ op: 'add', value }) as const;
const remove = (value: AppValue) => ({ op: 'remove', value }) as const;
const code = (expected: string, message = /./) => ({ name: 'GridvineError', code: expected, message });

function cluster(count = 3) {
  const made = new SharedCluster(NODES.slice(0, count));
  return { cluster: made, nodes: made.nodes };
}

function elementsOf(node: SharedNode): number {
  const { value } = node.data.get('s') ?? {};
  return Array.isArray(value) ? value.length : -1;
}

function bytesOf(slot: AppValue | undefined): number {
  return slot === undefined ? 0 : encodeValue(slot).length;
}

// I6
test('increments of several nodes add up on all of them, here at once', () => {
  const {
    cluster: c,
    nodes: [a, b],
  } = cluster();
  assert.equal(a.data.apply('gcounter', 'energy/total', inc(1)).value, 1);
  b.data.apply('gcounter', 'energy/total', inc(2));
  c.settle();
  assert.deepEqual(c.values('gcounter', 'energy/total'), [3, 3, 3]);
  b.data.apply('gcounter', 'energy/total', inc(4));
  c.settle();
  assert.deepEqual(c.values('gcounter', 'energy/total'), [7, 7, 7]);
});

// R14
test('a node that restarts with its disk counts on in a life of its own', () => {
  const {
    cluster: c,
    nodes: [a],
  } = cluster();
  a.data.apply('pncounter', 'n', inc(5));
  c.settle();
  a.restart(a.disk);
  a.data.apply('pncounter', 'n', inc(-2));
  c.settle();
  assert.deepEqual(c.values('pncounter', 'n'), [3, 3, 3]);
});

test('what a node lost with its disk counts on, and it takes it back from whoever adopted it', () => {
  const { cluster: c, nodes } = cluster();
  const [a, b] = nodes;
  a.data.apply('gcounter', 'n', inc(5));
  c.settle();
  a.restart(new Map());
  a.data.apply('gcounter', 'n', inc(1));
  b.hear(a);
  assert.equal(b.data.get('n')?.value, 6, 'nothing is seen to go back');
  c.settle();
  assert.deepEqual(c.values('gcounter', 'n'), [6, 6, 6]);
  assert.equal(b.data.counters.adopted, 1);
  assert.deepEqual(c.slotOf(b, 'gcounter', 'n'), [], 'given back');
  // Now it is on its own disk again.
  for (const node of nodes) node.restart(node === a ? a.disk : new Map());
  c.settle();
  assert.deepEqual(c.values('gcounter', 'n'), [6, 6, 6]);
});

test("a forgotten node's counts go on, are told to newcomers, and are not doubled when it comes back", () => {
  const { cluster: c, nodes } = cluster(4);
  const [a, b, newcomer, dead] = nodes;
  c.gone.add(newcomer.id);
  dead.data.apply('gcounter', 'n', inc(7));
  c.settle();
  c.gone.add(dead.id);
  for (const node of nodes) if (node !== dead) node.forgetNode(dead.id);
  assert.equal(a.data.get('n')?.value, 7);
  c.settle();
  assert.equal(a.data.get('n')?.orphaned, false, 'adopted');
  newcomer.restart(new Map());
  c.gone.delete(newcomer.id);
  c.settle();
  assert.deepEqual(c.values('gcounter', 'n'), [7, 7, 7]);
  c.gone.delete(dead.id);
  dead.restart(dead.disk);
  dead.data.apply('gcounter', 'n', inc(1));
  c.settle();
  assert.deepEqual(c.values('gcounter', 'n'), [8, 8, 8, 8]);
  assert.ok([a, b].every((node) => bytesOf(c.slotOf(node, 'gcounter', 'n')) <= 1));
});

test('one member adopts, and another only where it does not', () => {
  const { cluster: c, nodes } = cluster();
  const [a, b, dead] = nodes;
  dead.data.apply('gcounter', 'n', inc(7));
  c.settle();
  c.gone.add(dead.id);
  for (const node of [a, b]) node.forgetNode(dead.id);
  for (const node of [a, b]) node.data.tend();
  c.nowMs += 15_000;
  for (const node of [b, a]) node.data.tend();
  assert.deepEqual([a.data.counters.adopted, b.data.counters.adopted], [1, 0]);
  b.hear(a);
  c.nowMs += 60_000;
  b.data.tend();
  assert.equal(b.data.counters.adopted, 0);
});

test('the slot of a node that restarts often stays small, and its count exact', () => {
  const { cluster: c, nodes } = cluster();
  const [a] = nodes;
  for (let life = 0; life < 50; life++) {
    a.data.apply('pncounter', 'n', inc(2));
    c.settle(3);
    a.restart(a.disk);
  }
  c.settle();
  assert.deepEqual(c.values('pncounter', 'n'), [100, 100, 100]);
  assert.ok(bytesOf(c.slotOf(a, 'pncounter', 'n')) < 170, `${bytesOf(c.slotOf(a, 'pncounter', 'n'))} bytes`);
});

// I5, U11
test('adding wins over a removal that had not seen it', () => {
  const {
    cluster: c,
    nodes: [a, b],
  } = cluster();
  a.data.apply('orset', 's', add('x'));
  c.settle();
  b.data.apply('orset', 's', remove('x'));
  a.data.apply('orset', 's', add('x'));
  c.settle();
  assert.deepEqual(c.values('orset', 's'), [['x'], ['x'], ['x']]);
  b.data.apply('orset', 's', remove('x'));
  c.settle();
  assert.deepEqual(c.values('orset', 's'), [[], [], []]);
});

test('what is added and removed two thousand times leaves slots of a few bytes', () => {
  const { cluster: c, nodes } = cluster();
  const [a, b] = nodes;
  for (let i = 0; i < 2_000; i++) {
    a.data.apply('orset', 's', add(i));
    b.hear(a);
    b.data.apply('orset', 's', remove(i));
    a.hear(b);
    if (i % 100 === 0) c.settle(2);
  }
  c.settle();
  assert.deepEqual(c.values('orset', 's'), [[], [], []]);
  for (const node of nodes) assert.ok(bytesOf(c.slotOf(node, 'orset', 's')) <= 40);
});

test('lives of which nothing stands fall below the floor, and nothing of them comes back', () => {
  const { cluster: c, nodes } = cluster();
  const [a, b] = nodes;
  const elder = new Map<string, AppValue>();
  a.data.apply('orset', 's', add('kept'));
  for (let life = 0; life < 12; life++) {
    a.data.apply('orset', 's', add(`of ${life}`));
    if (life === 1) for (const [key, value] of a.disk) elder.set(key, value);
    c.settle(3);
    b.data.apply('orset', 's', remove(`of ${life}`));
    c.settle(3);
    a.restart(a.disk);
  }
  c.settle();
  assert.deepEqual(c.values('orset', 's'), [['kept'], ['kept'], ['kept']]);
  const [floors, lives] = c.slotOf(a, 'orset', 's') as unknown[][];
  assert.equal(floors.length, 1);
  assert.ok(lives.length <= 6, `${lives.length} lives`);
  // An old copy of its own slot, such as from a restored card, removes nothing and brings nothing back.
  a.restart(elder);
  c.settle();
  assert.deepEqual(c.values('orset', 's'), [['kept'], ['kept'], ['kept']]);
});

test('a removal in a last-write map lets go of its tombstone after an hour, and of what it outdid', () => {
  const { cluster: c, nodes } = cluster();
  const [a, b, apart] = nodes;
  const set = (key: string, value: AppValue) => ({ op: 'set', key, value }) as const;
  apart.data.apply('lwwmap', 'm', set('k', 'elder'));
  a.data.apply('lwwmap', 'm', set('other', 0));
  a.data.apply('lwwmap', 'm', set('k', 1));
  a.data.apply('lwwmap', 'm', { op: 'remove', key: 'k' });
  c.settle();
  assert.deepEqual(c.values('lwwmap', 'm'), [{ other: 0 }, { other: 0 }, { other: 0 }]);
  const before = bytesOf(c.slotOf(a, 'lwwmap', 'm'));
  c.nowMs += 3_600_000;
  c.settle();
  assert.deepEqual(c.values('lwwmap', 'm'), [{ other: 0 }, { other: 0 }, { other: 0 }]);
  assert.ok(bytesOf(c.slotOf(a, 'lwwmap', 'm')) < before);
  const [, , entries] = c.slotOf(apart, 'lwwmap', 'm') as unknown[][];
  assert.deepEqual(entries, [], 'the elder write is gone, too');
  b.data.apply('lwwmap', 'm', set('k', 2));
  c.settle();
  assert.deepEqual(c.values('lwwmap', 'm')[0], { k: 2, other: 0 });
});

test('the last write shows who wrote it and when by its own clock, which decides nothing', () => {
  const {
    cluster: c,
    nodes: [a, b],
  } = cluster();
  a.data.apply('lww', 'mode', { op: 'set', value: 'island' });
  c.settle();
  b.data.apply('lww', 'mode', { op: 'set', value: 'grid' });
  c.settle();
  const view = a.data.get('mode');
  assert.equal(view?.value, 'grid');
  assert.deepEqual(view.written, [{ key: null, by: b.id, wallMs: 1_700_000_000_000 }]);
});

test('a name has one type: an operation of another is refused and says which it is', () => {
  const {
    cluster: c,
    nodes: [a, b],
  } = cluster();
  a.data.apply('gcounter', 'n', inc(1));
  c.settle();
  assert.throws(
    () => b.data.apply('orset', 'n', add(1)),
    code('E_CRDT_TYPE', /n: .*gcounter; got one of orset/),
  );
});

test('two types that one name got apart both go on, and whoever reads it has to say which', () => {
  const {
    cluster: c,
    nodes: [a, b],
  } = cluster();
  a.data.apply('gcounter', 'n', inc(1));
  b.data.apply('orset', 'n', add('x'));
  c.settle();
  assert.throws(() => a.data.get('n'), code('E_CRDT_TYPE', /gcounter and orset|orset and gcounter/));
  assert.equal(a.data.get('n', 'gcounter')?.value, 1);
  a.data.apply('orset', 'n', add('y'));
  c.settle();
  assert.deepEqual(b.data.get('n', 'orset')?.value, ['x', 'y']);
  assert.deepEqual(
    a.data.list().map(({ name, type }) => [name, type]),
    [
      ['n', 'gcounter'],
      ['n', 'orset'],
    ],
  );
});

test('a counter near 2^53 is refused beyond it and stays exact up to there', () => {
  const {
    cluster: c,
    nodes: [a, b],
  } = cluster();
  const most = Number.MAX_SAFE_INTEGER;
  a.data.apply('gcounter', 'n', inc(most));
  assert.throws(() => a.data.apply('gcounter', 'n', inc(1)), code('E_CRDT_LIMIT', /9007199254740991/));
  b.data.apply('gcounter', 'n', inc(most));
  c.settle();
  assert.deepEqual(c.values('gcounter', 'n')[0], 2n * BigInt(most));
  for (const by of [1.5, -1, Number.NaN, 2 ** 53])
    assert.throws(() => a.data.apply('gcounter', 'm', inc(by)), code('E_VALUE_INVALID', /whole number/));
  assert.equal(a.data.get('m'), undefined);
});

test('a part that no record holds is refused with the limit, and the set is as before', () => {
  const { cluster: c, nodes } = cluster();
  const [a] = nodes;
  c.check = (value) => {
    const size = encodeValue(value).length + 20;
    if (size > 900)
      throw new GridvineError(
        'E_VALUE_TOO_LARGE',
        `crdt/orset/s: expected at most 900 bytes with its key; got ${size}. Split it over several keys.`,
      );
  };
  let elements = 0;
  assert.throws(
    () => {
      for (; elements < 100_000; elements++) a.data.apply('orset', 's', add(`element ${elements}`));
    },
    code('E_CRDT_LIMIT', /s: .*orset is one record: expected at most 900 bytes.*would take 9\d\d\. Spread/),
  );
  assert.ok(elements > 30 && elements < 100);
  assert.equal(elementsOf(a), elements);
});

test('names and operations that make no sense are refused', () => {
  const [a] = cluster().nodes;
  for (const name of ['', 'a\nb', 'x/', 'x'.repeat(120)])
    assert.throws(() => a.data.apply('gcounter', name, inc(1)), code('E_KEY_INVALID'));
  assert.throws(
    () => a.data.apply('gset', 's', remove(1)),
    code('E_VALUE_INVALID', /expected add; got remove/),
  );
  assert.throws(
    () => a.data.apply('max', 'm', { op: 'set', value: 'x' }),
    code('E_VALUE_INVALID', /a number/),
  );
  assert.throws(() => a.data.apply('lww', 'r', { op: 'set' }), code('E_VALUE_INVALID', /got nothing/));
  assert.throws(
    () => a.data.apply('lww', 'r', { op: 'set', value: [[[[[1]]]]] }),
    code('E_VALUE_INVALID', /at most 4/),
  );
  assert.throws(() => a.data.apply('ormap', 'o', { op: 'set', value: 1 }), code('E_VALUE_INVALID', /key: /));
  assert.deepEqual(a.data.list(), []);
});

test('slots that are none of their type are ignored, counted and named; the others count', () => {
  const { cluster: c, nodes } = cluster();
  const [a, b] = nodes;
  b.data.apply('gcounter', 'n', inc(2));
  c.settle();
  const hostile = 'cc'.repeat(16);
  for (const [version, value] of [
    'no slot',
    [[1, 2]],
    [[new Uint8Array(16), 1, -5, 0]],
    { a: 1 },
  ].entries()) {
    const record = recordView({
      owner: hostile,
      key: 'crdt/gcounter/n',
      value: value as AppValue,
      version: version + 1,
    });
    a.records.set(`${hostile} crdt/gcounter/n`, record);
    a.data.onRecord({ type: 'record', change: 'put', record });
    a.data.tend();
  }
  assert.equal(a.data.counters.malformed, 4);
  assert.equal(a.data.get('n')?.value, 2);
  assert.deepEqual(a.data.get('n')?.ignored, [{ id: hostile, problem: 'expected a list of counts' }]);
  for (const key of ['crdt/nothing/n', 'crdt/gcounter/', 'crdt/x'])
    a.data.onRecord({ type: 'record', change: 'put', record: recordView({ key, value: 1 }) });
  assert.equal(a.data.counters.malformed, 7);
});

test('a life of this node that somebody made up does not swallow what it writes', () => {
  const [a, b] = cluster().nodes;
  const self = Buffer.from(a.id, 'hex');
  const claim = (key: string, value: AppValue) => {
    const record = recordView({ owner: b.id, key, value, version: 2 ** 33 });
    a.data.onRecord({ type: 'record', change: 'put', record });
  };
  // All lives below one of boot 900 are folded, and known whole.
  claim('crdt/gcounter/n', [[new Uint8Array(self), 900 * 2 ** 32, 0, 0, true]]);
  claim('crdt/orset/s', [[[new Uint8Array(self), 900 * 2 ** 32]], [], []]);
  assert.equal(a.data.apply('gcounter', 'n', inc(3)).value, 3);
  assert.deepEqual(a.data.apply('orset', 's', add('x')).value, ['x']);
  claim('crdt/gcounter/last', [[new Uint8Array(self), 2 ** 52 - 1, 0, 0, true]]);
  assert.throws(() => a.data.apply('gcounter', 'last', inc(1)), code('E_CRDT_LIMIT', /last possible life/));
});

test('memory is not for a node that tells another tale each time: what no slot holds is forgotten then', () => {
  const [a] = cluster().nodes;
  a.data.apply('gset', 's', add('mine'));
  const liar = 'cc'.repeat(16);
  for (let i = 0; i < 400; i++) {
    const record = recordView({
      owner: liar,
      key: 'crdt/gset/s',
      value: [`${i} ${'x'.repeat(500)}`],
      version: i + 1,
    });
    a.records.set(`${liar} crdt/gset/s`, record);
    a.data.onRecord({ type: 'record', change: 'put', record });
  }
  assert.equal(elementsOf(a), 401);
  a.data.tend();
  assert.equal(elementsOf(a), 2);
});

test('an owner that deletes its slot takes back what only it held', () => {
  const { cluster: c, nodes } = cluster();
  const [a, b] = nodes;
  a.data.apply('gcounter', 'n', inc(5));
  b.data.apply('gcounter', 'n', inc(2));
  c.settle();
  a.withdraw('crdt/gcounter/n');
  assert.equal(a.data.get('n')?.value, 2);
  b.withdraw('crdt/gcounter/n');
  // It hears that the other deleted its own.
  const record = recordView({ owner: b.id, key: 'crdt/gcounter/n', value: null });
  a.records.delete(`${b.id} crdt/gcounter/n`);
  a.data.onRecord({ type: 'record', change: 'delete', record });
  a.data.tend();
  assert.deepEqual(a.data.list(), []);
});

// I11
test('a listener hears of each change that people see, its own and others, and of no other', () => {
  const {
    nodes: [a, b],
  } = cluster();
  const heard: unknown[] = [];
  const stop = a.data.onChange(({ name, before, value }) => heard.push([name, before, value]));
  b.data.apply('gcounter', 'n', inc(1));
  a.hear(b);
  a.data.apply('gcounter', 'n', inc(4));
  a.data.apply('gcounter', 'n', inc(0));
  a.hear(b);
  a.data.tend();
  assert.deepEqual(heard, [
    ['n', null, 1],
    ['n', 1, 5],
  ]);
  stop();
  a.data.apply('gcounter', 'n', inc(1));
  assert.equal(heard.length, 2);
});

test('names beyond the limit are counted, and refused to who would make one', () => {
  const [a] = cluster().nodes;
  for (let i = 0; i < 2_001; i++)
    a.data.onRecord({
      type: 'record',
      change: 'put',
      record: recordView({ owner: 'cc'.repeat(16), key: `crdt/max/${i}`, value: i }),
    });
  assert.equal(a.data.counters.full, 1);
  assert.throws(
    () => a.data.apply('max', 'one more', { op: 'set', value: 1 }),
    code('E_CRDT_LIMIT', /2000 names/),
  );
  assert.equal(a.data.apply('max', '7', { op: 'set', value: 9 }).value, 9);
});

test('many names are looked after a few at a time, each in its turn', () => {
  const [a, b] = cluster().nodes;
  for (const name of ['x', 'y', 'z']) a.data.apply('orset', name, add(1));
  b.hear(a);
  for (const name of ['x', 'y', 'z']) b.data.apply('orset', name, remove(1));
  a.hear(b);
  const stands = (name: string) => {
    const slot = a.records.get(`${a.id} crdt/orset/${name}`)?.value;
    return Array.isArray(slot) && slot[2].length > 0;
  };
  const settled = () => ['x', 'y', 'z'].filter((name) => !stands(name));
  assert.deepEqual([a.data.tend(2), settled().length], [true, 2]);
  assert.deepEqual([a.data.tend(2), settled().length], [false, 3]);
});
