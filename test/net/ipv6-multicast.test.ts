import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Two ends of a cable in a namespace of their own; addresses are link-local only, as on a segment without a router. */
const CABLE =
  'ip link set lo up && ip link add cable0 type veth peer name cable1 && ip link set cable0 up && ip link set cable1 up';
const NODE = join(import.meta.dirname, '../support/veth-node.ts');

// B-86
test('nodes with nothing but link-local IPv6 addresses find each other by multicast', async (t) => {
  const directory = await temporaryDirectory(t);
  const run = (name: string, link: string) =>
    `"${process.execPath}" "${NODE}" ${name} ${link} "${join(directory, name)}"`;
  // Link-local addresses are tentative for a moment: the nodes start without an address and follow.
  const output = script(t, `${CABLE}; ${run('a', 'cable0')} & ${run('b', 'cable1')} & wait`);
  await eventually(
    () => ['a', 'b'].every((by) => output.lines.includes(`{"by":"${by}","names":["a","b"]}`)),
    {
      what: 'each sees both alive',
      withinMs: 30_000,
    },
  );
});

function script(t: TestContext, text: string): { readonly lines: string[] } {
  // A process group of its own, so that the nodes end with the shell.
  const child = spawn('unshare', ['-rn', 'sh', '-c', text], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => process.kill(-(child.pid as number), 'SIGKILL'));
  const lines: string[] = [];
  child.stdout.on('data', (data) => lines.push(...String(data).trim().split('\n')));
  return { lines };
}
