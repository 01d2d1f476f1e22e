import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type NetworkPlanOptions, planNetwork } from '#device/daemon/network-plan.ts';
import { builtinCatalog } from '#profiles/catalog.ts';
import type { InterfaceFacts } from '#profiles/facts.ts';
import type { InterfaceOverrides } from '#profiles/interface-decision.ts';
import { chooseInterfaces } from '#profiles/interfaces.ts';
import { parseAddress } from '#runtime/core/address.ts';
import { InterfaceTable } from '#runtime/transport/interface-table.ts';

const profile = builtinCatalog().get('linux-common');

function iface(
  name: string,
  values: Partial<InterfaceFacts> & { ipv4?: string; ipv6?: string } = {},
): InterfaceFacts {
  const { ipv4, ipv6, ...facts } = values;
  return {
    name,
    addresses: [
      ...(ipv4 === undefined ? [] : [{ family: 'ipv4' as const, address: ipv4, prefix: 24 }]),
      ...(ipv6 === undefined ? [] : [{ family: 'ipv6' as const, address: ipv6, prefix: 64, scopeId: 2 }]),
    ],
    up: true,
    carrier: true,
    multicast: true,
    wireless: false,
    type: name === 'lo' ? 772 : 1,
    devtype: null,
    driver: null,
    mtu: 1500,
    ...facts,
  };
}

function plan(facts: readonly InterfaceFacts[], options: Partial<NetworkPlanOptions> = {}) {
  const { only = [], exclude = [], multicast = true, bind = [], budgets = {} } = options;
  const overrides: InterfaceOverrides = {
    ...(only.length === 0 ? {} : { only }),
    exclude,
    ...(multicast ? {} : { multicast: 'off' as const }),
  };
  const { interfaces: decisions } = chooseInterfaces(facts, profile, overrides);
  const table = new InterfaceTable(
    facts.flatMap(({ name, addresses }) =>
      (addresses ?? []).map(({ address, prefix }) => ({
        link: name,
        address,
        bytes: parseAddress(address) as Uint8Array,
        prefixLength: prefix,
        internal: name === 'lo',
        scope: 0,
      })),
    ),
  );
  return planNetwork({ decisions, profile, table, bind, only, exclude, multicast, budgets });
}

const lo = iface('lo', { ipv4: '127.0.0.1' });
const eth0 = iface('eth0', { ipv4: '10.0.0.5' });

describe('where the node listens', () => {
  test('on the interface that the profile chose, at the default port, with its multicast', () => {
    assert.deepEqual(plan([lo, eth0]), {
      bind: [{ address: '0.0.0.0', port: 18262, link: 'eth0' }],
      links: [{ name: 'eth0', multicast: 'full' }],
      linkBytesPerSecond: {},
    });
  });

  test('also on IPv6 where that reaches beyond the link, or is all there is', () => {
    const addresses = (facts: InterfaceFacts) => plan([lo, facts]).bind.map(({ address }) => address);
    assert.deepEqual(addresses(iface('eth0', { ipv4: '10.0.0.5', ipv6: 'fd00::5' })), ['0.0.0.0', '::']);
    assert.deepEqual(addresses(iface('eth0', { ipv4: '10.0.0.5', ipv6: 'fe80::5' })), ['0.0.0.0']);
    assert.deepEqual(addresses(iface('eth0', { ipv6: 'fe80::5' })), ['::']);
  });

  test('an interface that is down or has no address yet is awaited', () => {
    const links = (facts: InterfaceFacts) => plan([lo, facts]).bind.map(({ link }) => link);
    assert.ok(links(iface('eth0', { carrier: false })).includes('eth0'));
    assert.ok(links(iface('eth0', { up: false })).includes('eth0'));
    assert.ok(links(iface('eth0', {})).includes('eth0'));
  });

  test('with nothing but loopback it listens there, and still awaits the others', () => {
    const { bind } = plan([lo, iface('eth0', { up: false })]);
    assert.deepEqual(bind.map(({ link }) => link).sort(), ['eth0', 'lo']);
  });

  test('an interface that the profile ignores, or the user excludes, is not awaited', () => {
    assert.deepEqual(
      plan([lo, eth0, iface('docker0', { up: false })]).links.map(({ name }) => name),
      ['eth0'],
    );
    assert.deepEqual(
      plan([lo, eth0, iface('eth1')], { exclude: ['eth1'] }).links.map(({ name }) => name),
      ['eth0'],
    );
  });

  test('a named interface counts alone, also one that is not plugged in yet', () => {
    const { bind, links } = plan([lo, eth0], { only: ['usb0'] });
    assert.deepEqual(bind, [{ address: '0.0.0.0', port: 18262, link: 'usb0' }]);
    assert.deepEqual(links, [{ name: 'usb0', multicast: 'full' }]);
    assert.deepEqual(
      plan([lo, eth0], { only: ['lo'] }).bind.map(({ link }) => link),
      ['lo'],
    );
  });

  test('multicast switched off is off everywhere', () => {
    assert.deepEqual(plan([lo, eth0], { multicast: false }).links, [{ name: 'eth0', multicast: 'off' }]);
  });
});

