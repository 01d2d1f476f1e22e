import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeLevel, encodeKey, encodeLevel, nodeLevels, Topics } from '#device/mqtt/topics.ts';

const id = (digit: string) => digit.repeat(32);

describe('topics', () => {
  it('escape the wildcards, the escape itself and the slash of a name, and nothing else', () => {
    assert.equal(encodeLevel('roof 2/+#100%'), 'roof 2%2F%2B%23100%25');
    assert.equal(encodeLevel('Süddach'), 'Süddach');
  });

  it('keep the levels of a key, and give an empty level a name', () => {
    assert.equal(encodeKey('battery/1/soc'), 'battery/1/soc');
    assert.equal(encodeKey('a//b/'), 'a/%00/b/%00');
    assert.equal(encodeKey('x/+/#'), 'x/%2B/%23');
  });

  it('come back from their level as they were, and never hold a character with a meaning', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!text.includes('\0') && text.isWellFormed());
        const level = encodeLevel(text);
        assert.doesNotMatch(level, /[+#/\p{Cc}]/u);
        assert.notEqual(level, '');
        assert.equal(decodeLevel(level), text);
      }),
    );
  });

  it('keep data, members and bridges apart, so that no key can take the place of a state', () => {
    const topics = new Topics({ base: 'gridvine', cluster: 'north/1' });
    assert.equal(topics.record('roof', 'state'), 'gridvine/north%2F1/data/roof/state');
    assert.equal(topics.memberState('roof'), 'gridvine/north%2F1/member/roof/state');
    assert.equal(topics.bridgeState('roof'), 'gridvine/north%2F1/bridge/roof/state');
    assert.equal(topics.bridgeInfo('roof'), 'gridvine/north%2F1/bridge/roof/info');
  });

  it('tell nodes of one name apart by id, whatever the order in which they were met', () => {
    const nodes = [
      { id: id('c'), name: 'roof' },
      { id: id('a'), name: 'roof' },
      { id: id('b'), name: 'shed' },
      { id: id('d'), name: '' },
    ];
    const expected = new Map([
      [id('a'), 'roof'],
      [id('b'), 'shed'],
      [id('c'), 'roof~cccccccc'],
      [id('d'), id('d')],
    ]);
    assert.deepEqual(nodeLevels(nodes), expected);
    assert.deepEqual(nodeLevels(nodes.toReversed()), expected);
  });

  it('give every node a level of its own, also where a name looks like a marked one', () => {
    const name = fc.constantFrom('roof', 'roof~bbbbbbbb', 'roof~cccccccc', '');
    fc.assert(
      fc.property(fc.array(name, { maxLength: 6 }), (names) => {
        const nodes = names.map((text, index) => ({ id: id('abcdef'[index]), name: text }));
        assert.equal(new Set(nodeLevels(nodes).values()).size, nodes.length);
      }),
    );
  });
});
