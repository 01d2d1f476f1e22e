import type { EnginePump, NodeChoices, PumpNode } from './engine-pump.ts';

/** Sends an event with a number as its payload. */
export function emit(
  pump: EnginePump,
  node: PumpNode,
  payload: number,
  windowMs = 60_000,
  name = 'deploy',
): number {
  return pump.mutate(node, (engine, nowMs) => engine.events.emit(nowMs, name, payload, { windowMs }));
}

/** What was delivered at a node, in order. */
export function payloads(node: PumpNode): unknown[] {
  return node.eventsOf('user-event').map(({ event }) => event.payload);
}

/** How many events each gap was of. */
export function missed(node: PumpNode): (number | null)[] {
  return node.eventsOf('event-gap').map(({ gap }) => gap.missed);
}

/** The same node, started again with what its medium held. */
export function restart(
  pump: EnginePump,
  node: PumpNode,
  seed: PumpNode,
  changes: NodeChoices = {},
): PumpNode {
  pump.kill(node);
  const kept = node.keptEvents;
  const next = pump.add({
    id: node.id,
    boot: 2,
    ...(kept === undefined ? {} : { events: { kept } }),
    ...changes,
  });
  pump.join(next, seed);
  return next;
}
