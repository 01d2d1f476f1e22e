import assert from 'node:assert/strict';
import { test } from 'node:test';
import { badProxies, isProxyAt, normalProxies, withoutCredentials } from '#runtime/transport/http/proxies.ts';

test('a proxy that the platform would pass over or stumble over is named by its variable', () => {
  for (const value of [
    'socks5://proxy:1080',
    'a b',
    'http://u:a/b@proxy',
    'http://u:a%zz@proxy',
    'http://proxy/x',
  ])
    assert.deepEqual(badProxies({ HTTPS_PROXY: value }), ['HTTPS_PROXY'], value);
  for (const value of [
    'http://proxy:3128',
    'proxy:3128',
    'proxy',
    ' HTTP://proxy',
    'http://u:a%2Fb@proxy/',
    'https://[fd00::1]:3128',
    '',
  ])
    assert.deepEqual(badProxies({ HTTPS_PROXY: value }), [], value);
});

test('without its credentials a proxy is the same one', () => {
  const bare = withoutCredentials({ http_proxy: 'http://u:p@proxy:3128', NO_PROXY: 'x' });
  assert.deepEqual(bare, { http_proxy: 'http://proxy:3128', NO_PROXY: 'x' });
  assert.deepEqual(withoutCredentials({ http_proxy: 'u:p@proxy:3128' }), { http_proxy: 'http://proxy:3128' });
  assert.deepEqual(withoutCredentials({ http_proxy: 'socks5://proxy:1080' }), {});
});

test('whether it was the proxy that was not reached is known by where the attempt went', () => {
  const named = { http_proxy: 'http://u:p@proxy.example:3128', HTTPS_PROXY: 'http://10.0.0.1' };
  const refused = { address: '10.0.0.1', port: 80 };
  assert.equal(isProxyAt(named, 'http', { hostname: 'proxy.example' }), true);
  assert.equal(isProxyAt(named, 'http', { hostname: 'gate.example' }), false);
  assert.equal(
    isProxyAt(named, 'http', { address: '192.0.2.7', port: 3_128 }),
    true,
    'a name that was found',
  );
  assert.equal(isProxyAt(named, 'http', refused), false);
  assert.equal(isProxyAt(named, 'https', refused), true);
  assert.equal(isProxyAt(named, 'https', { ...refused, address: '10.0.0.2' }), false);
  assert.equal(
    isProxyAt({ https_proxy: 'https://[fd00::1]' }, 'https', { address: 'fd00::1', port: 443 }),
    true,
  );
  assert.equal(isProxyAt({}, 'http', refused), false);
  assert.equal(isProxyAt(named, 'http', {}), false);
});

test('a proxy is handed to the platform as it takes it, however it is written', () => {
  const said = { HTTP_PROXY: ' HTTP://proxy:3128', https_proxy: 'u:p@proxy:3128', NO_PROXY: 'x' };
  const expected = { HTTP_PROXY: 'http://proxy:3128/', https_proxy: 'http://u:p@proxy:3128/', NO_PROXY: 'x' };
  assert.deepEqual(normalProxies(said), expected);
});
