import { createNode } from '#runtime/driver/create-node.ts';

/**
 * Run as a process of its own inside a network namespace: a node on one link, IPv6 only, which prints its name and the names of the
 * members that it sees alive whenever they change.
 */
const [name, link, dataDir] = process.argv.slice(2);

createNode({
  name,
  cluster: 'veth',
  psk: new Uint8Array(32).fill(3),
  dataDir,
  bind: [{ address: '::', port: 0, link }],
  links: [{ name: link, multicast: 'full' }],
  multicast: { port: 28_262 },
}).then((node) => {
  const tell = () => {
    const alive = node.members().filter((member) => member.state === 'alive');
    const names = alive.map((member) => member.name).sort();
    process.stdout.write(`${JSON.stringify({ by: name, names })}\n`);
  };
  node.onEvent((event) => {
    if (event.type === 'member') tell();
  });
  tell();
});
