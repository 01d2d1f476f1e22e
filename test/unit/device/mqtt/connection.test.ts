import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BrokerConnection } from '#device/mqtt/connection.ts';
import { FakeBroker } from '../../../support/mqtt/fake-broker.ts';
import { HandClock } from '../../../support/mqtt/hand-clock.ts';

function setUp(options: { readonly servers?: readonly string[]; readonly random?: number } = {}) {
  const clock = new HandClock();
  const broker = new FakeBroker();
  const downs: string[] = [];
  let ups = 0;
  const connection = new BrokerConnection({
    servers: options.servers ?? ['mqtt://one'],
    will: { topic: 't', payload: 'offline' },
    dialer: broker,
    clock,
    random: { next: () => options.random ?? 1 },
    listener: {
      up: () => {
        ups += 1;
      },
      down: (server, reason) => downs.push(`${server} ${reason}`),
    },
  });
  return { clock, broker, connection, downs, ups: () => ups };
}

describe('the connection to the broker', () => {
  it('is tried again after growing waits, for ever', () => {
    const { clock, broker, connection, downs } = setUp();
    connection.start();
    for (const waitMs of [1_000, 2_000, 4_000]) {
      const attempts = broker.links.length;
      broker.link.listener.down('ECONNREFUSED');
      clock.advance(waitMs - 1);
      assert.equal(broker.links.length, attempts);
      clock.advance(1);
      assert.equal(broker.links.length, attempts + 1);
    }
    assert.equal(downs.length, 3);
    assert.equal(connection.state, 'connecting');
  });

  it('walks the list of brokers, and waits longer only when all have failed', () => {
    const { clock, broker, connection } = setUp({ servers: ['mqtt://one', 'mqtt://two'] });
    connection.start();
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) {
      broker.link.listener.down('no');
      waits.push(connection.retryMs);
      clock.advance(connection.retryMs);
    }
    assert.deepEqual(
      broker.links.map((link) => link.server),
      ['mqtt://one', 'mqtt://two', 'mqtt://one', 'mqtt://two', 'mqtt://one', 'mqtt://two'],
    );
    assert.deepEqual(waits, [1_000, 1_000, 2_000, 2_000, 4_000]);
  });

  it('goes on backing off from a broker that accepts and hangs up', () => {
    const { clock, broker, connection } = setUp();
    connection.start();
    for (const expectedMs of [1_000, 2_000, 4_000]) {
      broker.accept();
      broker.link.listener.down('closed on publish');
      assert.equal(connection.retryMs, expectedMs);
      clock.advance(expectedMs);
    }
  });

  it('starts with short waits again once the broker has proven well', () => {
    const { clock, broker, connection } = setUp();
    connection.start();
    for (let i = 0; i < 4; i++) {
      broker.link.listener.down('no');
      clock.advance(connection.retryMs);
    }
    broker.accept();
    connection.settled();
    broker.link.listener.down('restart');
    assert.equal(connection.retryMs, 1_000);
  });

  it('ignores what an abandoned link still says', () => {
    const { clock, broker, connection, downs, ups } = setUp();
    connection.start();
    const first = broker.accept();
    connection.drop('stalled');
    assert.equal(first.closed, 'cut');
    first.listener.down('closed');
    first.listener.up({ receiveMaximum: 1 });
    assert.deepEqual(downs, ['mqtt://one stalled']);
    assert.equal(ups(), 1);
    clock.advance(1_000);
    assert.equal(broker.links.length, 2);
  });

  it('does nothing any more after it was stopped', () => {
    const { clock, broker, connection, downs } = setUp();
    connection.start();
    broker.link.listener.down('no');
    connection.stop('cut');
    clock.advance(3_600_000);
    assert.equal(broker.links.length, 1);
    assert.equal(clock.pending, 0);
    assert.equal(downs.length, 1);
    assert.equal(connection.state, 'stopped');
  });
});
