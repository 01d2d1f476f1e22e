import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LINE_BYTES_MAX } from '#bridge/limits.ts';
import { LineJsonDecoder } from '#bridge/protocols/line-json.ts';
import { LineSplitter } from '#bridge/protocols/line-splitter.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
/** Bytes in which newlines are frequent. */
const stream = fc
  .uint8Array({ maxLength: 300 })
  .map((raw) => raw.map((byte) => (byte % 7 === 0 ? 10 : byte)));
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });

function chunksOf(whole: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, i = 0; at < whole.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    chunks.push(whole.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

test('the lines do not depend on how the stream is cut into chunks', () => {
  fc.assert(
    fc.property(stream, cuts, fc.integer({ min: 1, max: 30 }), (whole, lengths, lineBytesMax) => {
      const atOnce = new LineSplitter({ lineBytesMax }).push(whole);
      const splitter = new LineSplitter({ lineBytesMax });
      assert.deepEqual(
        chunksOf(whole, lengths).flatMap((chunk) => splitter.push(chunk)),
        atOnce,
      );
      for (const line of atOnce) assert.ok(line.kind === 'too-long' || line.bytes.length <= lineBytesMax);
    }),
  );
});

test('any bytes decode without an exception, and after any garbage the line after the next newline is read', () => {
  fc.assert(
    fc.property(
      fc.oneof(stream, fc.uint8Array({ maxLength: 3 * LINE_BYTES_MAX })),
      cuts,
      (garbage, lengths) => {
        const decoder = new LineJsonDecoder();
        for (const chunk of chunksOf(garbage, lengths)) decoder.push(chunk, 0);
        const after = decoder.push(bytes('\n{"key":"a","value":1}\n'), 0);
        assert.equal(after.at(-1)?.kind, 'reading');
      },
    ),
  );
});

test('any JSON in a line gives a reading or a reason, and its value is the JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = JSON.stringify({ key: 'a', value });
      const [line] = new LineJsonDecoder().push(bytes(`${text}\n`), 0);
      assert.ok(line !== undefined);
      if (line.kind === 'garbage') assert.ok(['bad-value', 'too-long'].includes(line.fault));
      else
        assert.deepEqual(JSON.parse(JSON.stringify(line.reading.value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});
