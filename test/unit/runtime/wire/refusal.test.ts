import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '#runtime/core/ids.ts';
import { decodeRefusal, encodeRefusal, REFUSAL_CODES } from '#runtime/wire/refusal.ts';
import { bodyOf, PING, sealerOf } from '../../../support/wire.ts';

const answered = sealerOf().sealToAny(bodyOf([PING]));
const clusterTag = Uint8Array.of(1, 2, 3, 4);

test('[P-8.1] a refusal names its code and cluster and echoes the nonce', () => {
  for (const code of REFUSAL_CODES) {
    const bytes = encodeRefusal(answered, { code, clusterTag, cluster: 'shop' });
    assert.ok(bytes);
    assert.equal(toHex(bytes.subarray(0, 2)), '4713');
    assert.deepEqual(decodeRefusal(bytes), {
      code,
      clusterTag,
      cluster: 'shop',
      nonce: answered.slice(8, 32),
    });
  }
});

// B-124
test('[P-8.1] a refusal is never longer than what it answers', () => {
  const short = answered.subarray(0, 49);
  assert.equal(
    encodeRefusal(short, { code: 'unknown-key', clusterTag, cluster: 'x'.repeat(17) })?.length,
    49,
  );
  assert.equal(encodeRefusal(short, { code: 'unknown-key', clusterTag, cluster: 'x'.repeat(18) }), undefined);
});

test('what is no refusal is not taken for one', () => {
  const bytes = encodeRefusal(answered, { code: 'not-admitted', clusterTag, cluster: 'shop' });
  assert.ok(bytes);
  const changed = (at: number, value: number) => {
    const copy = bytes.slice();
    copy[at] = value;
    return copy;
  };
  for (const wrong of [
    bytes.subarray(0, 32),
    new Uint8Array(0),
    changed(0, 0x48),
    changed(1, 0x23),
    changed(7, 0),
    changed(7, 5),
    changed(6, 1),
    changed(33, 0xff),
    changed(33, 0x1b),
    new Uint8Array([...bytes, ...new Uint8Array(61).fill(97)]),
  ])
    assert.equal(decodeRefusal(wrong), undefined, toHex(wrong));
});
