import { decodeCbor } from '#runtime/wire/cbor.ts';
import { type FuzzTarget, promise, utf8 } from '../../../scripts/fuzz/contract.ts';

/** Faults as decoders could have them, for the fuzzer to find. What it is given holds none of them. */
const NAME_BYTES_MAX = 64;

/** Reads `[ id, name ]`, and takes a name of one byte too many. */
function readCard(bytes: Uint8Array): { readonly name: string } | undefined {
  const decoded = decodeCbor(bytes);
  if (!('value' in decoded) || !Array.isArray(decoded.value)) return undefined;
  const [id, name] = decoded.value as unknown[];
  if (!(id instanceof Uint8Array) || id.length !== 16 || typeof name !== 'string') return undefined;
  return utf8(name).length > NAME_BYTES_MAX + 1 ? undefined : { name };
}

export const offByOne: FuzzTarget = {
  name: 'off-by-one',
  about: 'a bound that is one too high',
  shape: 'cbor',
  bytesMax: 200,
  weight: 1,
  reaches: [],
  // [ 16 bytes, "a" ]
  seeds: () => [Uint8Array.of(0x82, 0x50, ...new Uint8Array(16), 0x61, 0x61)],
  prepare: () => (input) => {
    const card = readCard(input);
    if (card === undefined) return 'refused';
    promise(utf8(card.name).length <= NAME_BYTES_MAX, 'a name longer than any');
    return 'card';
  },
};

/** Fails only where five bytes are what they must be; each right one opens one more branch. */
export const behindFiveDoors: FuzzTarget = {
  name: 'behind-five-doors',
  about: 'a fault that nobody hits by chance',
  shape: 'bytes',
  bytesMax: 12,
  weight: 1,
  reaches: [],
  seeds: () => [new Uint8Array(10)],
  prepare: () => (input) => {
    let doors = 0;
    if (input[0] === 0x6b) {
      doors++;
      if (input[2] === 0x9e) {
        doors++;
        if (input[4] === 0x33) {
          doors++;
          if (input[6] === 0xd5) {
            doors++;
            if (input[8] === 0x71) throw new Error('all doors are open');
          }
        }
      }
    }
    // Told as one outcome: only coverage shows how far an input came.
    return doors < 0 ? 'impossible' : 'closed';
  },
};

/** Goes over items whose length the input states: of length 0 there is no end. */
export const endless: FuzzTarget = {
  name: 'endless',
  about: 'a loop that makes no step',
  shape: 'bytes',
  bytesMax: 40,
  weight: 1,
  reaches: [],
  seeds: () => [Uint8Array.of(4, 1, 1, 1, 6, 2, 2, 2, 2, 2)],
  prepare: () => (input) => {
    let at = 0;
    let count = 0;
    while (at < input.length) {
      count++;
      at += input[at];
    }
    return count > 1 ? 'several' : 'one';
  },
};

/** Makes room for as many items as the input says there are. */
export const greedy: FuzzTarget = {
  name: 'greedy',
  about: 'trust in a length',
  shape: 'bytes',
  bytesMax: 8,
  weight: 1,
  reaches: [],
  seeds: () => [Uint8Array.of(0, 0, 0, 3)],
  prepare: () => (input) => {
    const count = input.length < 4 ? 0 : new DataView(input.buffer, input.byteOffset).getUint32(0);
    const items: object[] = [];
    for (let i = 0; i < count; i++) items.push({ i });
    return items.length > 0 ? 'items' : 'none';
  },
};

const ALL: readonly FuzzTarget[] = [offByOne, behindFiveDoors, endless, greedy];

/** As the registry of the true targets has it. */
export async function loadTarget(name: string): Promise<FuzzTarget> {
  const target = ALL.find((each) => each.name === name);
  if (target === undefined) throw new Error(`no planted fault ${name}`);
  return target;
}
