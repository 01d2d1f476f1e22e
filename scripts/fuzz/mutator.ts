import { type RandomSource, randomBelow } from '#runtime/core/random.ts';

/** Bytes at which encodings change their meaning: ends of ranges, CBOR headers, tags, floats, break. */
const TELLING = [
  0x00, 0x01, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1f, 0x3b, 0x40, 0x58, 0x5f, 0x60, 0x7f, 0x80, 0x9b, 0x9f, 0xa0,
  0xbf, 0xc0, 0xd8, 0xd9, 0xf4, 0xf6, 0xf7, 0xf9, 0xfa, 0xfb, 0xff,
];

type Mutation = (random: RandomSource, bytes: Uint8Array, corpus: readonly Uint8Array[]) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  (random, bytes) => withByte(random, bytes, (old) => old ^ (1 << randomBelow(random, 8))),
  (random, bytes) => withByte(random, bytes, () => TELLING[randomBelow(random, TELLING.length)]),
  (random, bytes) => withByte(random, bytes, () => randomBelow(random, 256)),
  (random, bytes) => bytes.slice(0, randomBelow(random, bytes.length + 1)),
  (random, bytes) => bytes.slice(randomBelow(random, bytes.length + 1)),
  function insert(random, bytes) {
    const at = randomBelow(random, bytes.length + 1);
    return joined(bytes.subarray(0, at), random.bytes(1 + randomBelow(random, 8)), bytes.subarray(at));
  },
  function remove(random, bytes) {
    const at = randomBelow(random, bytes.length + 1);
    return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + randomBelow(random, 8)));
  },
  function repeat(random, bytes) {
    const at = randomBelow(random, bytes.length + 1);
    const piece = bytes.subarray(at, at + 1 + randomBelow(random, 40));
    return joined(
      bytes.subarray(0, at),
      ...Array<Uint8Array>(randomBelow(random, 20)).fill(piece),
      bytes.subarray(at),
    );
  },
  function splice(random, bytes, corpus) {
    const other = corpus[randomBelow(random, corpus.length)];
    const at = randomBelow(random, Math.min(bytes.length, other.length) + 1);
    return joined(bytes.subarray(0, at), other.subarray(at));
  },
];

/** One of the corpus with one to four things changed; at most 4096 bytes. */
export function mutate(random: RandomSource, corpus: readonly Uint8Array[]): Uint8Array {
  let bytes: Uint8Array = corpus[randomBelow(random, corpus.length)].slice();
  for (let i = randomBelow(random, 4); i >= 0; i--)
    bytes = MUTATIONS[randomBelow(random, MUTATIONS.length)](random, bytes, corpus);
  return bytes.slice(0, 4_096);
}

function withByte(random: RandomSource, bytes: Uint8Array, change: (old: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const copy = bytes.slice();
  const at = randomBelow(random, copy.length);
  copy[at] = change(copy[at]);
  return copy;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
