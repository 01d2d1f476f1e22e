import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { detectBoard } from '#device/board/detect.ts';
import type { ConfigFlags } from '#device/config/flags.ts';
import { originOf } from '#device/config/layers.ts';
import { readConfigSources, resolveConfig } from '#device/config/load-config.ts';
import { profileDefaults } from '#device/daemon/load.ts';
import { chooseInterfaces } from '#profiles/interfaces.ts';
import { interfaceFacts } from '../../../support/boards/interfaces.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

/** A board with a modem and a cable. */
function board() {
  const detected = detectBoard({ profileOverride: 'linux-common', networkInterfaces: () => ({}) });
  const facts = [interfaceFacts('wwan0', { type: 519, devtype: 'wwan' }), interfaceFacts('eth0')];
  return { ...detected, interfaces: chooseInterfaces(facts, detected.profile).interfaces };
}

async function load(t: TestContext, flags: ConfigFlags) {
  const context = { env: { HOME: '/home/u' }, root: false, sysroot: await temporaryDirectory(t) };
  const sources = await readConfigSources(flags, context);
  return resolveConfig(sources, profileDefaults(board(), resolveConfig(sources).values));
}

describe("the profile's byte budgets", () => {
  test('are shown with the profile as their origin', async (t) => {
    const { values, tree, origins } = await load(t, {});
    assert.deepEqual(values.interfaces.budgets, { wwan0: 4_000 });
    assert.deepEqual((tree.interfaces as { budgets: unknown }).budgets, { wwan0: '4kB/s' });
    assert.equal(originOf(origins, ['interfaces', 'budgets', 'wwan0']), 'profile linux-common');
  });

  test('give way to what the user says of the interface by name or by pattern, and only of that one', async (t) => {
    for (const [said, budgets] of [
      ['wwan0=8kB/s', { wwan0: 8_000 }],
      ['wwan*=off', { 'wwan*': null }],
      ['eth0=1MB/s', { wwan0: 4_000, eth0: 1_000_000 }],
    ] as const)
      assert.deepEqual(
        (await load(t, { set: [`interfaces.budgets.${said}`] })).values.interfaces.budgets,
        budgets,
      );
  });
});
