import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkPattern, PATTERN_INPUT_MAX, testPattern } from '#profiles/pattern.ts';

const REFUSED: readonly [string, RegExp][] = [
  ['(a+)+$', /only be followed by \?/],
  ['(a|a)*b', /only be followed by \?/],
  ['(?:a?){30}', /only be followed by \?/],
  ['^(?=a)', /look-around/],
  ['(?<!a)b', /look-around/],
  ['(?<n>a)b', /look-around/],
  ['(?i:a)b', /look-around|regular expression/],
  ['(a)\\1', /back-references/],
  ['a*b*c*', /2 of them unbounded/],
  ['a?b?c?d?e?f?g?', /at most 6 quantifiers/],
  ['(a|a)(a|a)(a|a)(a|a)', /at most 3 groups/],
  ['a{1,101}', /counts of at most 100/],
  ['a{100000000}', /counts of at most 100/],
  ['[', /expected a regular expression/],
  ['*', /expected a regular expression/],
  ['a'.repeat(251), /at most 250 characters; got 251/],
];

for (const [pattern, reason] of REFUSED) {
  test(`the pattern ${pattern.slice(0, 30)} is refused and says why`, () => {
    assert.match(checkPattern(pattern) ?? 'allowed', reason);
    assert.equal(testPattern(pattern, 'aaa'), false);
  });
}

test('what profiles need is allowed', () => {
  for (const pattern of [
    '^(eth|end|en)',
    '^br-[0-9a-f]{12}$',
    '^Raspberry Pi 3 Model B[+]',
    '^lo\\d?$',
    '[(*+]x+',
    '\\(a\\)*',
  ]) {
    assert.equal(checkPattern(pattern), null, pattern);
  }
});

test('only the start of a long text is looked at', () => {
  assert.equal(testPattern('b$', `${'a'.repeat(PATTERN_INPUT_MAX)}b`), false);
  assert.equal(testPattern('b$', `${'a'.repeat(PATTERN_INPUT_MAX - 1)}b`), true);
});

test('any text is either refused with a reason or can be used without a fault', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    '(',
    ')',
    '|',
    '*',
    '+',
    '?',
    '{2}',
    '{1,3}',
    '[ab]',
    '[^',
    ']',
    '\\',
    '\\d',
    '^',
    '$',
    '.',
    '(?:',
  );
  const source = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.array(piece, { maxLength: 14 }).map((p) => p.join('')),
  );
  fc.assert(
    fc.property(source, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 400 }), (pattern, text) => {
      if (checkPattern(pattern) !== null) return testPattern(pattern, text) === false;
      return testPattern(pattern, text) === new RegExp(pattern, 'u').test(text.slice(0, PATTERN_INPUT_MAX));
    }),
    { numRuns: 2000 },
  );
});
