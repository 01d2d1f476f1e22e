import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { simulateCommand } from '#device/cli/commands/simulate.ts';
import { type SimulateFlags, simulationOptions } from '#device/cli/commands/simulate-flags.ts';
import type { SimulationOptions } from '#runtime/simulator/options.ts';
import { replayCommand } from '#runtime/simulator/replay.ts';
import { findScenario, SCENARIOS } from '#runtime/simulator/scenarios/registry.ts';
import { drawRun } from '../../../scripts/soak/draw.ts';

const DRAWS = fc.record({
  draw: fc.integer({ min: 0, max: 2 ** 40 }),
  nodesMax: fc.integer({ min: 5, max: 1_000 }),
});

/** What the command line makes of these words, without doing it. */
function read(command: string) {
  const quiet = { write: () => true };
  const simulate = simulateCommand({ stdout: quiet, stderr: quiet, env: {} });
  const { operands, unknown } = simulate.parseOptions(command.split(' ').slice(2));
  assert.deepEqual([operands, unknown], [[], []], command);
  const flags = simulate.opts<SimulateFlags>();
  return { options: simulationOptions(flags), fast: flags.fast === true };
}

/** A flag that isn't given is the same as one that is off. */
function plain({ certificates, cold, together, hostsStayUp, ...rest }: SimulationOptions) {
  return {
    ...rest,
    certificates: certificates === true,
    cold: cold === true,
    readings: rest.readings,
    together: together === true,
    hostsStayUp: hostsStayUp === true,
  };
}

test('the replay command of each run that is drawn means exactly that run', () => {
  fc.assert(
    fc.property(DRAWS, ({ draw, nodesMax }) => {
      const { options, fast } = drawRun(draw, { nodesMax });
      const again = read(replayCommand(options, { fast }));
      assert.deepEqual(plain(again.options), plain(options));
      assert.equal(again.fast, fast);
    }),
  );
});

test('the same number draws the same run, within the limits', () => {
  fc.assert(
    fc.property(
      DRAWS,
      fc.constantFrom(undefined, ...SCENARIOS.map(({ name }) => name)),
      (drawn, scenario) => {
        const limits = { nodesMax: drawn.nodesMax, scenario };
        const { options } = drawRun(drawn.draw, limits);
        assert.deepEqual(drawRun(drawn.draw, limits).options, options);
        assert.ok(options.nodes <= drawn.nodesMax, `${options.nodes} nodes`);
        assert.ok(options.nodes >= (findScenario(options.scenario)?.nodesMin ?? 0));
        if (scenario !== undefined) assert.equal(options.scenario, scenario);
      },
    ),
  );
});

test('many draws touch every scenario, medium, loss and preset', () => {
  const drawn = Array.from({ length: 500 }, (_, draw) => drawRun(draw, { nodesMax: 30 }).options);
  const kinds = (of: (options: (typeof drawn)[number]) => unknown) => new Set(drawn.map(of)).size;
  assert.equal(
    kinds(({ scenario }) => scenario),
    SCENARIOS.length,
  );
  assert.equal(
    kinds(({ medium }) => medium),
    2,
  );
  assert.ok(kinds(({ quality }) => quality.lossShare) >= 5);
  assert.ok(kinds(({ settings }) => settings.probeIntervalMs) >= 4);
  assert.ok(kinds(({ nodes }) => nodes) >= 20);
});
