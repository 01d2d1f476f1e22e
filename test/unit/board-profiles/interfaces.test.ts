import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { builtinCatalog } from '#profiles/catalog.ts';
import type { InterfaceFacts } from '#profiles/facts.ts';
import type { InterfaceOverrides } from '#profiles/interface-decision.ts';
import { chooseInterfaces } from '#profiles/interfaces.ts';
import { LINK_KINDS } from '#profiles/schema.ts';
import { interfaceFacts, ipv4, linkLocal, loopback, wifi } from '../../support/boards/interfaces.ts';

const profile = builtinCatalog().get('rpi-4b');
const choose = (facts: InterfaceFacts[], overrides?: InterfaceOverrides) =>
  chooseInterfaces(facts, profile, overrides);
const usedOf = (facts: InterfaceFacts[], overrides?: InterfaceOverrides) =>
  choose(facts, overrides)
    .interfaces.filter((d) => d.use)
    .map((d) => d.name);
const one = (facts: InterfaceFacts, overrides?: InterfaceOverrides) => {
  const found = choose([facts], overrides).interfaces[0];
  assert.ok(found);
  return found;
};
const codes = (facts: InterfaceFacts[], overrides?: InterfaceOverrides) =>
  choose(facts, overrides).notices.map((n) => n.code);

test('wired comes before Wi-Fi, and both are used', () => {
  const { interfaces, notices } = choose([wifi('wlan0'), loopback, interfaceFacts('end0')]);
  assert.deepEqual(
    interfaces.map((d) => [d.name, d.use, d.kind, d.multicast, d.why]),
    [
      ['end0', true, 'wired', 'full', 'wired, link up'],
      ['wlan0', true, 'wifi', 'discovery', 'wifi, link up'],
      ['lo', false, 'loopback', 'full', 'loopback: reaches only this machine'],
    ],
  );
  assert.deepEqual(notices, []);
});

const OBSTACLES: readonly [string, InterfaceFacts, string][] = [
  ['that is down', interfaceFacts('eth0', { up: false }), 'down'],
  ['without a cable', interfaceFacts('eth0', { carrier: false }), 'no carrier'],
  ['that is not associated', wifi('wlan0', { carrier: false }), 'not associated'],
  ['without an address', interfaceFacts('eth0', { addresses: [] }), 'no address yet'],
  [
    'with a link-local address but no zone',
    interfaceFacts('eth0', { addresses: [linkLocal('fe80::1')] }),
    'only addresses that cannot be bound',
  ],
  ['of Docker', interfaceFacts('docker0'), 'ignored by the profile (containers); name it to use it'],
  [
    'that is a Docker network',
    interfaceFacts('br-0123456789ab'),
    'ignored by the profile (containers); name it to use it',
  ],
  [
    'of a VPN',
    interfaceFacts('wg0', { type: 65_534, devtype: 'wireguard' }),
    'ignored by the profile (tunnels); name it to use it',
  ],
  ['that is a CAN bus', interfaceFacts('can0', { type: 280 }), 'link type 280 carries no IP'],
  [
    'with a name nobody knows',
    interfaceFacts('xyz0'),
    'no rule of the profile knows this name; name it to use it',
  ],
];

for (const [name, facts, why] of OBSTACLES) {
  test(`an interface ${name} is not used, and says so`, () => {
    const decision = one(facts);
    assert.deepEqual([decision.use, decision.why], [false, why]);
  });
}

test('a named interface is used although the profile ignores it, and no other is', () => {
  assert.deepEqual(usedOf([interfaceFacts('eth0'), interfaceFacts('docker0')], { only: ['docker0'] }), [
    'docker0',
  ]);
  assert.deepEqual(usedOf([interfaceFacts('eth0'), interfaceFacts('xyz0')], { only: ['xyz*'] }), ['xyz0']);
  assert.equal(one(interfaceFacts('eth0'), { only: ['wlan0'] }).why, 'not among the named ones (wlan0)');
});

test('a named interface that is down is not used', () => {
  assert.equal(one(interfaceFacts('eth0', { up: false }), { only: ['eth0'] }).why, 'down');
});

