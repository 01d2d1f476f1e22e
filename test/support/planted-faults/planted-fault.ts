import type { EngineOptions, GossipEngine } from '#runtime/engine/contract.ts';
import { Engine } from '#runtime/engine/engine.ts';
import type { Run } from '#runtime/simulator/run.ts';
import type { WorldParts } from '#runtime/simulator/world.ts';

/** Makes the engine of a spoiled node, as often as it is asked to. */
export type MakeEngine = (change?: Partial<EngineOptions>) => GossipEngine;

/** A fault that an engine could have, and what must be seen of it. */
export interface PlantedFault {
  /** What is wrong, as the end of "an engine that ...". */
  readonly name: string;
  /** The checker that must object. */
  readonly checker: string;
  /** From the end of the cluster's forming until it must have objected, in virtual milliseconds. */
  readonly withinMs: number;
  readonly nodes: number;
  /** Loss each way, 0 to 1. Default 0. */
  readonly loss?: number;
  /** Nodes whose engines are spoiled; absent: all. */
  readonly spoiled?: readonly number[];
  readonly spoil: (make: MakeEngine, options: EngineOptions) => GossipEngine;
  /** What happens after the cluster has formed, with and without the fault. */
  readonly story: (run: Run) => void;
}

/** The parts of a world whose spoiled nodes have the fault. */
export function plant(fault: PlantedFault, parts: WorldParts): WorldParts {
  const names = fault.spoiled?.map((index) => `node-${index}`);
  return {
    ...parts,
    createEngine(options) {
      const make: MakeEngine = (change = {}) => new Engine({ ...options, ...change });
      return names === undefined || names.includes(options.name) ? fault.spoil(make, options) : make();
    },
  };
}
