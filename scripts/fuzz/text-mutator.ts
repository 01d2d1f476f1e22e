import { type RandomSource, randomBelow } from '#runtime/core/random.ts';
import { changes, pick } from './cbor-mutator.ts';

/** What readers of text trip over: numbers at their ends, names of what objects inherit, ends of lines, text of other directions. */
const PIECES: readonly string[] = [
  ...[
    '0',
    '-0',
    '-1',
    '1e999',
    '1e-999',
    '9007199254740993',
    '18446744073709551616',
    '99999999999999999999999',
    '0x10',
    '1_0',
  ],
  ...[
    'NaN',
    'Infinity',
    'null',
    'true',
    '~',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'undefined',
  ],
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '\\',
    ':',
    ',',
    '.',
    '..',
    '/',
    '%',
    '%00',
    '%ff',
    '%zz',
    '#',
    '+',
    '*',
    '**',
    '&a ',
    '*a',
    '<<: ',
  ],
  ...[
    '\n',
    '\r\n',
    '\t',
    ' ',
    '\u0000',
    '\ufeff',
    '\u2028',
    '\ud83d',
    '\u202e',
    'é',
    '𝒳',
    '-',
    '--',
    '---\n',
    '|\n',
    '!!binary ',
  ],
  ...[
    '$bytes',
    '$int',
    '$float',
    '$map',
    '1970-01-01',
    '::',
    '::ffff:',
    '%eth0',
    '255.255.255.255',
    '65536',
    '00',
  ],
];

type TextMutation = (random: RandomSource, text: string, about: TextMutationOptions) => string;

interface TextMutationOptions {
  readonly words: readonly string[];
  readonly donors: readonly string[];
}

const MUTATIONS: readonly TextMutation[] = [
  (random, text) => replaced(random, text, pick(random, PIECES)),
  (random, text, { words }) => replaced(random, text, pick(random, words.length > 0 ? words : PIECES)),
  function digits(random, text) {
    const numbers = [...text.matchAll(/\d+/g)];
    if (numbers.length === 0) return text;
    const number = pick(random, numbers);
    const changed =
      random.next() < 0.5
        ? pick(random, PIECES)
        : String(BigInt(number[0].slice(0, 30)) + BigInt(randomBelow(random, 3) - 1));
    return text.slice(0, number.index) + changed + text.slice(number.index + number[0].length);
  },
  function remove(random, text) {
    const at = randomBelow(random, text.length + 1);
    return text.slice(0, at) + text.slice(at + 1 + randomBelow(random, 8));
  },
  function repeat(random, text) {
    const at = randomBelow(random, text.length + 1);
    const piece = text.slice(at, at + 1 + randomBelow(random, 12));
    return (
      text.slice(0, at) +
      piece.repeat(1 + randomBelow(random, random.next() < 0.9 ? 4 : 400)) +
      text.slice(at)
    );
  },
  function lines(random, text) {
    const all = text.split('\n');
    const [from, to] = [randomBelow(random, all.length), randomBelow(random, all.length)];
    if (random.next() < 0.5) all.splice(from, 1);
    else all.splice(to, 0, ' '.repeat(randomBelow(random, 5)) + all[from]);
    return all.join('\n');
  },
  function splice(random, text, { donors }) {
    const other = donors.length > 0 ? pick(random, donors) : text;
    return (
      text.slice(0, randomBelow(random, text.length + 1)) + other.slice(randomBelow(random, other.length + 1))
    );
  },
  (random, text) => {
    const at = randomBelow(random, text.length + 1);
    return text.slice(0, at) + String.fromCharCode(randomBelow(random, 0x80)) + text.slice(at + 1);
  },
];

/** One change, or a few. */
export function mutateText(random: RandomSource, text: string, options: TextMutationOptions): string {
  let changed = text;
  for (let i = changes(random); i > 0; i--) changed = pick(random, MUTATIONS)(random, changed, options);
  return changed;
}

/** With a piece put in, or over what is there. */
function replaced(random: RandomSource, text: string, piece: string): string {
  const at = randomBelow(random, text.length + 1);
  const over = random.next() < 0.5 ? 0 : randomBelow(random, piece.length + 3);
  return text.slice(0, at) + piece + text.slice(at + over);
}
