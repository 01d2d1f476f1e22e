import type { SimHost } from './host.ts';
import type { World } from './world.ts';

/** Views are compared on so many nodes: each of them lists all members. */
const HOSTS_CHECKED_MAX = 50;

/**
 * Asks nodes for what they say when asked, and holds it against what their events said; shows each node's own order to the
 * checkers.
 */
export function selfCheck(world: World): void {
  const living = world.living();
  const step = Math.max(1, Math.ceil(living.length / HOSTS_CHECKED_MAX));
  for (let i = 0; i < living.length; i += step) checkHost(world, living[i]);
}

function checkHost(world: World, host: SimHost): void {
  const views = host.engine?.members(host.localNow()) ?? [];
  for (const view of views) {
    if (view.id === host.id) {
      const { boot, incarnation } = view;
      world.emit({ type: 'self', atMs: world.nowMs, node: host.id, boot, incarnation });
      continue;
    }
    const told = world.members.stateOf(host.index, world.indexOf(view.id));
    if (told === view.state) continue;
    world.emit({
      type: 'settled',
      atMs: world.nowMs,
      agreed: false,
      detail: `node ${host.index} lists ${view.id} as ${view.state}, its events said ${told ?? 'nothing'}`,
    });
  }
}
