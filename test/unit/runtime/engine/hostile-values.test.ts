import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LARGE_VALUE_BYTES_MAX } from '#runtime/core/limits.ts';
import { type EngineSettings, settingsOf } from '#runtime/engine/settings.ts';
import { encodeValue } from '#runtime/wire/cbor.ts';
import type { Message, ValuePart, ValueWant } from '#runtime/wire/message.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';
import { provider } from '../../../support/wire.ts';

const TEXT = 'plan '.repeat(600);
const BYTES = encodeValue(TEXT);
const HASH = provider.sha256(BYTES);

/** A node, and a member that told it of a record whose value travels apart. */
function scene(large = { length: BYTES.length, hash: HASH }) {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  liar.introduce(ann);
  pump.run(100);
  const before = pump.mail.length;
  const block = liar.block({ key: 'plan', value: null, large });
  liar.tell(ann, { type: 'blocks', blocks: [{ ...block, from: 0 }] });
  pump.run(20);
  /** What it was asked for since. */
  const questions: Message[] = [];
  const asked = () => {
    // Each is opened once: a second time it would be a replay.
    const mail = pump.mail.splice(before).filter(({ from }) => from === ann);
    questions.push(...liar.read(mail).filter((each) => each.type === 'value-want'));
    return questions;
  };
  return { pump, ann, ben, liar, asked };
}

function part(index: number, bytes: Uint8Array = BYTES, hash = HASH): ValuePart {
  return { type: 'value-part', hash, part: index, bytes: bytes.slice(1_024 * index, 1_024 * (index + 1)) };
}

function seen({ pump, ann, liar }: ReturnType<typeof scene>) {
  return pump.read(ann, liar.id, 'plan')?.value;
}

test('whoever told of a record is asked for its value, which is seen once all of it is there', () => {
  const at = scene();
  assert.deepEqual(at.asked(), [{ type: 'value-want', hash: HASH, parts: 0b111 } satisfies ValueWant]);
  for (const index of [2, 0]) at.liar.tell(at.ann, part(index));
  assert.equal(seen(at), undefined);
  at.liar.tell(at.ann, part(1));
  assert.equal(seen(at), TEXT);
});

test('parts that together have another hash are dropped, and nobody sees them', () => {
  const at = scene();
  for (const index of [0, 1, 2])
    at.liar.tell(
      at.ann,
      part(
        index,
        BYTES.map((byte) => byte ^ 1),
      ),
    );
  assert.equal(at.ann.engine.counters.drops['bad-value'], 1);
  assert.equal(seen(at), undefined);
  const { length } = at.asked();
  at.pump.run(30_000);
  assert.equal(seen(at), undefined);
  // Not asked again so soon.
  assert.equal(at.asked().length, length);
});

test('one wrong part among right ones of others is outdone by who has all of it', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  liar.introduce(ann);
  let isCut = true;
  pump.drop = () => isCut;
  pump.mutate(ben, (engine, nowMs) => engine.put(nowMs, 'plan', TEXT));
  liar.tell(ann, { type: 'blocks', blocks: [ben.engine.blockOf(pump.nowMs, ben.id)!] });
  pump.run(20);
  liar.tell(
    ann,
    part(
      0,
      BYTES.map((byte) => byte ^ 1),
    ),
  );
  isCut = false;
  pump.until(() => pump.read(ann, ben.id, 'plan')?.value === TEXT, 20_000, 'the value');
  // Of the two that gave parts nobody can say which one lied.
  assert.equal(ann.engine.counters.drops['bad-value'], 1);
});

test('a part of a wrong length, or one that there is not, is counted', () => {
  for (const message of [part(1, BYTES.slice(0, 1_500)), { ...part(0), part: 9 }]) {
    const at = scene();
    at.liar.tell(at.ann, message);
    assert.equal(at.ann.engine.counters.drops['bad-value'], 1);
  }
});

test('parts that nobody asked for are dropped', () => {
  const at = scene();
  const other = new LyingPeer(at.pump, { id: '98'.repeat(16), last: 8, seed: 5 });
  other.introduce(at.ann);
  other.tell(at.ann, part(0));
  at.liar.tell(at.ann, part(0, BYTES, new Uint8Array(32)));
  assert.equal(at.ann.engine.counters.drops.unsolicited, 2);
});

