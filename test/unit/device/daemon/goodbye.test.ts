import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sayGoodbye } from '#device/daemon/goodbye.ts';

/** Parts that write down when they begin and end; the node leaves when the test says so. */
function parts() {
  const log: string[] = [];
  const left = Promise.withResolvers<void>();
  return {
    log,
    left,
    node: {
      leave: async () => {
        await left.promise;
        log.push('left');
      },
    },
    sources: {
      stop: async () => {
        log.push('sources');
      },
    },
    mqtt: {
      stop: async () => {
        log.push('mqtt');
      },
    },
  };
}

describe('the goodbye', () => {
  test("is said to the broker after the node has left, so that it publishes the node's own state", async () => {
    const { log, left, ...rest } = parts();
    const done = sayGoodbye({ ...rest, brokerWaitMsMax: 60_000 });
    await Promise.resolve();
    assert.deepEqual(log, ['sources']);
    left.resolve();
    await done;
    assert.deepEqual(log, ['sources', 'left', 'mqtt']);
  });

  test('does not keep the broker waiting for a cluster that acknowledges nothing', async () => {
    const { log, left, ...rest } = parts();
    const told = Promise.withResolvers<void>();
    const mqtt = { stop: async () => told.resolve() };
    const done = sayGoodbye({ ...rest, mqtt, brokerWaitMsMax: 0 });
    await told.promise;
    assert.deepEqual(log, ['sources']);
    left.resolve();
    await done;
    assert.deepEqual(log, ['sources', 'left']);
  });

  test('is said to the broker also where leaving fails, and the failure is passed on', async () => {
    const { log, left, ...rest } = parts();
    const done = sayGoodbye({ ...rest, brokerWaitMsMax: 60_000 });
    left.reject(new Error('our bug'));
    await assert.rejects(done, /our bug/);
    assert.deepEqual(log, ['sources', 'mqtt']);
  });

  test('is said to the broker first where another node goes on: the lease is let go while the node is there', async () => {
    const { log, left, mqtt, ...rest } = parts();
    const done = sayGoodbye({ ...rest, mqtt: { ...mqtt, isLeased: true } });
    left.resolve();
    await done;
    assert.deepEqual(log, ['mqtt', 'sources', 'left']);
  });

  test('needs no broker', async () => {
    const { log, left, ...rest } = parts();
    left.resolve();
    await sayGoodbye({ ...rest, mqtt: undefined });
    assert.deepEqual(log, ['sources', 'left']);
  });
});
