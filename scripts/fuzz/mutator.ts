import { type RandomSource, randomBelow } from '#runtime/core/random.ts';
import { changes, mutateCbor, pick } from './cbor-mutator.ts';
import { type CborNode, parseTree } from './cbor-tree.ts';
import { type FuzzTarget, textOf, utf8 } from './contract.ts';
import { mutateText } from './text-mutator.ts';

/** Bytes at which encodings change their meaning: ends of ranges, CBOR headers, tags, floats, break. */
const TELLING = [
  0x00, 0x01, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1f, 0x3b, 0x40, 0x58, 0x5f, 0x60, 0x7f, 0x80, 0x9b, 0x9f, 0xa0,
  0xbf, 0xc0, 0xd8, 0xd9, 0xf4, 0xf6, 0xf7, 0xf9, 0xfa, 0xfb, 0xff,
];

/** How often a shape is respected; else its bytes are bent. */
const SHAPED_SHARE = 0.75;
const DONORS = 4;

type Mutation = (random: RandomSource, bytes: Uint8Array, corpus: readonly Uint8Array[]) => Uint8Array;

/** Changes of one byte, as against those of pieces. */
const BYTE_SHARE = 0.6;
const BYTE_MUTATIONS: readonly Mutation[] = [
  (random, bytes) => withByte(random, bytes, (old) => old ^ (1 << randomBelow(random, 8))),
  (random, bytes) => withByte(random, bytes, () => pick(random, TELLING)),
  (random, bytes) => withByte(random, bytes, () => randomBelow(random, 256)),
  (random, bytes) => withByte(random, bytes, (old) => old + 1 - 2 * randomBelow(random, 2)),
];

const PIECE_MUTATIONS: readonly Mutation[] = [
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
    const other = pick(random, corpus);
    const at = randomBelow(random, Math.min(bytes.length, other.length) + 1);
    return joined(bytes.subarray(0, at), other.subarray(at));
  },
];

/** Makes new inputs of a target's kept ones. */
export class Mutator {
  readonly #target: FuzzTarget;
  readonly #words: readonly Uint8Array[];
  readonly #texts: readonly string[];

  constructor(target: FuzzTarget) {
    const { words = [] } = target;
    this.#target = target;
    this.#words = words.map((word) => (typeof word === 'string' ? utf8(word) : word));
    this.#texts = words.flatMap((word) => (typeof word === 'string' ? [word] : []));
  }

  /** One of the corpus changed, at most as long as the target takes. */
  mutate(random: RandomSource, parent: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
    const { bytesMax, prefixBytes = 0 } = this.#target;
    const prefix = parent.slice(0, prefixBytes);
    for (let i = 0; i < prefix.length; i++) if (random.next() < 0.2) prefix[i] = randomBelow(random, 256);
    const rest = this.#mutateRest(random, parent.subarray(prefixBytes), corpus);
    const mutated = prefixBytes === 0 ? rest : joined(prefix, rest);
    return mutated.length > bytesMax ? mutated.slice(0, bytesMax) : mutated;
  }

  #mutateRest(random: RandomSource, rest: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
    const { shape, bytesMax } = this.#target;
    if (random.next() < SHAPED_SHARE) {
      if (shape === 'text') {
        const donors = [textOf(this.#donor(random, corpus))];
        return utf8(mutateText(random, textOf(rest), { words: this.#texts, donors }).slice(0, bytesMax));
      }
      if (shape === 'cbor') {
        const donors: CborNode[] = [];
        for (let i = 0; i < DONORS; i++) {
          const tree = parseTree(this.#donor(random, corpus));
          if (tree !== undefined) donors.push(tree);
        }
        const mutated = mutateCbor(random, rest, { donors, bytesMax });
        if (mutated !== undefined) return mutated;
      }
    }
    return this.#mutateBytes(random, rest, corpus);
  }

  #mutateBytes(random: RandomSource, rest: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
    let bytes: Uint8Array = rest.slice();
    for (let i = changes(random); i > 0; i--)
      bytes =
        this.#words.length > 0 && random.next() < 0.2
          ? withWord(random, bytes, pick(random, this.#words))
          : pick(random, random.next() < BYTE_SHARE ? BYTE_MUTATIONS : PIECE_MUTATIONS)(
              random,
              bytes,
              corpus,
            );
    return bytes;
  }

  #donor(random: RandomSource, corpus: readonly Uint8Array[]): Uint8Array {
    return pick(random, corpus).subarray(this.#target.prefixBytes ?? 0);
  }
}

function withWord(random: RandomSource, bytes: Uint8Array, word: Uint8Array): Uint8Array {
  const at = randomBelow(random, bytes.length + 1);
  const over = random.next() < 0.5 ? 0 : word.length;
  return joined(bytes.subarray(0, at), word, bytes.subarray(at + over));
}

function withByte(random: RandomSource, bytes: Uint8Array, change: (old: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const copy = bytes.slice();
  const at = randomBelow(random, copy.length);
  copy[at] = change(copy[at]);
  return copy;
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
