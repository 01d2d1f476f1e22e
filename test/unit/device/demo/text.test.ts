import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { column, fit, rightColumn, stopwatch, wrap } from '#device/demo/text.ts';

describe('columns', () => {
  it('are filled, and cut with a sign that something is missing', () => {
    assert.equal(column('ab', 4), 'ab  ');
    assert.equal(rightColumn('ab', 4), '  ab');
    assert.equal(column('abcdef', 4), 'abc…');
    assert.equal(fit('abc', 3), 'abc');
    assert.equal(fit('abc', 0), '');
  });

  it('break text between words, and leave a word that is too long whole', () => {
    assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
    assert.deepEqual(wrap('incomprehensible a b', 4), ['incomprehensible', 'a b']);
    assert.deepEqual(wrap('exact fit', 9), ['exact fit']);
  });

  it('show time like a stopwatch', () => {
    assert.deepEqual([0, 7_900, 67_000, 754_000, 3_723_000].map(stopwatch), [
      '0:00',
      '0:07',
      '1:07',
      '12:34',
      '1:02:03',
    ]);
  });
});
