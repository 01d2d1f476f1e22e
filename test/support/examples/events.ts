import { createNode } from 'gridvine';
import { optionsOf, until } from './site.ts';

await using roof = await createNode(optionsOf('roof'));
await using barn = await createNode({ ...optionsOf('barn'), seeds: roof.endpoints });
await until(roof, () => roof.members().some(({ name, state }) => name === 'barn' && state === 'alive'));

// Each live member gets an event once, in the order in which its sender sends.
roof.emitEvent('deploy', { version: 7 });
roof.emitEvent('deploy', { version: 8 });
let left = 2;
for await (const { senderName, name, payload } of barn.userEvents({ name: 'deploy' })) {
  console.log(`${senderName}: ${name} ${JSON.stringify(payload)}`);
  if (--left === 0) break;
}

barn.onQuery('load', ({ payload }) => `0.42 over ${payload} s`);
const query = roof.query('load', { payload: 60, nodes: ['b*'], timeoutMs: 10_000 });
for await (const { name, value } of query) console.log(`${name}: ${value}`);
const { answers, expected } = await query.done;
console.log(`${answers} of ${expected}`);
