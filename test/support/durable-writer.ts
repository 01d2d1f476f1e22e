import { createNode } from '#runtime/driver/create-node.ts';

/**
 * Run as a process of its own, to be killed: a node in the data directory that it is given, which says `kept N` of each number that it put
 * durably, and `found N` of the one that it finds at its start (0: none).
 */
const [dataDir] = process.argv.slice(2);

async function write(): Promise<void> {
  const node = await createNode({
    name: 'writer',
    cluster: 'durable',
    psk: new Uint8Array(32).fill(5),
    dataDir,
    bind: [{ address: '127.0.0.1', port: 0, link: 'lo' }],
    links: [{ name: 'lo', multicast: 'off' }],
  });
  const [found] = node.records({ key: 'n', owner: node.id });
  let n = Number(found?.value ?? 0);
  process.stdout.write(`found ${n}\n`);
  for (;;) {
    n++;
    node.put(`other/${n % 50}`, n);
    await node.putDurably('n', n);
    process.stdout.write(`kept ${n}\n`);
  }
}

await write();
