import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { toHex } from '#runtime/core/ids.ts';
import { agreementKeyFrom } from '#runtime/crypto/agreement-key.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { codeOfReason, DENIAL_REASONS } from '#runtime/trust/admission/reasons.ts';
import { compareEpochs } from '#runtime/trust/epoch.ts';
import { credentialOf, epochOf, Host, type Sent, stepOf, Wire } from '../../../../support/admission.ts';

function pair(
  annEpoch?: ReturnType<typeof epochOf>,
  benEpoch?: ReturnType<typeof epochOf>,
): { ann: Host; ben: Host; wire: Wire } {
  const ann = new Host({ byte: 1, ...(annEpoch && { epoch: annEpoch }) });
  const ben = new Host({ byte: 2, ...(benEpoch && { epoch: benEpoch }) });
  return { ann, ben, wire: new Wire([ann, ben]) };
}

/** As `compareEpochs`; both must have one. */
function compare(ann: Host, ben: Host): number {
  assert.ok(ann.epoch && ben.epoch);
  return compareEpochs(ann.epoch, ben.epoch);
}

describe('[P-13] two nodes that admit each other', () => {
  test('a newcomer that calls is given the epoch', () => {
    const { ann, ben, wire } = pair(undefined, epochOf(5));
    wire.call(ann, ben);
    wire.run();
    assert.deepEqual(wire.steps(), ['hello', 'retry', 'hello', 'response', 'finish', 'grant', 'done']);
    assert.deepEqual(ann.types, ['admitted', 'granted', 'ended']);
    assert.deepEqual(ben.types, ['admitted', 'gave']);
    assert.deepEqual(ann.outcomes, ['granted']);
    assert.deepEqual(ann.epoch, ben.epoch);
    assert.equal(ann.epoch?.secret.equals(epochOf(5).secret), true);
    const [admitted] = ann.events;
    assert.ok(admitted.type === 'admitted');
    assert.equal(admitted.id, ben.id);
    assert.deepEqual(admitted.epoch?.number, 5);
  });

  test('a caller with the higher epoch gives it to the one it called', () => {
    const { ann, ben, wire } = pair(epochOf(6), epochOf(5));
    wire.call(ann, ben);
    wire.run();
    assert.deepEqual(wire.steps().slice(4), ['finish', 'done', 'grant', 'done']);
    assert.deepEqual(ann.outcomes, ['gave']);
    assert.deepEqual(ben.types, ['admitted', 'granted']);
    assert.equal(compare(ann, ben), 0);
  });

  test('a node that may not give its epoch on gives it neither as caller nor as called', () => {
    for (const annCalls of [true, false]) {
      const ann = new Host({ byte: 1, epoch: epochOf(5), mayGive: () => false });
      const ben = new Host({ byte: 2 });
      const wire = new Wire([ann, ben]);
      if (annCalls) wire.call(ann, ben);
      else wire.call(ben, ann);
      wire.run();
      assert.deepEqual([ann.types[0], ben.types[0]], ['admitted', 'admitted']);
      assert.equal(ben.epoch, undefined);
      assert.ok(!wire.steps().includes('grant'));
    }
  });

  test('of two epochs of one number the one with the higher id wins', () => {
    const { ann, ben, wire } = pair(epochOf(7, 1), epochOf(7, 2));
    const higher = compare(ann, ben) > 0 ? ann.epoch : ben.epoch;
    wire.call(ann, ben);
    wire.run();
    assert.deepEqual([ann.epoch, ben.epoch], [higher, higher]);
  });

  test('the same epoch, or none on either side, is agreed on without a grant', () => {
    for (const epoch of [undefined, epochOf(3)]) {
      const { ann, ben, wire } = pair(epoch, epoch);
      wire.call(ann, ben);
      wire.run();
      assert.deepEqual(ann.outcomes, ['agreed']);
      assert.ok(!wire.steps().includes('grant'));
      assert.deepEqual(ben.types, ['admitted']);
    }
  });

  test('both calling each other at once complete, and nothing is left behind', () => {
    const { ann, ben, wire } = pair(epochOf(9), undefined);
    wire.call(ann, ben);
    wire.call(ben, ann);
    wire.run();
    assert.equal(compare(ann, ben), 0);
    assert.deepEqual(ann.outcomes.length + ben.outcomes.length, 2);
    for (const { admission } of [ann, ben]) {
      assert.deepEqual({ ...admission.gauges, sources: 0 }, { calls: 0, answers: 0, sources: 0 });
      assert.equal(admission.nextMs, Number.POSITIVE_INFINITY);
    }
  });

  test('a second call to one endpoint waits for the first, and a table that is full says so', () => {
    const ann = new Host({ byte: 1, limits: { callsMax: 4 } });
    const others = [2, 3, 4, 5, 6].map((byte) => new Host({ byte }));
    const wire = new Wire([ann, ...others]);
    assert.equal(wire.call(ann, others[0]), 'calling');
    assert.equal(wire.call(ann, others[0]), 'already');
    assert.deepEqual(
      others.slice(1, 3).map((other) => wire.call(ann, other, { provokedByBytes: 70 })),
      ['calling', 'calling'],
    );
    // Strangers have half of the table.
    assert.equal(wire.call(ann, others[3], { provokedByBytes: 70 }), 'full');
    assert.equal(wire.call(ann, others[3]), 'calling');
    assert.equal(wire.call(ann, others[4]), 'full');
    wire.run();
    assert.equal(wire.call(ann, others[0]), 'calling');
  });
});