test('an excluded interface is not used, even if it is named', () => {
  const decision = one(interfaceFacts('eth0'), { only: ['eth0'], exclude: ['eth*'] });
  assert.deepEqual([decision.use, decision.why], [false, 'excluded by configuration']);
});

test('loopback is used when nothing else is, with a notice; when named, without', () => {
  const alone = choose([loopback, interfaceFacts('eth0', { carrier: false })]);
  assert.deepEqual(
    alone.interfaces.map((d) => [d.name, d.use]),
    [
      ['lo', true],
      ['eth0', false],
    ],
  );
  assert.deepEqual(
    alone.notices.map((n) => [n.code, n.severity]),
    [['loopback-only', 'warning']],
  );
  assert.deepEqual(usedOf([loopback, interfaceFacts('eth0')], { only: ['lo'] }), ['lo']);
  assert.deepEqual(codes([loopback, interfaceFacts('eth0')], { only: ['lo'] }), []);
});

test('loopback carries multicast although it lacks the flag; another interface without the flag does not', () => {
  assert.equal(one(loopback).multicast, 'full');
  const decision = one(interfaceFacts('eth0', { multicast: false }));
  assert.deepEqual(
    [decision.multicast, decision.why],
    ['off', 'wired, link up, the interface has no multicast'],
  );
});

test('only what is metered has a byte budget, on every board', () => {
  for (const { id, interfaces } of builtinCatalog().profiles)
    for (const rule of interfaces)
      assert.equal(rule.bytesPerSecondMax !== null, rule.metered, `${id} ${rule.id}`);
});

test('a metered link is kept in reserve while an unmetered one is usable', () => {
  const lte = interfaceFacts('wwan0', { type: 519, devtype: 'wwan' });
  const both = choose([lte, interfaceFacts('eth0')]).interfaces.find((d) => d.name === 'wwan0');
  assert.deepEqual([both?.use, both?.why], [false, 'metered, kept in reserve while eth0 is usable']);
  const alone = choose([lte, loopback, interfaceFacts('eth0', { carrier: false })]).interfaces[0];
  assert.deepEqual(
    [
      alone?.name,
      alone?.use,
      alone?.multicast,
      alone?.metered,
      alone?.bytesPerSecondMax,
      alone?.bytesPerMonthMax,
    ],
    ['wwan0', true, 'off', true, 4_000, 25_000_000],
  );
  assert.deepEqual(usedOf([lte, interfaceFacts('eth0')], { only: ['wwan0', 'eth0'] }), ['eth0', 'wwan0']);
});

test('what the system knows about the kind wins over the name', () => {
  assert.deepEqual([one(wifi('eth1')).kind, one(wifi('eth1')).rule], ['wifi', 'wifi']);
  assert.equal(one(interfaceFacts('eth1', { wireless: true })).kind, 'wifi');
  assert.equal(one(interfaceFacts('eth1', { devtype: 'wlan' })).kind, 'wifi');
  assert.equal(one(interfaceFacts('eth2', { devtype: 'wwan' })).metered, true);
  assert.equal(one(interfaceFacts('enxb827eb000001')).kind, 'wired');
  assert.equal(one(interfaceFacts('usb0', { devtype: 'gadget' })).kind, 'gadget');
});

test('IPv6 link-local keeps its zone and comes after routable addresses', () => {
  const { addresses } = one(
    interfaceFacts('eth0', {
      addresses: [
        linkLocal('fe80::1', 3),
        ipv4('169.254.3.4', 16),
        { family: 'ipv6', address: 'fd00::5', prefix: 64 },
        ipv4('10.0.0.9'),
      ],
    }),
  );
  assert.deepEqual(
    addresses.map((a) => [a.address, a.scope, a.scopeId]),
    [
      ['10.0.0.9', 'global', undefined],
      ['fd00::5', 'global', undefined],
      ['169.254.3.4', 'link', undefined],
      ['fe80::1', 'link', 3],
    ],
  );
});