describe('byte budgets', () => {
  const lte = iface('wwan0', { ipv4: '100.64.0.5', type: 519, devtype: 'wwan' });
  const budgetsOf = (facts: readonly InterfaceFacts[], options: Partial<NetworkPlanOptions> = {}) =>
    plan(facts, options).linkBytesPerSecond;

  test('come from the profile where nothing is said: of a mobile network, of no other', () => {
    const wlan0 = iface('wlan0', { ipv4: '10.0.1.5', wireless: true, devtype: 'wlan' });
    assert.deepEqual(budgetsOf([lo, lte]), { wwan0: 4_000 });
    assert.deepEqual(budgetsOf([lo, eth0, wlan0]), {});
  });

  test('of an adapter that is not plugged in yet go by its name', () => {
    assert.deepEqual(budgetsOf([lo, eth0], { only: ['wwan0'] }), { wwan0: 4_000 });
  });

  test('in the configuration win over the profile, off among them', () => {
    assert.deepEqual(budgetsOf([lo, lte], { budgets: { wwan0: 9_000 } }), { wwan0: 9_000 });
    assert.deepEqual(budgetsOf([lo, lte], { budgets: { wwan0: null } }), {});
    assert.deepEqual(budgetsOf([lo, lte], { budgets: { 'wwan*': null } }), {});
    assert.deepEqual(budgetsOf([lo, eth0], { budgets: { eth0: 9_000, eth1: 1_000 } }), { eth0: 9_000 });
  });

  test('an exact name counts before patterns, and of these the longest', () => {
    const budgets = { 'e*': 1_000, 'eth*': 2_000, '*0': 3_000, eth1: 4_000 };
    const eth1 = iface('eth1', { ipv4: '10.0.2.5' });
    assert.deepEqual(budgetsOf([lo, eth0, eth1], { budgets }), { eth0: 2_000, eth1: 4_000 });
  });

  test('hold for the links of bind addresses too', () => {
    const bind = [{ address: '10.0.0.5', port: 9 }];
    assert.deepEqual(budgetsOf([lo, eth0], { bind, budgets: { eth0: 9_000 } }), { eth0: 9_000 });
  });
});

describe('bind addresses', () => {
  test('belong to the interface that has them', () => {
    const { bind, links } = plan([lo, eth0], {
      bind: [
        { address: '127.0.0.1', port: 0 },
        { address: '10.0.0.5', port: 9 },
      ],
    });
    assert.deepEqual(bind, [
      { address: '127.0.0.1', port: 0, link: 'lo' },
      { address: '10.0.0.5', port: 9, link: 'eth0' },
    ]);
    assert.deepEqual(links, [
      { name: 'lo', multicast: 'full' },
      { name: 'eth0', multicast: 'full' },
    ]);
  });

  test('0.0.0.0 stands for all chosen interfaces, with the port that was given', () => {
    assert.deepEqual(plan([lo, eth0], { bind: [{ address: '0.0.0.0', port: 7 }] }).bind, [
      { address: '0.0.0.0', port: 7, link: 'eth0' },
    ]);
  });

  test('an address of another machine is an error that lists our own', () => {
    assert.throws(() => plan([lo, eth0], { bind: [{ address: '10.0.0.6', port: 7 }] }), {
      code: 'E_ADDRESS',
      message: 'bind: expected an address of this machine (127.0.0.1, 10.0.0.5); got 10.0.0.6',
    });
  });
});
