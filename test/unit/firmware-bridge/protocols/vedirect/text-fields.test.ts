import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readField, TEXT_FIELDS } from '#bridge/protocols/vedirect/text-fields.ts';
import { keyFault } from '#bridge/reading-key.ts';

function read(label: string, text: string): unknown {
  const field = TEXT_FIELDS.get(label);
  assert.ok(field !== undefined, label);
  const result = readField(field, text);
  return result.kind === 'value' ? result.value : result.kind;
}

test('numbers come in the unit of the reading', () => {
  assert.equal(read('V', '12800'), 12.8);
  assert.equal(read('I', '-1500'), -1.5);
  assert.equal(read('SOC', '876'), 87.6);
  assert.equal(read('H19', '15342'), 153.42);
  assert.equal(read('DM', '-12'), -1.2);
  assert.equal(read('PPV', '71'), 71);
});

test('states come by their names, and unknown ones by their number', () => {
  assert.equal(read('CS', '3'), 'bulk');
  assert.equal(read('CS', '99'), 'state-99');
  assert.equal(read('MPPT', '2'), 'tracking');
  assert.equal(read('LOAD', 'ON'), true);
  assert.equal(read('Alarm', 'Off'), false);
  assert.equal(read('OR', '0x00000021'), 0x21);
});

test('a sensor that is not there has no value, and the time to an end that does not come is null', () => {
  assert.equal(read('T', '---'), 'absent');
  assert.equal(read('TTG', '---'), 'absent');
  assert.equal(read('TTG', '-1'), null);
  assert.equal(read('TTG', '60'), 60);
});

test('what is no number is nonsense, and never NaN', () => {
  for (const text of ['12.8', 'NaN', '1e3', '0x10', '12800000000', ' 5', '--1']) {
    assert.equal(read('V', text), 'nonsense', text);
  }
  assert.equal(read('LOAD', 'maybe'), 'nonsense');
  assert.equal(read('OR', 'xyz'), 'nonsense');
  assert.equal(read('CS', 'bulk'), 'nonsense');
});

test('every field has a key that may be gossiped, and no two of one device share one', () => {
  const seen = new Map<string, string>();
  for (const [label, { key }] of TEXT_FIELDS) {
    assert.equal(keyFault(key), undefined, label);
    assert.ok(!seen.has(key) || label === 'FWE', `${label} and ${seen.get(key)}`);
    seen.set(key, label);
  }
});
