/**
 * What a simulated delivery costs: `node scripts/bench/simulator.ts [--json] [NODES...]` (default 100 and 1000). For each size
 * the cluster forms and then idles for 60 virtual seconds, with real and with modelled sealing.
 */
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { Engine } from '#runtime/engine/engine.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import { modelSealing } from '#runtime/simulator/modelled-provider.ts';
import { DEFAULT_QUALITY } from '#runtime/simulator/options.ts';
import { Run } from '#runtime/simulator/run.ts';
import { World } from '#runtime/simulator/world.ts';

const MEASURED_MS = 60_000;

interface Figures {
  readonly nodes: number;
  readonly sealing: 'real' | 'modelled';
  readonly formWallMs: number;
  readonly formVirtualMs: number;
  readonly formDeliveries: number;
  readonly idleWallMs: number;
  readonly idleVirtualMs: number;
  readonly idleDeliveries: number;
  readonly deliveriesPerSecond: number;
  readonly heapMegabytes: number;
}

function measure(nodes: number, sealing: Figures['sealing']): Figures {
  const provider = createNodeProvider();
  const world = new World(
    { nodes, seed: 1, medium: 'unicast', quality: DEFAULT_QUALITY, settings: settingsOf('lan') },
    {
      provider: sealing === 'real' ? provider : modelSealing(provider),
      createEngine: (options) => new Engine(options),
    },
  );
  const run = new Run(world, {});
  const startMs = performance.now();
  run.form();
  const formedMs = performance.now();
  const formVirtualMs = world.nowMs;
  const formDeliveries = world.network.carried;
  world.runFor(MEASURED_MS);
  const endMs = performance.now();
  const deliveries = world.network.carried;
  return {
    nodes,
    sealing,
    formWallMs: Math.round(formedMs - startMs),
    formVirtualMs: Math.round(formVirtualMs),
    formDeliveries,
    idleWallMs: Math.round(endMs - formedMs),
    idleVirtualMs: MEASURED_MS,
    idleDeliveries: deliveries - formDeliveries,
    deliveriesPerSecond: Math.round((deliveries / (endMs - startMs)) * 1000),
    heapMegabytes: Math.round(process.memoryUsage().heapUsed / 1e6),
  };
}

const args = process.argv.slice(2);
const json = args.includes('--json');
const sizes = args.filter((arg) => arg !== '--json').map(Number);
const figures: Figures[] = [];
for (const nodes of sizes.length > 0 ? sizes : [100, 1000]) {
  for (const sealing of ['real', 'modelled'] as const) {
    const figure = measure(nodes, sealing);
    figures.push(figure);
    if (json) continue;
    process.stdout.write(
      `${nodes} nodes, ${sealing} sealing: formed in ${figure.formWallMs} ms (${figure.formVirtualMs} virtual, ${figure.formDeliveries} deliveries); ` +
        `60 s idle in ${figure.idleWallMs} ms (${figure.idleDeliveries} deliveries); ` +
        `${figure.deliveriesPerSecond} deliveries a second in all; heap ${figure.heapMegabytes} MB\n`,
    );
  }
}
if (json)
  process.stdout.write(`${JSON.stringify({ schema: 'gridvine.bench-simulator/1', figures }, null, 2)}\n`);
