import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeFrames, encodeFrames, handOver } from '#runtime/transport/http/frames.ts';
import { FRAME_BYTES_MIN, FRAMES_AT_ONCE, FRAMES_PER_BODY_MAX } from '#runtime/transport/http/limits.ts';

const datagram = fc.uint8Array({ minLength: FRAME_BYTES_MIN, maxLength: 1_200 });

test('[P-19.3] what is put into a body comes out of it again', () => {
  fc.assert(
    fc.property(fc.array(datagram, { maxLength: 20 }), (datagrams) => {
      assert.deepEqual(decodeFrames(encodeFrames(datagrams)), datagrams);
    }),
  );
});

test('[P-19.3] a body of anything but at most 256 whole datagrams of 32 to 1200 bytes is none', () => {
  const whole = encodeFrames([new Uint8Array(FRAME_BYTES_MIN).fill(1)]);
  for (let length = 1; length < whole.length; length++)
    assert.equal(decodeFrames(whole.subarray(0, length)), undefined);
  assert.equal(decodeFrames(new Uint8Array([0, 0])), undefined, 'an empty datagram');
  assert.equal(decodeFrames(encodeFrames([new Uint8Array(1_201)])), undefined, 'one that is too long');
  assert.equal(decodeFrames(encodeFrames([new Uint8Array(FRAME_BYTES_MIN - 1)])), undefined, 'a short one');
  const most = Array.from({ length: FRAMES_PER_BODY_MAX }, () => new Uint8Array(FRAME_BYTES_MIN));
  assert.equal(decodeFrames(encodeFrames(most))?.length, FRAMES_PER_BODY_MAX);
  assert.equal(decodeFrames(encodeFrames([...most, new Uint8Array(FRAME_BYTES_MIN)])), undefined, 'too many');
  assert.deepEqual(decodeFrames(new Uint8Array(0)), []);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4_000 }), (bytes) => {
      const datagrams = decodeFrames(bytes);
      if (datagrams !== undefined) assert.deepEqual(encodeFrames(datagrams), bytes);
    }),
  );
});

test('[P-19.7] datagrams of a long body are handed over in turns, those of a short one at once', async () => {
  const many = Array.from({ length: 3 * FRAMES_AT_ONCE }, (_, i) => Uint8Array.of(i));
  let taken = 0;
  let isDone = false;
  const over = new Promise<void>((resolve) => {
    handOver(
      many,
      () => {
        taken++;
      },
      () => {
        isDone = true;
        resolve();
      },
    );
  });
  assert.deepEqual([taken, isDone], [FRAMES_AT_ONCE, false]);
  await over;
  assert.equal(taken, many.length);
  let calls = 0;
  const count = () => {
    calls++;
  };
  handOver(many.slice(0, 3), count, count);
  assert.equal(calls, 4);
});
