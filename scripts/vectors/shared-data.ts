import { fromHex, toHex } from '#runtime/core/ids.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { valueToJson } from '#runtime/core/value-json.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { crdtType } from '#runtime/data/crdt/crdt-key.ts';
import type { CrdtTypeName } from '#runtime/data/crdt/type-names.ts';
import { joinAll } from '#runtime/data/crdt/value-order.ts';
import { encodeValue } from '#runtime/wire/cbor.ts';
import type { SharedDataVectors } from './shape.ts';

const [A, B] = ['34750f98bd59fcfc946da45aaabe933b', '6a3803d5f059902a1c6dafbc9ba47292'];
const [ID_A, ID_B] = [A, B].map((id) => fromHex(id));
/** Lives: of boot 3, 4 and so on, with made-up random bits. */
const LIFE = (boot: number) => makeVersion(boot, 0x9abcdef0);
const WALL = 1_700_000_000_000;

/** Slots that are joined, and slots that are none, of section 16. */
export function sharedDataVectors(): SharedDataVectors {
  return {
    joins: JOINS.map(([name, type, slots]) => joinVector(name, type, slots)),
    invalid: invalidVectors(),
  };
}

const JOINS: readonly (readonly [string, CrdtTypeName, readonly AppValue[]])[] = [
  [
    'two nodes, one of them in two lives',
    'gcounter',
    [
      [[ID_A, LIFE(3), 5, 0]],
      [
        [ID_B, LIFE(3), 2, 0],
        [ID_A, LIFE(4), 1, 0],
        [ID_A, LIFE(3), 4, 0],
      ],
    ],
  ],
  [
    'a folded row outdoes those that it stands for',
    'gcounter',
    [
      [[ID_A, LIFE(3), 5, 0]],
      [
        [ID_A, LIFE(4), 9, 0, true],
        [ID_A, LIFE(5), 1, 0],
      ],
    ],
  ],
  [
    'of two folded rows the one of the later life counts',
    'gcounter',
    [[[ID_A, LIFE(3), 9, 0, true]], [[ID_A, LIFE(4), 7, 0, true]]],
  ],
  [
    'up and down, beyond 2^53',
    'pncounter',
    [[[ID_A, LIFE(3), 2 ** 53 - 1, 3]], [[ID_B, LIFE(3), 2 ** 53 - 1, 0]]],
  ],
  ['more elements in a row than are known', 'pncounter', [[[ID_A, LIFE(3), 1, 2, false, 'later']]]],
  [
    'a row twice',
    'pncounter',
    [
      [
        [ID_A, LIFE(3), 1, 2],
        [ID_A, LIFE(3), 2, 1],
      ],
    ],
  ],
  ['the highest', 'max', [-1, 2.5, 2]],
  ['the lowest', 'min', [-0, 1]],
  [
    'the higher lamport',
    'lww',
    [
      [2, ID_A, LIFE(3), WALL, 'new'],
      [1, ID_B, LIFE(9), WALL + 1, 'old'],
    ],
  ],
  [
    'the higher id at the same lamport',
    'lww',
    [
      [2, ID_A, LIFE(9), WALL, 'a'],
      [2, ID_B, LIFE(3), 0, 'b'],
    ],
  ],
  [
    'one stamp, two values',
    'lww',
    [
      [2, ID_A, LIFE(3), WALL, 'b'],
      [2, ID_A, LIFE(3), WALL, 'aa'],
    ],
  ],
  [
    'union, in the order of encodings',
    'gset',
    [
      ['b', 1, { b: 1, a: 2 }],
      ['aa', 'b', 1.5, { a: 2, b: 1 }, -1, null],
    ],
  ],
  [
    'values set at the same time',
    'mv',
    [
      [[], [[ID_A, LIFE(3), 1]], [[0, 1, 'x']]],
      [[], [[ID_B, LIFE(3), 1]], [[0, 1, 'y']]],
    ],
  ],
  [
    "a removal of another node's element",
    'orset',
    [
      [
        [],
        [[ID_A, LIFE(3), 2]],
        [
          [0, 1, 'x'],
          [0, 2, 'y'],
        ],
      ],
      [[], [[ID_A, LIFE(3), 0, 2]], []],
    ],
  ],
  [
    'adding wins over a removal that had not seen it',
    'orset',
    [
      [[], [[ID_A, LIFE(3), 2]], [[0, 2, 'x']]],
      [[], [[ID_A, LIFE(3), 1]], []],
    ],
  ],
  [
    'numbers that are known apart become known in a row',
    'orset',
    [
      [[], [[ID_A, LIFE(3), 1, 4]], []],
      [[], [[ID_A, LIFE(3), 0, 2, 3, 7]], []],
    ],
  ],
  [
    "what isn't listed below the floor is gone",
    'orset',
    [
      [
        [[ID_A, LIFE(5)]],
        [
          [ID_A, LIFE(3), 0],
          [ID_A, LIFE(5), 1],
        ],
        [
          [0, 2, 'kept'],
          [1, 1, 'z'],
        ],
      ],
      [
        [],
        [
          [ID_A, LIFE(3), 3],
          [ID_A, LIFE(4), 1],
        ],
        [
          [0, 1, 'gone'],
          [0, 2, 'kept'],
          [1, 1, 'gone, too'],
        ],
      ],
    ],
  ],
  [
    'one write with two contents',
    'orset',
    [
      [[], [[ID_A, LIFE(3), 1]], [[0, 1, 'a']]],
      [[], [[ID_A, LIFE(3), 1]], [[0, 1, 'b']]],
    ],
  ],
  [
    'keys with values set at the same time',
    'ormap',
    [
      [
        [],
        [[ID_A, LIFE(3), 2]],
        [
          [0, 1, 'k', 1],
          [0, 2, 'l', [1]],
        ],
      ],
      [[], [[ID_B, LIFE(3), 1]], [[0, 1, 'k', 2]]],
    ],
  ],
  [
    'the last write of each key, and a removal',
    'lwwmap',
    [
      [
        [],
        [[ID_A, LIFE(3), 3]],
        [
          [0, 1, 'k', 1, WALL, 1, 'old'],
          [0, 2, 'l', 2, WALL, 1, 5],
          [0, 3, 'm', 9, WALL, 1, 6],
        ],
      ],
      [
        [],
        [[ID_B, LIFE(3), 2]],
        [
          [0, 1, 'k', 3, 0, 1, 'new'],
          [0, 2, 'l', 4, 0, 0],
        ],
      ],
    ],
  ],
];

