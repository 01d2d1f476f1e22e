import { type RandomSource, randomBelow } from '#runtime/core/random.ts';
import { type CborNode, cloneTree, nodesOf, parseTree, writeTree } from './cbor-tree.ts';

/** Integers around which checks turn: ends of widths, of boots, sequences and versions, of what a number can hold. */
const INTEGERS: readonly bigint[] = [
  0n,
  1n,
  2n,
  7n,
  8n,
  9n,
  15n,
  16n,
  17n,
  23n,
  24n,
  31n,
  32n,
  33n,
  63n,
  64n,
  65n,
  127n,
  128n,
  129n,
  255n,
  256n,
  900n,
  901n,
  1_000n,
  65_535n,
  65_536n,
  2n ** 20n - 1n,
  2n ** 20n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 32n + 1n,
  2n ** 51n,
  2n ** 52n - 1n,
  2n ** 52n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  366n * 86_400_000n,
  366n * 86_400_000n + 1n,
  3_600_000n,
  4_096n,
  4_097n,
];

/** 0, -0, 1, 1.5, -1, the largest, the smallest, infinity, NaN as 64 bits. */
const FLOATS: readonly bigint[] = [
  0n,
  1n << 63n,
  0x3ff0n << 48n,
  0x3ff8n << 48n,
  0xbff0n << 48n,
  0x7fef_ffff_ffff_ffffn,
  1n,
  0x7ff0n << 48n,
  0x7ff8n << 48n,
  0x4340n << 48n,
  0x41f0n << 48n,
];

/** Lengths, as there are limits of; each with the one behind it. */
const LENGTHS: readonly number[] = [
  0, 4, 8, 12, 15, 16, 23, 24, 31, 32, 33, 48, 63, 64, 96, 127, 128, 255, 256, 512, 899, 900,
];

type TreeMutation = (random: RandomSource, node: CborNode, donors: readonly CborNode[]) => void;

const MUTATIONS: readonly TreeMutation[] = [
  function scalar(random, node) {
    become(node, anyScalar(random));
  },
  function nudge(random, node) {
    if (node.items !== undefined || node.bytes !== undefined) return;
    const by = BigInt(1 + randomBelow(random, 3)) * (random.next() < 0.5 ? -1n : 1n);
    node.argument = (node.argument + by) & (2n ** 64n - 1n);
  },
  function graft(random, node, donors) {
    become(node, cloneTree(pick(random, nodesOf(pick(random, donors)))));
  },
  function remove(random, { items, major }) {
    if (items === undefined || items.length === 0) return;
    if (major === 5) items.splice(2 * randomBelow(random, items.length >> 1), 2);
    else items.splice(randomBelow(random, items.length), 1);
  },
  function double(random, { items, major }) {
    if (items === undefined || items.length === 0) return;
    const times = random.next() < 0.9 ? 1 : 1 + randomBelow(random, 40);
    const step = major === 5 ? 2 : 1;
    const at = step * randomBelow(random, Math.max(1, Math.floor(items.length / step)));
    const copies = Array.from({ length: times }, () => items.slice(at, at + step).map(cloneTree)).flat();
    items.splice(at, 0, ...copies);
  },
  function insert(random, { items, major }, donors) {
    if (items === undefined) return;
    const make = () =>
      random.next() < 0.5 ? anyScalar(random) : cloneTree(pick(random, nodesOf(pick(random, donors))));
    if (major === 5) items.push(make(), make());
    else items.splice(randomBelow(random, items.length + 1), 0, make());
  },
  function swap(random, { items }) {
    if (items === undefined || items.length < 2) return;
    const [i, j] = [randomBelow(random, items.length), randomBelow(random, items.length)];
    [items[i], items[j]] = [items[j], items[i]];
  },
  function resize(random, node) {
    if (node.bytes === undefined) return;
    const bytes = node.inner === undefined ? node.bytes : writeTree(node.inner, 4_096);
    const length =
      random.next() < 0.5
        ? bytes.length + randomBelow(random, 5) - 2
        : pick(random, LENGTHS) + randomBelow(random, 2);
    const resized = new Uint8Array(Math.max(0, length)).fill(random.next() < 0.5 ? 0 : 0x61);
    resized.set(bytes.subarray(0, resized.length));
    node.bytes = resized;
    delete node.inner;
  },
  function spoil(random, node) {
    if (node.bytes === undefined || node.bytes.length === 0) return;
    if (node.inner !== undefined) node.bytes = writeTree(node.inner, 4_096);
    node.bytes[randomBelow(random, node.bytes.length)] = randomBelow(random, 256);
    delete node.inner;
  },
  function nest(random, node) {
    let inside = cloneTree(node);
    for (let i = 1 + randomBelow(random, random.next() < 0.8 ? 2 : 12); i > 0; i--)
      inside = random.next() < 0.7 ? array([inside]) : { major: 5, argument: 0n, items: [text('a'), inside] };
    become(node, inside);
  },
  function tag(random, node) {
    become(node, { major: 6, argument: BigInt(randomBelow(random, 64)), items: [cloneTree(node)] });
  },
  function form(random, node) {
    node.form = pick(random, ['wide', 'indefinite', 'wrong-length'] as const);
  },
];

/**
 * Bends CBOR as what it means: changes to its tree, in byte strings that hold CBOR too.
 * @param donors trees of other inputs. @returns undefined where the bytes are no CBOR.
 */
export function mutateCbor(
  random: RandomSource,
  bytes: Uint8Array,
  { donors, bytesMax }: { readonly donors: readonly CborNode[]; readonly bytesMax: number },
): Uint8Array | undefined {
  const root = parseTree(bytes);
  if (root === undefined) return undefined;
  for (let i = changes(random); i > 0; i--)
    pick(random, MUTATIONS)(random, pick(random, nodesOf(root)), donors.length > 0 ? donors : [root]);
  return writeTree(root, bytesMax);
}

function anyScalar(random: RandomSource): CborNode {
  switch (randomBelow(random, 6)) {
    case 0:
      return { major: 7, argument: BigInt(20 + randomBelow(random, 4)) };
    case 1:
      return { major: 7, argument: pick(random, FLOATS), floatBytes: 8 };
    case 2:
      return {
        major: 2,
        argument: 0n,
        bytes: random.bytes(pick(random, [0, 1, 4, 8, 12, 16, 24, 32, 48, 64])),
      };
    case 3:
      return text(
        pick(random, [
          '',
          'a',
          'node',
          'accuse/0',
          'sys/cert',
          'sys/key/',
          '__proto__',
          '\u0000',
          '\ufeff',
          'é',
        ]),
      );
    case 4:
      return { major: 1, argument: pick(random, INTEGERS) };
    default:
      return { major: 0, argument: pick(random, INTEGERS) };
  }
}

function text(value: string): CborNode {
  return { major: 3, argument: 0n, bytes: new TextEncoder().encode(value) };
}

function array(items: CborNode[]): CborNode {
  return { major: 4, argument: 0n, items };
}

/** Turns a node into another in its place. */
function become(node: CborNode, other: CborNode): void {
  for (const key of ['bytes', 'items', 'inner', 'form', 'floatBytes'] as const) delete node[key];
  Object.assign(node, other);
}

export function pick<T>(random: RandomSource, items: readonly T[]): T {
  return items[randomBelow(random, items.length)];
}

/** How many changes an input gets: mostly one, so that what it has reached stays reached. */
export function changes(random: RandomSource): number {
  let count = 1;
  while (count < 6 && random.next() < 0.45) count++;
  return count;
}
