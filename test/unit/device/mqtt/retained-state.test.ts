import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Outbox } from '#device/mqtt/outbox.ts';
import { RetainedState } from '#device/mqtt/retained-state.ts';
import { Topics } from '#device/mqtt/topics.ts';
import { FakeFeed } from '../../../support/mqtt/fake-feed.ts';
import { HandClock } from '../../../support/mqtt/hand-clock.ts';

const PEERS = ['b', 'c', 'd'].map((digit) => digit.repeat(32));

function setUp(topicsMax?: number) {
  const feed = new FakeFeed();
  const outbox = new Outbox({ clearsMax: 1_000 });
  const retained = new RetainedState({
    feed,
    outbox,
    topics: new Topics({ base: 'g', cluster: 'c' }),
    clock: new HandClock(),
    wanted: () => true,
    ...(topicsMax === undefined ? {} : { topicsMax }),
  });
  feed.onEvent((event) => retained.handle(event));
  return { feed, outbox, retained };
}

/** What a broker holds after it got all that waits. */
function deliver(outbox: Outbox, broker: Map<string, string>): void {
  for (let next = outbox.take(); next !== undefined; next = outbox.take()) {
    if (next.render === undefined) broker.delete(next.topic);
    else broker.set(next.topic, next.render());
  }
}

const summary = (broker: ReadonlyMap<string, string>) =>
  [...broker]
    .map(([topic, text]) => `${topic} ${text.startsWith('{') ? JSON.parse(text).version : text}`)
    .sort();

describe('the retained state', () => {
  it('publishes as many topics as it may, and says how many values found no room', () => {
    const { feed, outbox, retained } = setUp(3);
    for (const key of ['a', 'b', 'c', 'd']) feed.put(key, 1);
    outbox.open();
    retained.publishAll();
    assert.equal(retained.size, 3);
    assert.equal(retained.excess, 2);
    feed.remove('a');
    retained.publishAll();
    assert.equal(retained.excess, 1);
  });

  it('says of its own node that it has left', () => {
    const { feed, outbox, retained } = setUp();
    const broker = new Map<string, string>();
    outbox.open();
    retained.publishAll();
    deliver(outbox, broker);
    assert.equal(broker.get('g/c/member/roof/state'), 'alive');
    feed.leave();
    deliver(outbox, broker);
    assert.equal(broker.get('g/c/member/roof/state'), 'left');
  });

  it('leaves at the broker, after any history of changes and outages, what one birth would put there', () => {
    const owner = fc.constantFrom(...PEERS);
    const key = fc.constantFrom('a', 'b');
    const step = fc.oneof(
      fc.record({ do: fc.constant('put'), owner, key }),
      fc.record({ do: fc.constant('remove'), owner, key }),
      fc.record({
        do: fc.constant('member'),
        owner,
        name: fc.constantFrom('roof', 'shed', 'well'),
        state: fc.constantFrom('alive', 'down'),
      }),
      fc.record({ do: fc.constant('forget'), owner }),
      fc.record({ do: fc.constantFrom('deliver', 'outage', 'back') }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { feed, outbox, retained } = setUp();
        const broker = new Map<string, string>();
        const has = (id: string, k: string) => feed.records().some((r) => r.owner === id && r.key === k);
        const back = () => {
          outbox.open();
          retained.publishAll();
        };
        back();
        for (const action of steps) {
          if (action.do === 'put' && 'key' in action) feed.put(action.key, 1, { owner: action.owner });
          else if (action.do === 'remove' && 'key' in action) {
            if (has(action.owner, action.key)) feed.remove(action.key, { owner: action.owner });
          } else if (action.do === 'member' && 'name' in action) {
            feed.member(action.owner, action as { name: string; state: 'alive' | 'down' });
          } else if (action.do === 'forget' && 'owner' in action) {
            if (feed.members().some(({ id }) => id === action.owner)) feed.forget(action.owner);
          } else if (action.do === 'deliver') deliver(outbox, broker);
          else if (action.do === 'outage') outbox.close();
          else back();
        }
        back();
        deliver(outbox, broker);

        const fresh = setUpLike(feed);
        assert.deepEqual(summary(broker), summary(fresh));
      }),
    );
  });
});

function setUpLike(feed: FakeFeed): Map<string, string> {
  const outbox = new Outbox({ clearsMax: 10 });
  const topics = new Topics({ base: 'g', cluster: 'c' });
  outbox.open();
  new RetainedState({ feed, outbox, topics, clock: new HandClock(), wanted: () => true }).publishAll();
  const broker = new Map<string, string>();
  deliver(outbox, broker);
  return broker;
}
