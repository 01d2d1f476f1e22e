import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { Engine } from '#runtime/engine/engine.ts';
import { modelSealing } from '#runtime/simulator/modelled-provider.ts';
import type { WorldParts } from '#runtime/simulator/world.ts';

/** The daemon's own engine and primitives for a simulation. `fast`: sealing is modelled, sizes stay the same. */
export function simulationParts(options: { readonly fast: boolean }): WorldParts {
  const provider = createNodeProvider();
  return {
    provider: options.fast ? modelSealing(provider) : provider,
    createEngine: (engine) => new Engine(engine),
  };
}