test('a value whose hash is right and that is no application value is never seen', () => {
  const bytes = Uint8Array.of(0xc0, 0x61, 0x61, 0xff);
  const hash = provider.sha256(bytes);
  const at = scene({ length: bytes.length, hash });
  at.liar.tell(at.ann, part(0, bytes, hash));
  assert.equal(at.ann.engine.counters.drops.malformed, 1);
  const { length } = at.asked();
  at.pump.run(60_000);
  assert.equal(seen(at), undefined);
  assert.equal(at.asked().length, length);
  assert.equal(at.ann.engine.gauges().fetches, 0);
});

test('a lie about the length of a value does not stand in the way of the true record', () => {
  const at = scene({ length: LARGE_VALUE_BYTES_MAX, hash: HASH });
  const block = at.liar.block({ key: 'true', value: null, large: { length: BYTES.length, hash: HASH } });
  at.liar.tell(at.ann, { type: 'blocks', blocks: [{ ...block, from: 0 }] });
  const answer = (message: Message) => {
    if (message.type === 'value-want' && message.parts < 2 ** 3)
      for (const index of [0, 1, 2]) at.liar.tell(at.ann, part(index));
    else if (message.type === 'value-want') at.liar.tell(at.ann, { ...part(0), bytes: new Uint8Array(0) });
  };
  for (let i = 0; i < 300 && at.pump.read(at.ann, at.liar.id, 'true') === undefined; i++) {
    const before = at.asked().length;
    at.pump.run(100);
    for (const message of at.asked().slice(before)) answer(message);
  }
  assert.equal(at.pump.read(at.ann, at.liar.id, 'true')?.value, TEXT);
  assert.equal(seen(at), undefined);
});

/** Made-up owners whose records name so many values that nobody has, told to a node; with the questions that it gets for them. */
function lieOfValues(
  count: number,
  {
    owners = 1,
    settings = {},
  }: { readonly owners?: number; readonly settings?: Partial<EngineSettings> } = {},
) {
  const pump = new EnginePump({ settings });
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  liar.introduce(ann);
  for (let made = 0; made < owners; made++)
    for (let i = 0; i < count; i++) {
      const large = { length: 1, hash: provider.sha256(Uint8Array.of(made, i >> 8, i)) };
      const owner = made === 0 ? liar.id : `7${made.toString(16)}`.repeat(16);
      const block = liar.block({ key: `k${i}`, value: null, large }, { owner });
      liar.tell(ann, { type: 'blocks', blocks: [{ ...block, from: 0 }] });
    }
  return { pump, ann, ben, liar };
}

test('values that nobody has take a bounded number of fetches, and questions become rare', () => {
  const { pump, ann } = lieOfValues(1_100);
  const { fetches, missing } = ann.engine.gauges();
  assert.ok(fetches <= 4, `${fetches} fetches for one owner`);
  assert.equal(missing, 1_100);
  const sentIn = (ms: number) => {
    const before = ann.sent.length;
    pump.run(ms);
    return ann.sent.length - before;
  };
  sentIn(60_000);
  const rate = sentIn(60_000) / 60;
  // Two a second for the values, and what a cluster of two says anyway.
  assert.ok(rate < 8, `${rate} datagrams a second`);
});

test('values of one owner that nobody has do not keep those of others from coming', () => {
  const { pump, ann, ben } = lieOfValues(1_100);
  pump.run(30_000);
  for (let i = 0; i < 3; i++) {
    pump.mutate(ben, (engine, nowMs) => engine.put(nowMs, 'plan', `${i}${TEXT}`));
    pump.until(() => pump.read(ann, ben.id, 'plan')?.value === `${i}${TEXT}`, 2_000, `the value ${i}`);
  }
});

for (const [link, settings, owners] of [
  ['', {}, 6],
  [' on a metered link', settingsOf('metered'), 4],
] as const)
  test(`values of several made-up owners that nobody has do not keep those of others from coming${link}`, () => {
    const { pump, ann, ben } = lieOfValues(100, { owners, settings });
    pump.run(30_000);
    const { fetches } = ann.engine.gauges();
    assert.ok(fetches >= 2, `${fetches} fetches: not all places are taken`);
    for (let i = 0; i < 5; i++) {
      pump.mutate(ben, (engine, nowMs) => engine.put(nowMs, 'plan', `${i}${TEXT}`));
      pump.until(() => pump.read(ann, ben.id, 'plan')?.value === `${i}${TEXT}`, 45_000, `the value ${i}`);
    }
  });

