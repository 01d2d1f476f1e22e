import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareEpochs } from '#runtime/trust/epoch.ts';
import { epochOf, Host, type Sent, Wire } from '../../../../support/admission.ts';

function hosts(annEpoch: number, benEpoch: number): [Host, Host] {
  return [
    new Host({ byte: 1, ...(annEpoch > 0 && { epoch: epochOf(annEpoch) }) }),
    new Host({ byte: 2, ...(benEpoch > 0 && { epoch: epochOf(benEpoch) }) }),
  ];
}

const GOOD = ['agreed', 'granted', 'gave'];

test('whatever is lost, repeated and reordered, a call ends in both knowing the epoch, or in a time-out', () => {
  let completed = 0;
  let total = 0;
  fc.assert(
    fc.property(
      fc.nat(3),
      fc.nat(3),
      fc.boolean(),
      fc.array(fc.tuple(fc.nat(99), fc.nat(99), fc.nat(300), fc.nat(2_000)), {
        minLength: 120,
        maxLength: 120,
      }),
      (annEpoch, benEpoch, both, dice) => {
        const [ann, ben] = hosts(annEpoch, benEpoch);
        const wire = new Wire([ann, ben], (_, index) => {
          const [lost, twice, delayMs, laterMs] = dice[index % dice.length];
          if (lost < 30) return [];
          return twice < 20 ? [delayMs, laterMs] : [delayMs];
        });
        wire.call(ann, ben);
        if (both) wire.call(ben, ann);
        wire.run();
        const outcomes = [...ann.outcomes, ...ben.outcomes];
        assert.equal(outcomes.length, both ? 2 : 1);
        for (const outcome of outcomes) assert.ok(outcome === 'timed-out' || GOOD.includes(outcome), outcome);
        if (outcomes.some((outcome) => GOOD.includes(outcome))) {
          completed++;
          if (ann.epoch && ben.epoch) assert.equal(compareEpochs(ann.epoch, ben.epoch), 0);
          else assert.equal(ann.epoch, ben.epoch);
        }
        total++;
        const highest = Math.max(annEpoch, benEpoch);
        for (const { epoch } of [ann, ben]) if (epoch) assert.ok(epoch.number <= highest);
        // Nobody gives twice, or something that the other didn't lack.
        const taken = [...ann.events, ...ben.events].filter(({ type }) => type === 'granted');
        assert.ok(taken.length <= (annEpoch === benEpoch ? 0 : 1));
        for (const { admission } of [ann, ben]) {
          assert.equal(admission.nextMs, Number.POSITIVE_INFINITY);
          assert.deepEqual({ ...admission.gauges, sources: 0 }, { calls: 0, answers: 0, sources: 0 });
        }
      },
    ),
    { numRuns: 150 },
  );
  assert.ok(completed > 0.8 * total, `${completed} of ${total} completed`);
});

/** The datagrams of a whole handshake in which Ben gives, or Ann. */
function replayUpTo(index: number, annGives: boolean): { ann: Host; ben: Host; wire: Wire; next: Sent } {
  const [ann, ben] = hosts(annGives ? 4 : 0, annGives ? 0 : 4);
  const wire = new Wire([ann, ben], () => []);
  wire.call(ann, ben);
  for (let i = 0; i < index; i++) wire.deliver(wire.log[i]);
  return { ann, ben, wire, next: wire.log[index] };
}

test('a bit changed anywhere in any datagram is never an exception, and never a grant', () => {
  for (const annGives of [true, false]) {
    for (let index = 0; index < (annGives ? 8 : 7); index++) {
      const { length } = replayUpTo(index, annGives).next.bytes;
      fc.assert(
        fc.property(fc.nat(length - 1), fc.nat(7), (at, bit) => {
          const { ann, ben, wire, next } = replayUpTo(index, annGives);
          const before = wire.log.length;
          wire.deliver({ ...next, bytes: next.bytes.with(at, next.bytes[at] ^ (1 << bit)) });
          // What it led to is delivered too, as far as it goes.
          for (let i = before; i < wire.log.length && i < before + 20; i++) wire.deliver(wire.log[i]);
          const types = [...ann.types, ...ben.types];
          const grants = types.filter((type) => type === 'granted').length;
          // Before the first key nothing is authenticated: a cookie that was changed is asked for again.
          if (index < 2) assert.ok(grants <= 1);
          else {
            // Of the last datagram, the acknowledgement, the grant was taken before.
            const isAcknowledgement = index === (annGives ? 7 : 6);
            assert.equal(grants, isAcknowledgement ? 1 : 0, `datagram ${index}, byte ${at}`);
            assert.ok(!types.includes('gave'), `datagram ${index}, byte ${at}`);
          }
          // The true one still does its work, unless another key came first with a good cookie: that takes the next call.
          const isOtherKey = index === 2 && at >= 32;
          wire.deliver(next);
          for (let i = before; i < wire.log.length && i < before + 40; i++) wire.deliver(wire.log[i]);
          if (index > 0 && !isOtherKey)
            assert.ok([...ann.types, ...ben.types].includes('gave'), `datagram ${index}, byte ${at}`);
        }),
        { numRuns: 60 },
      );
    }
  }
});

test('a finish under another connection or from another address is nobody', () => {
  const first = replayUpTo(4, false);
  const second = new Host({ byte: 1, seed: 55 });
  const wire = new Wire([second, first.ben], () => []);
  wire.call(second, first.ben);
  for (let i = 0; i < 4; i++) wire.deliver(wire.log[i]);
  const finish = first.next.bytes.slice();
  finish.set(wire.log[4].bytes.subarray(8, 16), 8);
  first.ben.admission.receive(0, finish, second.endpoint);
  first.ben.admission.receive(0, first.next.bytes, { ...first.ann.endpoint, port: 1 });
  assert.deepEqual(first.ben.drain(), []);
  assert.deepEqual(first.ben.types, []);
  const { drops } = first.ben.admission.counters;
  assert.deepEqual([drops.forged, drops.unsolicited], [1, 1]);
});

test('random datagrams are never an exception, and leave no event', () => {
  fc.assert(
    fc.property(
      fc.nat(7),
      fc.uint8Array({ maxLength: 400 }),
      fc.integer({ min: 0, max: 9 }),
      fc.nat(255),
      (index, junk, step, ordinal) => {
        const { ann, ben, next } = replayUpTo(Math.min(index, 6), false);
        const bytes = new Uint8Array(16 + junk.length);
        bytes.set(next.bytes.subarray(0, 16));
        bytes.set([step, ordinal], 6);
        bytes.set(junk, 16);
        const before = ann.events.length + ben.events.length;
        ben.admission.receive(1, bytes, ann.endpoint);
        ann.admission.receive(1, bytes, ben.endpoint);
        ann.drain();
        ben.drain();
        assert.equal(ann.events.length + ben.events.length, before);
      },
    ),
    { numRuns: 500 },
  );
});
