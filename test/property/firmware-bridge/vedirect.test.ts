import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VedirectSplitter } from '#bridge/protocols/vedirect/frame-splitter.ts';
import { decodeHexFrame, encodeHexFrame } from '#bridge/protocols/vedirect/hex-frame.ts';
import { vedirectBlock, vedirectHex } from '../../support/devices/vedirect.ts';

/** Bytes in which those that mean something are frequent, and pieces of real blocks. */
const garbage = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 30 }),
      fc
        .array(fc.constantFrom('\r', '\n', '\t', ':', 'Checksum', 'checksum\t', '\r\nV\t', 'A', '7F'), {
          maxLength: 8,
        })
        .map((words) => Uint8Array.from(words.join(''), (char) => char.charCodeAt(0))),
    ),
    { maxLength: 6 },
  )
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

const label = fc.stringMatching(/^[A-Za-z0-9#_]{1,8}$/).filter((text) => text.toUpperCase() !== 'CHECKSUM');
const value = fc.stringMatching(/^[ -9;-~]{0,32}$/);
const fields = fc.uniqueArray(fc.tuple(label, value), {
  minLength: 1,
  maxLength: 22,
  selector: ([name]) => name,
});

test('after any garbage one block is lost at most, and every later one is read', () => {
  fc.assert(
    fc.property(garbage, fc.array(fields, { minLength: 2, maxLength: 4 }), (noise, blocks) => {
      const splitter = new VedirectSplitter();
      splitter.push(noise);
      const read = blocks.flatMap((block) =>
        splitter
          .push(vedirectBlock(block))
          .flatMap((frame) => (frame.kind === 'block' ? [[...frame.fields]] : [])),
      );
      assert.deepEqual(read.slice(-(blocks.length - 1)), blocks.slice(1));
    }),
    { numRuns: 500 },
  );
});

test('what is read does not depend on how the stream is cut into chunks', () => {
  fc.assert(
    fc.property(
      garbage,
      fields,
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (noise, block, cuts) => {
        const stream = Uint8Array.of(...noise, ...vedirectBlock(block), ...noise, ...vedirectBlock(block));
        const splitter = new VedirectSplitter();
        const pieces = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length] ?? 1;
          pieces.push(...splitter.push(stream.subarray(at, at + size)));
          at += size;
        }
        assert.deepEqual(pieces, new VedirectSplitter().push(stream));
      },
    ),
  );
});

test('a HEX frame that is sent is the frame that is read, and any digits decode to a frame or a reason', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 15 }), fc.uint8Array({ maxLength: 40 }), (command, data) => {
      const sent = encodeHexFrame(command, data);
      assert.deepEqual(sent, vedirectHex(command, [...data]));
      const [frame] = new VedirectSplitter().push(sent);
      assert.ok(frame?.kind === 'hex');
      assert.deepEqual(decodeHexFrame(frame.text), { kind: 'frame', command, data });
    }),
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9A-Fa-f]{0,60}$/), (digits) => {
      const decoded = decodeHexFrame(digits);
      if (decoded.kind === 'frame') assert.equal(decoded.data.length * 2 + 3, digits.length);
    }),
  );
});
