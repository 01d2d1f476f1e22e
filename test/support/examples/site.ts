import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeOptions, RunningNode } from 'gridvine';

const state = await mkdtemp(join(tmpdir(), 'gridvine-'));
const psk = crypto.getRandomValues(new Uint8Array(32));

/** A node on this machine. On boards: the same `psk` for all, and an interface instead of `lo`. */
export const optionsOf = (name: string): NodeOptions => ({
  name,
  cluster: 'example',
  psk,
  dataDir: join(state, name),
  bind: [{ address: '127.0.0.1', port: 0, link: 'lo' }],
  links: [{ name: 'lo', multicast: 'off' }],
});

/** Resolves when something holds on a node; asked after each of its events. */
export function until(node: RunningNode, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!holds()) return;
      unsubscribe();
      resolve();
    };
    const unsubscribe = node.onEvent(look);
    look();
  });
}
