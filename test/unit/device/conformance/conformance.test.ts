import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { REQUIREMENTS, runConformance } from '#device/conformance/conformance.ts';
import { BrokenPeer, type Faults } from '../../../support/broken-peer.ts';
import { CLUSTER, keyring, provider } from '../../../support/wire.ts';

/** The verdicts on a peer with these faults, for requirements whose sentence matches. */
async function verdicts(t: TestContext, faults: Faults, which: RegExp): Promise<Record<string, string>> {
  const peer = await BrokenPeer.start(faults);
  t.after(() => peer.stop());
  const outcomes = await runConformance({
    target: peer.address,
    cluster: CLUSTER,
    key: keyring.writing,
    provider,
    // On the loopback an answer that isn't there soon doesn't come.
    answerMs: 150,
    requirements: REQUIREMENTS.filter(({ sentence }) => which.test(sentence)),
  });
  assert.ok(outcomes !== undefined && outcomes.length > 0, 'the fake peer did not answer the join');
  return Object.fromEntries(outcomes.map(({ sentence, verdict }) => [sentence, verdict]));
}

describe('the checks can fail', () => {
  test('a peer that acknowledges everything is caught', async (t) => {
    const which =
      /was seen is dropped|was sealed to\.|behind the end of the body|another shape than its schema|bounds of CBOR|bound to the id|window of 1024|counter of 0|names another key|of another cluster is|unknown kind|another protocol version/;
    const found = Object.entries(await verdicts(t, { acksEverything: true }, which));
    assert.equal(found.length, 20);
    assert.deepEqual(
      found.filter(([, verdict]) => verdict !== 'fails'),
      [],
    );
    const some = /was seen is dropped|was sealed to\.|behind the end of the body|duplicate keys/;
    const good = Object.values(await verdicts(t, {}, some));
    assert.deepEqual(good, ['holds', 'holds', 'holds', 'holds']);
  });

  test('a peer that answers a short join is caught', async (t) => {
    const which = /join of less than 600/;
    assert.deepEqual(Object.values(await verdicts(t, { answersShortJoins: true }, which)), ['fails']);
    assert.deepEqual(Object.values(await verdicts(t, {}, which)), ['holds']);
  });

  test('a peer that writes the records of others anew is caught', async (t) => {
    const which = /byte for byte/;
    assert.deepEqual(Object.values(await verdicts(t, { reencodes: true }, which)), ['fails']);
    assert.deepEqual(Object.values(await verdicts(t, {}, which)), ['holds']);
  });

  test('a peer that gives its table to strangers is caught', async (t) => {
    const which = /no `have`, `buckets` or blocks/;
    assert.deepEqual(Object.values(await verdicts(t, { answersStrangers: true }, which)), ['fails']);
    assert.deepEqual(Object.values(await verdicts(t, {}, which)), ['holds']);
  });

  test('a peer whose ages stand still is caught', async (t) => {
    const found = await verdicts(t, { freezesAges: true }, /carries the age that it came with/);
    assert.deepEqual(Object.values(found), ['fails']);
  });

  test('a peer that refutes nothing and helps nobody is caught', async (t) => {
    const found = await verdicts(t, {}, /is refuted by the next one|stays silent, the helper/);
    assert.deepEqual(Object.values(found), ['fails', 'fails']);
  });
});

test('nobody at the address is no outcome at all', async () => {
  const options = {
    target: { address: '127.0.0.1', port: 9 },
    cluster: CLUSTER,
    key: keyring.writing,
    provider,
  };
  assert.equal(await runConformance(options), undefined);
});
