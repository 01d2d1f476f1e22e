import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Outbox } from '#device/mqtt/outbox.ts';

function contents(outbox: Outbox): [string, string | undefined][] {
  const taken: [string, string | undefined][] = [];
  for (let next = outbox.take(); next !== undefined; next = outbox.take()) {
    taken.push([next.topic, next.render?.()]);
  }
  return taken;
}

describe('the outbox', () => {
  it('keeps the newest value of each topic, in the order in which topics came up', () => {
    const outbox = new Outbox({ clearsMax: 10 });
    outbox.open();
    outbox.put('a', () => '1');
    outbox.put('b', () => '2');
    outbox.put('a', () => '3');
    assert.equal(outbox.coalesced, 1);
    assert.deepEqual(contents(outbox), [
      ['a', '3'],
      ['b', '2'],
    ]);
  });

  it('renders a payload only when it is taken', () => {
    const outbox = new Outbox({ clearsMax: 10 });
    let now = 1;
    outbox.open();
    outbox.put('a', () => String(now));
    now = 2;
    assert.equal(outbox.take()?.render?.(), '2');
  });

  it('keeps deletions but no values while there is no broker', () => {
    const outbox = new Outbox({ clearsMax: 10 });
    outbox.open();
    outbox.put('a', () => '1');
    outbox.clear('b');
    outbox.close();
    outbox.put('c', () => '3');
    outbox.clear('d');
    assert.deepEqual(contents(outbox), [
      ['b', undefined],
      ['d', undefined],
    ]);
  });

  it('takes back a deletion when the topic has a value again, also without a broker', () => {
    const outbox = new Outbox({ clearsMax: 10 });
    outbox.clear('a');
    outbox.put('a', () => '1');
    assert.equal(outbox.size, 0);
  });

  it('forgets the oldest deletion beyond its limit, and counts it', () => {
    const outbox = new Outbox({ clearsMax: 2 });
    for (const topic of ['a', 'b', 'c']) outbox.clear(topic);
    assert.equal(outbox.forgotten, 1);
    assert.deepEqual(
      contents(outbox).map(([topic]) => topic),
      ['b', 'c'],
    );
  });

  it('holds what a plain map of newest messages holds, whatever the order of calls', () => {
    const step = fc.record({
      do: fc.constantFrom('put', 'clear', 'take'),
      topic: fc.constantFrom('a', 'b', 'c', 'd'),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const outbox = new Outbox({ clearsMax: 100 });
        const model = new Map<string, string | undefined>();
        outbox.open();
        for (const [index, { do: action, topic }] of steps.entries()) {
          if (action === 'take') {
            const taken = outbox.take();
            assert.equal(taken === undefined, model.size === 0);
            if (taken !== undefined) {
              assert.equal(taken.render?.(), model.get(taken.topic));
              model.delete(taken.topic);
            }
          } else if (action === 'put') {
            outbox.put(topic, () => String(index));
            model.set(topic, String(index));
          } else {
            outbox.clear(topic);
            model.set(topic, undefined);
          }
          assert.equal(outbox.size, model.size);
        }
        assert.deepEqual(new Map(contents(outbox)), model);
      }),
    );
  });
});
