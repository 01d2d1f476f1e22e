import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createNode } from '#runtime/driver/create-node.ts';

/**
 * Run as a process of its own, as root of a mount namespace: a node in a small file system of its own, which is then filled and
 * emptied. Says one JSON object of what it saw of each.
 */
const [directory] = process.argv.slice(2);

function mount(...args: string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

function fill(): void {
  for (let i = 0, bytes = 65_536; bytes >= 512; i++) {
    try {
      writeFileSync(join(directory, `ballast-${i}`), new Uint8Array(bytes));
    } catch {
      rmSync(join(directory, `ballast-${i}`), { force: true });
      bytes /= 2;
    }
  }
}

async function play(): Promise<void> {
  mount('-t', 'tmpfs', '-o', 'size=700k', 'tmpfs', directory);
  const start = () =>
    createNode({
      name: 'full',
      cluster: 'full',
      psk: new Uint8Array(32).fill(5),
      dataDir: join(directory, 'node'),
      bind: [{ address: '127.0.0.1', port: 0, link: 'lo' }],
      links: [{ name: 'lo', multicast: 'off' }],
    });
  let node = await start();
  let n = 0;
  /** Puts what takes new pages, and tells how it went. */
  const put = async () => {
    n++;
    for (let i = 0; i < 40; i++) node.put(`filler/${i}`, 'x'.repeat(400));
    return node.putDurably('n', n).then(
      () => 'kept',
      (error: { code?: string }) => error.code ?? String(error),
    );
  };
  const health = () => node.health().map(({ code }) => code);
  const seen: Record<string, unknown> = { before: await put() };
  fill();
  seen.full = await put();
  seen.health = health();
  seen.value = node.records({ key: 'n' })[0]?.value;
  for (let i = 0; i < 200; i++) rmSync(join(directory, `ballast-${i}`), { force: true });
  seen.emptied = await put();
  seen.healthAfter = health();
  await node.close();
  node = await start();
  seen.found = node.records({ key: 'n' })[0]?.value;
  await node.close();
  process.stdout.write(JSON.stringify(seen));
}

await play();
