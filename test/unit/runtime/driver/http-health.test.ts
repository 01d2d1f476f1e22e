import assert from 'node:assert/strict';
import { test } from 'node:test';
import { httpNotice } from '#runtime/driver/http-health.ts';

test('what keeps a member from being reached by HTTP is told with the next step', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['ECONNREFUSED', /http\.listen/],
    ['ETIMEDOUT', /network between/],
    ['ENOTFOUND', /DNS/],
    ['HTTP_407', /name and a password/],
    ['HTTP_PROXY_DOWN', /proxy itself/],
    ['ERR_PROXY_TUNNEL', /NO_PROXY/],
    ['HTTP_PROXY', /no address of a proxy/],
    ['HTTP_429', /Too many/],
    ['QUEUE_FULL', /oldest data/],
    ['HTTP_404', /Something else/],
    ['HTTP_TYPE', /Something else/],
    ['CERT_HAS_EXPIRED', /http\.caFile/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /http\.caFile/],
  ];
  for (const [code, meaning] of cases) {
    const { text } = httpNotice(code, 'https://gate.example:443');
    assert.match(text, meaning, code);
    assert.ok(text.startsWith(`https://gate.example:443: ${code}. `));
  }
});
