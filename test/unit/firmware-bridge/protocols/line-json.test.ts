import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LINE_BYTES_MAX } from '#bridge/limits.ts';
import { LineJsonDecoder } from '#bridge/protocols/line-json.ts';

function decode(...chunks: readonly (string | Uint8Array)[]) {
  const decoder = new LineJsonDecoder();
  return chunks.flatMap((chunk) =>
    decoder.push(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk, 10_000),
  );
}

function faults(...chunks: readonly (string | Uint8Array)[]) {
  return decode(...chunks).map((line) => (line.kind === 'garbage' ? line.fault : 'reading'));
}

test('a line becomes a reading of good quality, taken now', () => {
  assert.deepEqual(decode('{"key":"tank/level","value":71.5,"unit":"%"}\n'), [
    {
      kind: 'reading',
      reading: { key: 'tank/level', value: 71.5, unit: '%', quality: 'good', takenAtMs: 10_000 },
    },
  ]);
});

test('quality and age are taken from the line, other members are ignored', () => {
  const [line] = decode('{"key":"a","value":true,"quality":"sub","ageMs":400,"colour":"red"}\r\n');
  assert.deepEqual(line, {
    kind: 'reading',
    reading: { key: 'a', value: true, quality: 'sub', takenAtMs: 9600 },
  });
});

test('a line cut into chunks is put together, and blank lines are nothing', () => {
  assert.deepEqual(faults('\n \r\n{"key":"a",', '"value":1}', '\n\n'), ['reading']);
});

test('each kind of garbage is refused with its reason and costs only its line', () => {
  const lines = [
    ['hello', 'not-json'],
    ['{"key":"a","value":1', 'not-json'],
    ['[1]', 'not-object'],
    ['null', 'not-object'],
    ['{"value":1}', 'bad-key'],
    ['{"key":"node","value":1}', 'bad-key'],
    ['{"key":"a/#","value":1}', 'bad-key'],
    ['{"key":"a"}', 'bad-value'],
    ['{"key":"a","value":1e999}', 'bad-value'],
    [`{"key":"a","value":${'['.repeat(9)}${']'.repeat(9)}}`, 'bad-value'],
    [`{"key":"a","value":"${'x'.repeat(600)}"}`, 'bad-value'],
    ['{"key":"a","value":{"$int":"x"}}', 'bad-value'],
    ['{"key":"a","value":1,"unit":7}', 'bad-unit'],
    ['{"key":"a","value":1,"unit":""}', 'bad-unit'],
    [`{"key":"a","value":1,"unit":"${'²'.repeat(17)}"}`, 'bad-unit'],
    ['{"key":"a","value":1,"unit":"\\u001b[2J"}', 'bad-unit'],
    ['{"key":"a","value":1,"quality":"fine"}', 'bad-quality'],
    ['{"key":"a","value":1,"ageMs":-1}', 'bad-age'],
    ['{"key":"a","value":1,"ageMs":1e12}', 'bad-age'],
  ] as const;
  for (const [line, fault] of lines) {
    assert.deepEqual(faults(`${line}\n{"key":"a","value":1}\n`), [fault, 'reading'], line);
  }
});

test('bytes that are no UTF-8 are garbage', () => {
  assert.deepEqual(faults(new Uint8Array([0xff, 0xfe, 0x0a])), ['not-utf8']);
});

test('a line over the cap is skipped to its newline, however it is cut, and the next one is read', () => {
  const long = 'x'.repeat(LINE_BYTES_MAX);
  assert.deepEqual(faults(long, 'y', long, long, '\n{"key":"a","value":1}\n'), ['too-long', 'reading']);
  const fitting = `{"key":"a","value":1}`.padEnd(LINE_BYTES_MAX, ' ');
  assert.deepEqual(faults(`${fitting}\n${fitting} \n`), ['reading', 'too-long']);
});

test('bytes and large integers come in the forms of the JSON contract', () => {
  const values = decode(
    '{"key":"a","value":{"$bytes":"AQL/"}}\n{"key":"a","value":{"x":[{"$int":"-9007199254740993"}]}}\n',
  ).map((line) => line.kind === 'reading' && line.reading.value);
  assert.deepEqual(values, [new Uint8Array([1, 2, 255]), { x: [-9_007_199_254_740_993n] }]);
});

test('an unfinished line is forgotten when the stream begins anew', () => {
  const decoder = new LineJsonDecoder();
  const bytes = (text: string) => new TextEncoder().encode(text);
  decoder.push(bytes('{"key":"a"'), 0);
  decoder.reset();
  assert.equal(decoder.push(bytes('{"key":"a","value":1}\n'), 0)[0]?.kind, 'reading');
});

test('a chunk may be reused by the port after it was pushed', () => {
  const decoder = new LineJsonDecoder();
  const chunk = new TextEncoder().encode('{"key":"a",');
  decoder.push(chunk, 0);
  chunk.fill(0x78);
  assert.equal(decoder.push(new TextEncoder().encode('"value":1}\n'), 0)[0]?.kind, 'reading');
});
