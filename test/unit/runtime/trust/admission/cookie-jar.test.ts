import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '#runtime/core/endpoint.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { CookieJar } from '#runtime/trust/admission/cookie-jar.ts';
import { provider } from '../../../../support/wire.ts';

const HOME: Endpoint = { transport: 'udp', address: '10.0.0.1', port: 18_262 };
const connection = new Uint8Array(8).fill(1);

function jar(): CookieJar {
  return new CookieJar({ provider, random: new SeededRandom(1) });
}

test('[P-13.4] a cookie is good for its address, port and connection only', () => {
  const own = jar();
  const cookie = own.bake(0, HOME, connection);
  assert.equal(cookie.length, 16);
  assert.ok(own.accepts(0, HOME, { connection, cookie }));
  assert.ok(!own.accepts(0, { ...HOME, address: '10.0.0.2' }, { connection, cookie }));
  assert.ok(!own.accepts(0, { ...HOME, port: 18_263 }, { connection, cookie }));
  assert.ok(!own.accepts(0, { ...HOME, transport: 'http' }, { connection, cookie }));
  assert.ok(!own.accepts(0, HOME, { connection: connection.with(7, 0), cookie }));
  for (let at = 0; at < 16; at++)
    assert.ok(!own.accepts(0, HOME, { connection, cookie: cookie.with(at, cookie[at] ^ 1) }));
  assert.ok(!own.accepts(0, HOME, { connection, cookie: cookie.slice(0, 15) }));
});

test('a cookie is good for a minute at least and two at most, however seldom anybody asks', () => {
  for (const bakedMs of [0, 1, 59_999, 60_000, 90_000]) {
    for (const [afterMs, isGood] of [
      [60_000, true],
      [120_000, false],
      [600_000, false],
    ] as const) {
      const own = jar();
      own.bake(0, HOME, connection);
      const cookie = own.bake(bakedMs, HOME, connection);
      assert.equal(
        own.accepts(bakedMs + afterMs, HOME, { connection, cookie }),
        isGood,
        `${bakedMs} ${afterMs}`,
      );
    }
  }
});

test('another node draws another secret', () => {
  const cookie = jar().bake(0, HOME, connection);
  const other = new CookieJar({ provider, random: new SeededRandom(2) });
  assert.ok(!other.accepts(0, HOME, { connection, cookie }));
});
