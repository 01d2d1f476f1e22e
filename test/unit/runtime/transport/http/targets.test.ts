import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLasting } from '#runtime/core/endpoint.ts';
import { formatTarget, parseTarget, Targets } from '#runtime/transport/http/targets.ts';

test('[P-19.2] an address of a listener may have a name, a port, TLS and a path before its own', () => {
  assert.deepEqual(parseTarget('http://10.0.0.7:18262'), {
    scheme: 'http',
    host: '10.0.0.7',
    port: 18_262,
    path: '/gridvine/1',
  });
  assert.deepEqual(parseTarget('https://gate.example/site/'), {
    scheme: 'https',
    host: 'gate.example',
    port: 443,
    path: '/site/gridvine/1',
  });
  assert.equal(parseTarget('http://[fd00::1]')?.host, 'fd00::1');
  for (const text of [
    '10.0.0.7',
    'ftp://a',
    'http://',
    'http://u:p@a',
    'http://a/?x=1',
    'http://a:0',
    'http://a:99999',
    '',
  ])
    assert.equal(parseTarget(text), undefined, text);
});

test('the engine knows a listener by its address, and one with a name by an address that leads nowhere', () => {
  const targets = new Targets();
  const literal = targets.add('https://10.0.0.7:8443');
  assert.deepEqual(literal, { transport: 'http', address: '10.0.0.7', port: 8_443 });
  assert.equal(targets.of(literal).scheme, 'https');
  const named = targets.add('https://gate.example');
  const other = targets.add('https://other.example');
  assert.notDeepEqual(named, other);
  assert.deepEqual(targets.add('https://gate.example/'), named, 'the same one again');
  assert.equal(targets.of(named).host, 'gate.example');
  assert.equal(isLasting(named), false, 'it means nothing in another life');
  assert.equal(isLasting(literal), true);
  const told = { transport: 'http', address: '10.0.0.9', port: 18_262 } as const;
  assert.deepEqual(targets.of(told), { scheme: 'http', host: '10.0.0.9', port: 18_262, path: '/gridvine/1' });
  assert.throws(() => targets.add('gate.example'), /expected http/);
});

test('two listeners at one address that differ in path or TLS are two', () => {
  const targets = new Targets();
  const names = ['https://10.0.0.7/a', 'https://10.0.0.7/b', 'http://10.0.0.7:443/a'];
  const endpoints = names.map((name) => targets.add(name));
  assert.equal(new Set(endpoints.map((endpoint) => JSON.stringify(endpoint))).size, 3);
  assert.deepEqual(
    endpoints.map((endpoint) => targets.of(endpoint)),
    names.map(parseTarget),
  );
  assert.deepEqual(
    names.map((name) => targets.add(name)),
    endpoints,
  );
  assert.deepEqual(
    endpoints.map((endpoint) => formatTarget(targets.of(endpoint))),
    ['https://10.0.0.7:443', 'https://10.0.0.7:443', 'http://10.0.0.7:443'],
  );
});