test('who is the first to name a hash, with a false length, does not keep out the true one', () => {
  const at = scene({ length: LARGE_VALUE_BYTES_MAX, hash: HASH });
  at.pump.mutate(at.ben, (engine, nowMs) => engine.put(nowMs, 'plan', TEXT));
  // A part of the right size now and then keeps its own fetch going.
  let turn = 0;
  const seenByAnn = () => at.pump.read(at.ann, at.ben.id, 'plan')?.value;
  for (; turn < 15 && seenByAnn() === undefined; turn++) {
    at.liar.tell(at.ann, { ...part(0), part: turn, bytes: new Uint8Array(1_024) });
    at.pump.run(1_300);
  }
  assert.equal(seenByAnn(), TEXT);
  assert.ok(turn <= 3, `after ${turn} turns`);
});

test('a value that nobody has rests longer each time, also where its record is put again', () => {
  const at = scene();
  const large = { length: BYTES.length, hash: HASH };
  for (let i = 0; i < 30; i++) {
    at.pump.run(1_000);
    const block = at.liar.block({ key: 'plan', value: null, large });
    at.liar.tell(at.ann, { type: 'blocks', blocks: [{ ...block, from: 0 }] });
  }
  const before = at.asked().length;
  at.pump.run(60_000);
  assert.ok(at.asked().length - before <= 12, `${at.asked().length - before} questions in a minute`);
});

test('whoever sends a part now and then does not keep others from being asked', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  liar.introduce(ann);
  let isCut = true;
  pump.drop = () => isCut;
  pump.mutate(ben, (engine, nowMs) => engine.put(nowMs, 'plan', TEXT));
  liar.tell(ann, { type: 'blocks', blocks: [ben.engine.blockOf(pump.nowMs, ben.id)!] });
  pump.run(20);
  isCut = false;
  const before = ann.sent.length;
  for (let i = 0; i < 40 && pump.read(ann, ben.id, 'plan') === undefined; i++) {
    for (let times = 0; times < 3; times++) liar.tell(ann, part(2));
    pump.run(500);
  }
  assert.equal(pump.read(ann, ben.id, 'plan')?.value, TEXT);
  // It draws no more questions with it either.
  assert.ok(ann.sent.length - before < 60, `${ann.sent.length - before} datagrams`);
});

test('on a metered link questions are few, and are charged to what may be asked for', () => {
  const pump = new EnginePump({ settings: settingsOf('metered') });
  const node = pump.add();
  const liar = new LyingPeer(pump);
  liar.introduce(node);
  for (let i = 0; i < 100; i++) {
    const hash = provider.sha256(Uint8Array.of(i));
    const block = liar.block({ key: `k${i}`, value: null, large: { length: 300, hash } });
    liar.tell(node, { type: 'blocks', blocks: [{ ...block, from: 0 }] });
    assert.ok(node.engine.gauges().fetches <= 2);
  }
  const before = pump.mail.length;
  pump.run(10_000);
  const questions = liar.read(pump.mail.slice(before)).filter(({ type }) => type === 'value-want');
  // What may be asked in vain at once, and two a second; never more than a burst of what the link has for it.
  assert.ok(questions.length > 0 && questions.length <= 44, `${questions.length} questions in 10 s`);
});

test('who has not shown where it is gets no parts, and no more than it sent', () => {
  const pump = new EnginePump();
  const ann: PumpNode = pump.add();
  pump.mutate(ann, (engine, nowMs) => engine.put(nowMs, 'plan', TEXT));
  const liar = new LyingPeer(pump);
  const question = liar.seal(ann, [{ type: 'value-want', hash: HASH, parts: 7 }]);
  const sent = pump.deliver(ann, question, liar.path);
  const bytes = sent.reduce((sum, each) => sum + each.bytes.length, 0);
  assert.ok(bytes <= question.length);
  // It was asked for a proof just now, and isn't again so soon.
  pump.run(1_000);
  liar.introduce(ann);
  const before = pump.mail.length;
  liar.tell(ann, { type: 'value-want', hash: HASH, parts: 7 });
  const parts = liar.read(pump.mail.slice(before));
  assert.deepEqual(
    parts.filter((each) => each.type === 'value-part').map((each) => each.part),
    [0, 1, 2],
  );
});

test('of a value that is not here the answer is a part without bytes', () => {
  const at = scene();
  const before = at.pump.mail.length;
  at.liar.tell(at.ann, { type: 'value-want', hash: new Uint8Array(32), parts: 0xffff });
  const parts = at.liar.read(at.pump.mail.slice(before));
  assert.deepEqual(
    parts.filter((each) => each.type === 'value-part').map((each) => each.bytes.length),
    [0],
  );
});