describe('[P-13.10] a peer that is not admitted', () => {
  for (const reason of DENIAL_REASONS) {
    test(`the caller hears ${reason}, and is given nothing`, () => {
      const ann = new Host({ byte: 1, flaw: codeOfReason(reason) });
      const ben = new Host({ byte: 2, epoch: epochOf(5) });
      const wire = new Wire([ann, ben]);
      wire.call(ann, ben);
      wire.run();
      assert.deepEqual(ann.types, ['admitted', 'denied', 'ended']);
      assert.deepEqual([...ann.reasons, ...ben.reasons], [reason, reason]);
      const denied = ann.events[1];
      assert.ok(denied.type === 'denied');
      assert.equal(denied.by, ben.id);
      assert.equal(ann.epoch, undefined);
      assert.ok(!wire.steps().includes('grant'));
    });
  }

  test('one that was called hears it too, is given nothing, and what it has is not taken', () => {
    for (const [annEpoch, benEpoch] of [
      [epochOf(5), undefined],
      [undefined, epochOf(5)],
    ]) {
      const ann = new Host({ byte: 1, ...(annEpoch && { epoch: annEpoch }) });
      const ben = new Host({
        byte: 2,
        flaw: codeOfReason('revoked'),
        ...(benEpoch && { epoch: benEpoch }),
      });
      const wire = new Wire([ann, ben]);
      wire.call(ann, ben);
      wire.run();
      assert.deepEqual(ann.outcomes, ['refused']);
      assert.deepEqual(ann.reasons, ['revoked']);
      assert.deepEqual(ben.types, ['admitted', 'denied']);
      assert.ok(!wire.steps().includes('grant'));
      assert.deepEqual([ann.epoch, ben.epoch], [annEpoch, benEpoch]);
    }
  });

  test('where neither admits the other, both hear a reason without a name', () => {
    const ann = new Host({ byte: 1, epoch: epochOf(4), flaw: codeOfReason('unknown-issuer') });
    const ben = new Host({ byte: 2, flaw: codeOfReason('expired') });
    const wire = new Wire([ann, ben]);
    wire.call(ann, ben);
    wire.run();
    assert.deepEqual(ann.types, ['refused', 'denied', 'ended']);
    assert.deepEqual(ben.types, ['refused', 'denied']);
    assert.deepEqual(ann.reasons, ['expired', 'unknown-issuer']);
    for (const event of [...ann.events, ...ben.events])
      if (event.type === 'denied') assert.equal(event.by, undefined);
  });

  test('a credential of another key than the handshake ran under is refused: key-mismatch', () => {
    const other = agreementKeyFrom(createNodeProvider(), new Uint8Array(32).fill(77));
    const stolen = credentialOf(1, other.publicKey);
    const ann = new Host({ byte: 1, credential: () => stolen });
    const ben = new Host({ byte: 2, epoch: epochOf(5) });
    const wire = new Wire([ann, ben]);
    wire.call(ann, ben);
    wire.run();
    assert.deepEqual(ben.reasons, ['key-mismatch']);
    assert.equal(ann.epoch, undefined);
  });

  test('a peer revoked while it is being called is given what this node had when it judged it, not the epoch after', () => {
    const { ann, ben, wire } = pair(epochOf(6), epochOf(5));
    wire.call(ann, ben);
    wire.run(4.5);
    assert.equal(wire.steps().at(-1), 'finish');
    ann.epoch = epochOf(7);
    wire.run();
    assert.equal(ben.epoch?.number, 6);
  });
});

