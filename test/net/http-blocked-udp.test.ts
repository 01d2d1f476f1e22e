import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const NODE = join(import.meta.dirname, '../support/namespace-node.ts');

/** What a node printed last. */
interface Seen {
  readonly by: string;
  readonly members: Readonly<Record<string, string>>;
  readonly downs: readonly string[];
  readonly records: readonly string[];
}

/**
 * A gate between two networks that forwards nothing, and on each a board behind a firewall that lets nothing in but answers. Whoever wants
 * to send UDP at the gate is dropped.
 */
const SCENE = `
set -e
ip link set lo up
for i in 1 2; do
  unshare -n sh -c 'while :; do sleep 1000; done' & eval board$i=$!
  while [ "$(readlink /proc/$(eval echo \\$board$i)/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
  ip link add gate$i type veth peer name eth0 netns $(eval echo \\$board$i)
  ip addr add 10.0.$i.1/24 dev gate$i
  ip link set gate$i up
done
for i in 1 2; do
  inside="nsenter -n -t $(eval echo \\$board$i)"
  $inside ip link set lo up
  $inside ip addr add 10.0.$i.2/24 dev eth0
  $inside ip link set eth0 up
  $inside iptables -A INPUT -i eth0 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
  $inside iptables -A INPUT -i eth0 -j DROP
done
block() { iptables -I INPUT -p udp -j DROP; iptables -I OUTPUT -p udp -j DROP; }
unblock() { iptables -F; }
block
`;

// B-89
test('with UDP dropped two boards behind firewalls exchange by HTTP through a third, and go over to UDP when it comes back', async (t) => {
  const directory = await temporaryDirectory(t);
  const run = (name: string, address: string, link: string, role: string) =>
    `"${process.execPath}" "${NODE}" ${name} ${address} ${link} "${join(directory, name)}" ${role}`;
  const scene = play(
    t,
    `${SCENE}
${run('gate', '10.0.1.1', 'gate1', 'listen')} &
for i in 1 2; do
  nsenter -n -t $(eval echo \\$board$i) "${process.execPath}" "${NODE}" board$i 10.0.$i.2 eth0 "${directory}/board$i" http://10.0.$i.1:18262 &
done
while read command; do $command; done
wait`,
  );
  const ALL = ['board1', 'board2', 'gate'];
  const isWhole = (seen: Seen | undefined) =>
    ALL.every((name) => seen?.members[name]?.startsWith('alive') && seen.records.includes(name));
  const patience = { withinMs: 40_000 };
  await eventually(() => ALL.every((by) => isWhole(scene.last(by))), { what: 'all see all', ...patience });
  const goesBy = (transport: string) =>
    scene.last('gate')?.members.board1 === `alive ${transport}` &&
    scene.last('board1')?.members.gate === `alive ${transport}`;
  await eventually(() => goesBy('http'), { what: 'HTTP is used', ...patience });

  scene.command('unblock');
  await eventually(() => goesBy('udp'), { what: 'UDP is used again', withinMs: 90_000 });
  scene.command('block');
  await eventually(() => goesBy('http'), { what: 'HTTP takes over', ...patience });
  for (const by of ALL) assert.deepEqual(scene.last(by)?.downs, [], `${by} took nobody for down`);
});

function play(t: TestContext, text: string) {
  // A process group of its own, so that everything ends with the shell.
  const child = spawn('unshare', ['-rn', 'sh', '-c', text], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => process.kill(-(child.pid as number), 'SIGKILL'));
  const seen = new Map<string, Seen>();
  let rest = '';
  child.stdout.on('data', (data) => {
    const lines = `${rest}${data}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const one = JSON.parse(line) as Seen;
      seen.set(one.by, one);
    }
  });
  return {
    last: (by: string) => seen.get(by),
    command: (name: string) => child.stdin.write(`${name}\n`),
  };
}
