import type { ValidCbor } from './shape.ts';

/** What just keeps a bound of [P-4.1]: a receiver must take it. */
export const VALID_CBOR: readonly ValidCbor[] = [
  { rule: 'a scalar within eight arrays', bytes: `${'81'.repeat(8)}00` },
  { rule: 'eight maps around each other', bytes: `${'a100'.repeat(7)}a0` },
  { rule: '4096 items', bytes: `990fff${'00'.repeat(4_095)}` },
  { rule: 'the largest and the smallest integer', bytes: '821bffffffffffffffff3bffffffffffffffff' },
  { rule: 'floats of 16, 32 and 64 bits', bytes: '83f93c00fa3f800000fb3ff0000000000000' },
  { rule: 'a byte order mark within text', bytes: '6461efbbbf' },
  { rule: 'keys of both types', bytes: 'a20000613000' },
  { rule: 'empty text, bytes, array and map', bytes: '84604080a0' },
];
