import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterTag, problemOfClusterName } from '#runtime/crypto/cluster.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';

test('[P-2.3] the cluster tag is 4 bytes of the hash of the labelled name', () => {
  const provider = createNodeProvider();
  const hash = provider.sha256(new TextEncoder().encode('gridvine/1 cluster home'));
  assert.deepEqual(clusterTag(provider, 'home'), hash.slice(0, 4));
});

test('[P-2.1] a cluster name is 1 to 64 bytes of UTF-8', () => {
  for (const name of ['a', 'Pfarrhof Süd', 'é'.repeat(32)])
    assert.equal(problemOfClusterName(name), undefined);
  assert.equal(problemOfClusterName(''), 'expected 1 to 64 bytes of UTF-8; got 0');
  assert.equal(problemOfClusterName('é'.repeat(33)), 'expected 1 to 64 bytes of UTF-8; got 66');
  assert.match(problemOfClusterName('a\u001b[2J') ?? '', /control characters/);
  assert.match(problemOfClusterName('a\ud800') ?? '', /lone surrogate/);
});