function joinVector(
  name: string,
  type: CrdtTypeName,
  slots: readonly AppValue[],
): SharedDataVectors['joins'][number] {
  const lattice = crdtType(type);
  const states = slots.map((slot) => {
    const state = lattice.decode(slot);
    if (typeof state === 'string') throw new Error(`${name}: ${state}`);
    return state;
  });
  const joined = joinAll(lattice, states);
  return {
    name,
    type,
    slots: slots.map(hexOf),
    joined: hexOf(lattice.encode(joined)),
    value: valueToJson(lattice.value(joined)),
  };
}

function invalidVectors(): SharedDataVectors['invalid'] {
  const life = [ID_A, LIFE(3), 2];
  const cases: [string, CrdtTypeName, AppValue][] = [
    ['no list', 'gcounter', 5],
    ['a gcounter that counts down', 'gcounter', [[ID_A, LIFE(3), 1, 1]]],
    ['a negative count', 'pncounter', [[ID_A, LIFE(3), -1, 0]]],
    ['a count of 2^53', 'pncounter', [[ID_A, LIFE(3), 2n ** 53n, 0]]],
    ['an id of 15 bytes', 'gcounter', [[ID_A.slice(1), LIFE(3), 1, 0]]],
    ['life 0', 'gcounter', [[ID_A, 0, 1, 0]]],
    ['a life of 2^52', 'gcounter', [[ID_A, 2 ** 52, 1, 0]]],
    ['an integer that floats round', 'max', 2n ** 60n],
    ['text', 'min', '1'],
    ['lamport 0', 'lww', [0, ID_A, LIFE(3), 0, 1]],
    ['a lamport above 2^48', 'lww', [2 ** 48 + 1, ID_A, LIFE(3), 0, 1]],
    ['no value', 'lww', [1, ID_A, LIFE(3), 0]],
    ['a value that nests 5 deep', 'lww', [1, ID_A, LIFE(3), 0, [[[[[]]]]]]],
    ['a map', 'gset', { a: 1 }],
    ['two lists only', 'orset', [[], []]],
    ["a row of a life that isn't there", 'orset', [[], [life], [[1, 1, 'x']]]],
    ['an entry that is not known', 'orset', [[], [life], [[0, 3, 'x']]]],
    [
      'an entry twice',
      'orset',
      [
        [],
        [life],
        [
          [0, 1, 'x'],
          [0, 1, 'x'],
        ],
      ],
    ],
    ['a life twice', 'orset', [[], [life, life], []]],
    [
      'a floor twice',
      'orset',
      [
        [
          [ID_A, 5],
          [ID_A, 6],
        ],
        [],
        [],
      ],
    ],
    ['number 0', 'mv', [[], [life], [[0, 0, 'x']]]],
    ['a number of 2^32', 'mv', [[], [[ID_A, LIFE(3), 2 ** 32]], []]],
    ['no value in an entry', 'mv', [[], [life], [[0, 1]]]],
    ['an empty key', 'ormap', [[], [life], [[0, 1, '', 1]]]],
    ['a key of 129 bytes', 'ormap', [[], [life], [[0, 1, 'k'.repeat(129), 1]]]],
    ['a key that is no text', 'ormap', [[], [life], [[0, 1, 1, 1]]]],
    ['neither set nor removed', 'lwwmap', [[], [life], [[0, 1, 'k', 1, 0, 2]]]],
    ['set to nothing', 'lwwmap', [[], [life], [[0, 1, 'k', 1, 0, 1]]]],
  ];
  return cases.map(([name, type, slot]) => ({ name, type, slot: hexOf(slot) }));
}

function hexOf(value: AppValue): string {
  return toHex(encodeValue(value));
}