describe('a handshake with oneself', () => {
  test('is not answered, and ends', () => {
    const ann = new Host({ byte: 1, epoch: epochOf(1) });
    const wire = new Wire([ann]);
    wire.call(ann, ann);
    wire.run();
    assert.deepEqual(ann.types, ['ended']);
    assert.deepEqual(ann.outcomes, ['self']);
    assert.ok(ann.admission.counters.drops.own > 0);
    assert.ok(wire.steps().every((step) => step === 'hello'));
  });

  test('a copy of this node under another address is told apart by its key, and given nothing', () => {
    const ann = new Host({ byte: 1, epoch: epochOf(2) });
    const copy = new Host({ byte: 1, seed: 99 });
    Object.assign(copy, { endpoint: { transport: 'udp', address: '10.0.9.9', port: 1 } });
    const wire = new Wire([ann, copy]);
    wire.call(copy, ann);
    wire.run();
    assert.deepEqual(copy.outcomes, ['self']);
    assert.equal(copy.epoch, undefined);
    assert.deepEqual(ann.events, []);
  });
});

describe('loss and repetition', () => {
  const STEPS = ['hello', 'retry', 'response', 'finish', 'grant', 'done'] as const;
  for (const lost of STEPS) {
    test(`the first ${lost} may be lost`, () => {
      for (const annGives of [true, false]) {
        const ann = new Host({ byte: 1, ...(annGives && { epoch: epochOf(4) }) });
        const ben = new Host({ byte: 2, ...(!annGives && { epoch: epochOf(4) }) });
        let isLost = false;
        const wire = new Wire([ann, ben], ({ bytes }) => {
          if (isLost || stepOf(bytes) !== lost) return [1];
          isLost = true;
          return [];
        });
        wire.call(ann, ben);
        wire.run();
        assert.ok(isLost);
        assert.equal(compare(ann, ben), 0);
        assert.deepEqual(ann.outcomes, [annGives ? 'gave' : 'granted']);
        assert.equal([...ann.types, ...ben.types].filter((type) => type === 'gave').length, 1);
      }
    });
  }

  test('all datagrams may come twice: the second costs no key agreement and changes nothing', () => {
    for (const annGives of [true, false]) {
      const ann = new Host({ byte: 1, ...(annGives && { epoch: epochOf(4) }) });
      const ben = new Host({ byte: 2, ...(!annGives && { epoch: epochOf(4) }) });
      const wire = new Wire([ann, ben], () => [1, 40]);
      wire.call(ann, ben);
      wire.run();
      assert.equal(compare(ann, ben), 0);
      assert.equal(ben.admission.counters.handshakesAnswered, 1);
      assert.equal(ben.types.filter((type) => type === 'admitted').length, 1);
      assert.equal([...ann.types, ...ben.types].filter((type) => type === 'granted').length, 1);
    }
  });

  test('the same hello and the same finish are answered by the same bytes', () => {
    const { ann, ben, wire } = pair(undefined, epochOf(4));
    wire.call(ann, ben);
    wire.run(4.5);
    const sent = (step: string, from: Host): Sent[] =>
      wire.log.filter((each) => stepOf(each.bytes) === step && each.from === from.endpoint);
    wire.deliver(sent('hello', ann)[1]);
    assert.equal(sent('response', ben).length, 2);
    assert.deepEqual(sent('response', ben)[1], sent('response', ben)[0]);
    wire.run(5.5);
    wire.deliver(sent('finish', ann)[0]);
    assert.deepEqual(sent('grant', ben)[1], sent('grant', ben)[0]);
  });

  test('another hello or finish under the same connection is not answered, neither before nor after the verdict', () => {
    const { ann, ben, wire } = pair(undefined, epochOf(4));
    wire.call(ann, ben);
    wire.run(3.5);
    const hello = wire.log[2].bytes;
    const unsolicited = (): number => ben.admission.counters.drops.unsolicited;
    ben.admission.receive(4, hello.with(40, hello[40] ^ 1), ann.endpoint);
    assert.deepEqual([ben.drain(), unsolicited()], [[], 1]);
    wire.run(7);
    const finish = wire.log[4].bytes;
    ben.admission.receive(7, finish.with(40, finish[40] ^ 1), ann.endpoint);
    assert.deepEqual([ben.drain(), unsolicited()], [[], 2]);
    ben.admission.receive(7, hello, ann.endpoint);
    assert.deepEqual([ben.drain(), unsolicited()], [[], 3]);
  });

  test('a verdict that comes again is no acknowledgement of the grant; every datagram has a nonce of its own', () => {
    const { ann, ben, wire } = pair(epochOf(4), undefined);
    wire.call(ann, ben);
    wire.run(6.5);
    assert.deepEqual(wire.steps().slice(5), ['done', 'grant']);
    wire.deliver(wire.log[5]);
    assert.deepEqual(ann.outcomes, []);
    wire.run();
    assert.deepEqual(ann.outcomes, ['gave']);
    const [verdict, acknowledgement] = wire.log.filter(({ bytes }) => stepOf(bytes) === 'done');
    assert.deepEqual([verdict.bytes[7], acknowledgement.bytes[7]], [0x80, 0x81]);
  });

  test('an answer that comes from elsewhere than was called is nobody', () => {
    const { ann, ben, wire } = pair(undefined, epochOf(4));
    wire.call(ann, ben);
    wire.run(1.5);
    const retry = wire.log[1];
    ann.admission.receive(2, retry.bytes, { ...ben.endpoint, port: 1 });
    assert.deepEqual([ann.drain(), ann.admission.counters.drops.unsolicited], [[], 1]);
  });

  test('repeats are bounded: whoever sends a hello again and again in another name makes nobody speak for ever', () => {
    const { ann, ben, wire } = pair(undefined, epochOf(4));
    wire.call(ann, ben);
    wire.run(3.5);
    const hello = wire.log[2];
    assert.equal(stepOf(hello.bytes), 'hello');
    for (let i = 0; i < 50; i++) ben.admission.receive(4, hello.bytes, ann.endpoint);
    assert.equal(ben.drain().length, 8);
    assert.equal(ben.admission.counters.drops['worn-out'], 42);
  });

  test('an endpoint where nobody answers is called for 15 s, ever less often', () => {
    const ann = new Host({ byte: 1 });
    const wire = new Wire([ann, new Host({ byte: 2 })], () => []);
    wire.call(ann, new Host({ byte: 2 }));
    wire.run();
    assert.deepEqual(ann.outcomes, ['timed-out']);
    assert.equal(wire.nowMs, 15_000);
    assert.ok(wire.log.length >= 5 && wire.log.length <= 8, `${wire.log.length} hellos`);
    assert.equal(ann.admission.gauges.calls, 0);
  });
});

