import { createNode } from 'gridvine';
import { optionsOf, until } from './site.ts';

await using roof = await createNode(optionsOf('roof'));
await using barn = await createNode({ ...optionsOf('barn'), seeds: roof.endpoints });

const energy = () => roof.crdt.get('energy/total')?.value;
const load = () =>
  roof.aggregate({ key: 'load', function: 'sum', minCoverage: 1, maxAgeMs: 10_000 }).groups[0];

// A counter that all write at the same time, and one number of a reading that each has for itself.
for (const node of [roof, barn]) {
  node.crdt.apply('pncounter', 'energy/total', { op: 'increment', by: 250 });
  node.put('load', 300, { unit: 'W', keep: false });
}
await until(roof, () => energy() === 500 && load()?.value !== null);

console.log(`${energy()} Wh, ${load()?.value} ${load()?.unit} on ${load()?.n} of ${load()?.expected}`);
