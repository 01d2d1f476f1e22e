import { createNode } from 'gridvine';
import { optionsOf, until } from './site.ts';

await using roof = await createNode(optionsOf('roof'));
await using barn = await createNode({ ...optionsOf('barn'), seeds: roof.endpoints });

roof.put('power', 1200, { unit: 'W', ttlMs: 30_000 });
await until(barn, () => barn.records({ key: 'power' }).length > 0);

for (const { node, value, unit, ageMs } of barn.records({ key: 'power' }))
  console.log(`${node}: ${value} ${unit}, ${ageMs < 5_000 ? 'fresh' : 'old'}`);
