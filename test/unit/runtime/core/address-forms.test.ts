import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '#runtime/core/address.ts';

test('an IPv4 tail stands only at the end of an IPv6 address, and IPv4 has no zone', () => {
  for (const text of ['1.2.3.4::', '1.2.3.4::5', '10.0.0.1%eth0'])
    assert.equal(parseAddress(text), undefined, text);
});