describe('a call that a stranger provoked', () => {
  test('sends one hello, no longer than what provoked it, until its peer has answered', () => {
    const { ann, ben } = pair(undefined, epochOf(2));
    const silent = new Wire([ann, ben], () => []);
    assert.equal(silent.call(ann, ben, { provokedByBytes: 63 }), 'too-short');
    assert.equal(silent.call(ann, ben, { provokedByBytes: 64 }), 'calling');
    silent.run();
    assert.deepEqual(
      silent.log.map(({ bytes }) => bytes.length),
      [64],
    );
    assert.deepEqual(ann.outcomes, ['timed-out']);
    const wire = new Wire([ann, ben]);
    wire.nowMs = 60_000;
    wire.call(ann, ben, { provokedByBytes: 64 });
    wire.run();
    assert.deepEqual(ann.outcomes, ['timed-out', 'granted']);
  });
});

test('[P-14.8] an epoch that nobody vouches for is not taken, and the giver hears what this side has', () => {
  const ann = new Host({ byte: 1, epoch: epochOf(3), isWarranted: () => false });
  const ben = new Host({ byte: 2, epoch: epochOf(9) });
  const wire = new Wire([ann, ben]);
  ann.admission.call(0, ben.endpoint);
  wire.run();
  assert.equal(ann.epoch?.number, 3);
  assert.ok(!ann.types.includes('granted'));
  assert.ok(ann.admission.counters.drops.unwarranted >= 1);
});

test('no key or secret shows in events, whatever prints them', () => {
  const { ann, ben, wire } = pair(undefined, epochOf(0x5a));
  wire.call(ann, ben);
  wire.run();
  const secret = toHex(new Uint8Array(32).fill(0x5a));
  const shown = [ann.events, ben.events, ann.admission, ben.admission].flatMap((thing) => [
    inspect(thing, { depth: 8, showHidden: true }),
    JSON.stringify(thing),
    String(thing),
  ]);
  for (const text of shown) {
    assert.ok(!text.includes(secret.slice(0, 16)));
    assert.ok(!/(?:90, ){8}/.test(text.replace(/\s+/g, ' ')));
  }
});

test('an own credential that no datagram holds is refused at the start', () => {
  for (const length of [0, 1041])
    assert.throws(() => new Host({ byte: 1, credential: () => new Uint8Array(length) }), /1 to 1040 bytes/);
});
