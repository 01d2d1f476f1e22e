import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TwoWayNode, TwoWays } from '../../../support/two-ways.ts';

/** Answers each query with its own name, once. */
function answerAll(ways: TwoWays, nodes: readonly TwoWayNode[], answered: Set<string>): void {
  for (const node of nodes)
    for (const event of node.events) {
      if (event.type !== 'query') continue;
      const { asker, number } = event.query;
      const name = `${node.name} ${asker} ${number}`;
      if (answered.has(name)) continue;
      answered.add(name);
      ways.do(
        node,
        () => void node.engine.events.answer(ways.nowMs, event.query, { kind: 'answer', value: node.name }),
      );
    }
}

// B-112
test('members that reach one another by HTTP alone, through one that listens, ask and answer', () => {
  const ways = new TwoWays();
  const hub = ways.add('hub', { listens: true });
  const shed = ways.add('shed', {});
  const field = ways.add('field', { udp: false });
  const barn = ways.add('barn', { udp: false });
  const nodes = [hub, shed, field, barn];
  ways.join(shed, hub, 'udp');
  ways.join(field, hub, 'http');
  ways.join(barn, hub, 'http');
  const isAlive = (by: TwoWayNode, of: TwoWayNode) => by === of || ways.view(by, of)?.state === 'alive';
  ways.until(() => nodes.every((by) => nodes.every((of) => isAlive(by, of))), {
    withinMs: 60_000,
    what: 'all see all',
  });
  const answered = new Set<string>();
  for (const asker of [field, shed]) {
    const others = nodes.filter((node) => node !== asker).map(({ name }) => name);
    ways.do(
      asker,
      () => void asker.engine.events.ask(ways.nowMs, 'load', null, { nodes: others, timeoutMs: 20_000 }),
    );
    const heard = () =>
      asker.events.flatMap((event) => (event.type === 'query-answer' ? [event.answer.value] : []));
    for (let ms = 0; ms < 10_000 && heard().length < 3; ms += 50) {
      ways.run(50);
      answerAll(ways, nodes, answered);
    }
    assert.deepEqual(heard().sort(), others.sort(), `${asker.name} asks`);
  }
});
