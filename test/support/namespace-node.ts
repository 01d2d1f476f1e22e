import { createNode } from '#runtime/driver/create-node.ts';

/**
 * Run as a process of its own inside a network namespace: a node with one address, which prints a line whenever what it sees changes: the
 * members with state and transport, who was ever down, and whose record `from` it has. The last argument is where it listens for HTTP
 * (`listen`), or whom it joins by (`http://...`).
 */
const [name, address, link, dataDir, role] = process.argv.slice(2);

createNode({
  name,
  cluster: 'namespaces',
  psk: new Uint8Array(32).fill(3),
  dataDir,
  bind: [{ address, port: 18_262, link }],
  links: [{ name: link, multicast: 'off' }],
  http: role === 'listen' ? { listen: [{ address: '0.0.0.0', port: 18_262 }] } : { seeds: [role] },
}).then((node) => {
  const downs = new Set<string>();
  let said = '';
  node.onEvent((event) => {
    if (event.type === 'member' && event.to === 'down') downs.add(event.name);
  });
  node.put('from', name);
  const tell = () => {
    const members = node
      .members()
      .map((member) => [member.name, `${member.state} ${member.path?.transport ?? '-'}`]);
    const records = node.records({ key: 'from' }).map((record) => record.node);
    const line = JSON.stringify({
      by: name,
      members: Object.fromEntries(members.sort()),
      downs: [...downs].sort(),
      records: records.sort(),
    });
    if (line !== said) process.stdout.write(`${line}\n`);
    said = line;
  };
  setInterval(tell, 50);
});
