import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DEFAULT_PORT,
  endpointKey,
  formatAuthority,
  formatEndpoint,
  isDialable,
  isLasting,
  namedEndpoint,
  parseAuthority,
  SESSION_PORT_MIN,
} from '#runtime/core/endpoint.ts';
import { endpointFromValue, endpointToValue } from '#runtime/wire/endpoint.ts';

test('an address with or without a port is read as people type it', () => {
  for (const [text, address, port] of [
    ['10.0.0.7', '10.0.0.7', DEFAULT_PORT],
    ['10.0.0.7:9000', '10.0.0.7', 9_000],
    ['[fd00::1]:9000', 'fd00::1', 9_000],
    ['[fd00::1]', 'fd00::1', DEFAULT_PORT],
    ['FD00:0::1', 'fd00::1', DEFAULT_PORT],
    ['[::ffff:10.0.0.7]:1', '10.0.0.7', 1],
    ['10.0.0.7:0', '10.0.0.7', 0],
  ] as const)
    assert.deepEqual(parseAuthority(text), { address, port }, text);
  assert.deepEqual(parseAuthority('10.0.0.7', 5), { address: '10.0.0.7', port: 5 });
});

test('what is no address and port is refused', () => {
  for (const text of [
    '',
    ':9000',
    '10.0.0.7:',
    '10.0.0.7:65536',
    '10.0.0.7:-1',
    '10.0.0.7:x',
    '[fd00::1',
    'fd00::1]:9',
    'host:9',
    '[]:9',
  ])
    assert.equal(parseAuthority(text), undefined, text);
});

test('the text of an endpoint is read back as the same endpoint', () => {
  for (const endpoint of [
    { transport: 'udp', address: '10.0.0.7', port: 9_000 },
    { transport: 'http', address: 'fd00::1', port: 1 },
  ] as const) {
    assert.deepEqual(parseAuthority(formatAuthority(endpoint)), {
      address: endpoint.address,
      port: endpoint.port,
    });
    assert.equal(endpointKey(endpoint), `${endpoint.transport}/${formatAuthority(endpoint)}`);
  }
});

test('a session is shown by where it was opened from, and is no place for others or a later life', () => {
  const called = { transport: 'http', address: '10.0.0.7', port: 18_262 } as const;
  const session = { ...called, port: SESSION_PORT_MIN + 5 };
  const named = namedEndpoint(0, 443);
  assert.equal(formatEndpoint({ ...called, transport: 'udp' }), '10.0.0.7:18262');
  assert.equal(formatEndpoint(called), 'http://10.0.0.7:18262');
  assert.equal(formatEndpoint(session), 'http from 10.0.0.7');
  assert.deepEqual([called, session, named].map(isDialable), [true, false, true]);
  assert.deepEqual([called, session, named, null].map(isLasting), [true, false, false, false]);
  assert.deepEqual(endpointFromValue(endpointToValue(session)), { ...called, port: 0 });
});
