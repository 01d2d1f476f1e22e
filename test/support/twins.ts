import type { NodeId } from '#runtime/core/ids.ts';
import { BOOT_MAX } from '#runtime/core/version.ts';
import type { EnginePump, PumpNode, Sent } from './engine-pump.ts';

const STEP_MS = 10;

/** Lets time go by as drivers do it: who asks for a higher boot gets it. */
export function drive(pump: EnginePump, ms: number, until: () => boolean = () => false): boolean {
  const handled = new Map<PumpNode, number>(
    pump.nodes.map((node) => [node, node.eventsOf('boot-behind').length]),
  );
  const endMs = pump.nowMs + ms;
  while (pump.nowMs < endMs && !until()) {
    pump.run(STEP_MS);
    for (const node of pump.nodes) {
      const asked = node.eventsOf('boot-behind');
      const done = handled.get(node) ?? 0;
      handled.set(node, asked.length);
      const boot = (asked.at(-1)?.seenBoot ?? 0) + 1;
      if (asked.length > done && node.running && boot > node.engine.boot && boot <= BOOT_MAX)
        pump.mutate(node, (engine, nowMs) => engine.adoptBoot(nowMs, boot));
    }
  }
  return until();
}

/** Whether a node says that this identity lives twice. */
export function isFlagged(pump: EnginePump, node: PumpNode, id: NodeId): boolean {
  return node.engine.members(pump.nowMs).some((member) => member.id === id && member.twin);
}

/** Nodes that said once that any identity lives twice. */
export function flaggers(nodes: readonly PumpNode[]): PumpNode[] {
  return nodes.filter((node) => node.eventsOf('twin').length > 0);
}

/** Hands a node everything that others sent to it, or to all, as somebody who kept it all would. */
export function replay(pump: EnginePump, to: PumpNode, captured: readonly Sent[]): Sent[] {
  return captured.flatMap((sent) => {
    const isTo =
      sent.to.kind === 'multicast' ||
      (sent.to.endpoint.address === to.endpoint.address && sent.to.endpoint.port === to.endpoint.port);
    if (!isTo || sent.from === to) return [];
    return pump.deliver(to, sent.bytes, { ...sent.from.path, multicast: sent.to.kind === 'multicast' });
  });
}