test('an interface with nothing but IPv6 link-local is used', () => {
  const decision = one(interfaceFacts('eth0', { addresses: [linkLocal('fe80::1', 2)] }));
  assert.deepEqual([decision.use, decision.why], [true, 'wired, link up, only link-local addresses']);
});

test('the smaller MTU counts, and one that splits datagrams is named', () => {
  assert.equal(one(wifi('wlan0')).mtu, 1400);
  assert.equal(one(interfaceFacts('eth0', { mtu: 9000 })).mtu, 1500);
  const small = one(interfaceFacts('eth0', { mtu: 1000 }));
  assert.deepEqual(
    [small.mtu, small.why],
    [1000, 'wired, link up, MTU 1000 splits a datagram of 1200 bytes'],
  );
});

test('switching multicast off by configuration reaches every interface', () => {
  const { interfaces } = choose([wifi('wlan0'), loopback, interfaceFacts('eth0')], { multicast: 'off' });
  assert.deepEqual(new Set(interfaces.map((d) => d.multicast)), new Set(['off']));
});

test('no usable interface is one error that says what was found', () => {
  const { interfaces, notices } = choose([
    interfaceFacts('eth0', { carrier: false }),
    wifi('wlan0', { up: false }),
  ]);
  assert.ok(interfaces.every((d) => !d.use));
  assert.deepEqual(
    notices.map((n) => [n.code, n.severity]),
    [['no-usable-interface', 'error']],
  );
  assert.match(notices[0]?.text ?? '', /got eth0: no carrier; wlan0: down\./);
  assert.deepEqual(codes([]), ['no-usable-interface']);
});

test('a named interface that is not there is said, with those that are', () => {
  const { notices } = choose([interfaceFacts('eth0')], { only: ['eth7'] });
  assert.deepEqual(
    notices.map((n) => n.code),
    ['interface-not-found', 'no-usable-interface'],
  );
  assert.match(notices[0]?.text ?? '', /expected an interface eth7; got eth0\./);
});

test('addresses that no machine knows do not keep an interface out', () => {
  const decision = one(interfaceFacts('eth0', { addresses: null }));
  assert.deepEqual([decision.use, decision.why], [true, 'wired, link up, addresses unknown']);
});

test('deciding never throws, keeps every interface once, and uses none that is down', () => {
  const optional = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: null });
  const facts: fc.Arbitrary<InterfaceFacts> = fc.record({
    name: fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('eth0', 'wlan0', 'wwan0', 'lo', 'docker0')),
    addresses: optional(
      fc.array(
        fc.record({
          family: fc.constantFrom('ipv4', 'ipv6'),
          address: fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()),
          prefix: fc.nat(128),
        }),
        { maxLength: 3 },
      ),
    ),
    up: fc.boolean(),
    carrier: optional(fc.boolean()),
    multicast: optional(fc.boolean()),
    wireless: fc.boolean(),
    type: optional(fc.constantFrom(1, 512, 772, 280, 65_534)),
    devtype: optional(fc.constantFrom('wlan', 'wwan', 'bridge', 'constructor')),
    driver: optional(fc.string()),
    mtu: optional(fc.integer({ min: 1, max: 70_000 })),
  });
  const names = fc.option(fc.array(fc.constantFrom('eth0', 'wlan*', '*0', '', '*'), { maxLength: 2 }), {
    nil: undefined,
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(facts, { selector: (f) => f.name, maxLength: 6 }),
      names,
      names,
      (all, only, exclude) => {
        const overrides = { ...(only && { only }), ...(exclude && { exclude }) };
        const { interfaces, notices } = choose(all, overrides);
        assert.deepEqual(interfaces.map((d) => d.name).sort(), all.map((f) => f.name).sort());
        for (const d of interfaces) {
          const given = all.find((f) => f.name === d.name);
          assert.ok(!d.use || (given?.up && given.carrier !== false));
          assert.ok(d.why.length > 0);
          assert.ok(LINK_KINDS.includes(d.kind));
        }
        assert.equal(
          notices.some((n) => n.code === 'no-usable-interface'),
          !interfaces.some((d) => d.use),
        );
      },
    ),
  );
});
