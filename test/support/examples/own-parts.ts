import { createNode, nobleProvider } from 'gridvine';
import { MemoryFiles, MemoryNetwork } from 'gridvine/testing';
import { optionsOf, until } from './site.ts';

// No socket, no file: the parts may as well speak a field bus, keep state in a flash chip, or call a secure element.
const network = new MemoryNetwork('bus0');
const onBus = (name: string, address: string) => ({
  ...optionsOf(name),
  dataDir: `/${name}`,
  links: [{ name: 'bus0', multicast: 'full' as const }],
  inject: { transports: [network.transport(address, 1)], files: new MemoryFiles(), provider: nobleProvider },
});

await using roof = await createNode(onBus('roof', '10.0.0.1'));
await using barn = await createNode(onBus('barn', '10.0.0.2'));
await until(barn, () => barn.members().some(({ name, state }) => name === 'roof' && state === 'alive'));

console.log(`${barn.name} found ${roof.name}, with ${barn.cryptoProvider}`);
