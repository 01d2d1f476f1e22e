import { createNode, GridvineError } from 'gridvine';
import { optionsOf } from './site.ts';

await using roof = await createNode(optionsOf('roof'));
// In earnest three or five nodes that are always on.
roof.setLeaseRoster({ version: 1, voters: [roof.id], previous: [] });
{
  await using lease = await roof.lease('pump', { ttlMs: 2_000, waitMs: 10_000 });
  // Asked before each act: it looks at the clock. What obeys refuses lower fences than it has seen.
  if (lease.held) console.log(`pump on, fence above 0: ${lease.fence > 0}`);
  await roof.lease('pump', { waitMs: 0 }).catch((error) => {
    if (error instanceof GridvineError) console.log(error.code);
  });
}
console.log(roof.ownLease('pump') === undefined ? 'let go' : 'still held');
