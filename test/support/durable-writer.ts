import { createNode } from '#runtime/driver/create-node.ts';

/**
 * Run as a process of its own, to be killed: a node in the data directory that it is given, which says `kept N` of each number that it put
 * durably, even ones together with a copy, and `found N COPY` of those that it finds at its start (0: none).
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
  const found = (key: string) => Number(node.records({ key, owner: node.id })[0]?.value ?? 0);
  let n = found('n');
  process.stdout.write(`found ${n} ${found('copy')}\n`);
  for (;;) {
    n++;
    node.put(`other/${n % 50}`, n);
    const entries = ['n', 'copy'].map((key) => ({ key, value: n }));
    if (n % 2 === 0) await node.putManyDurably(entries);
    else await node.putDurably('n', n);
    process.stdout.write(`kept ${n}\n`);
  }
}

await write();
