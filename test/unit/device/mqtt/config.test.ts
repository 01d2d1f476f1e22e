import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as v from 'valibot';
import { brokersOf, MqttConfigSchema, publishes } from '#device/mqtt/config.ts';

function faults(input: unknown): { readonly at: string; readonly message: string }[] {
  const result = v.safeParse(MqttConfigSchema, input);
  return (result.issues ?? []).map((issue) => ({
    at: (issue.path ?? []).map((step) => step.key).join('.'),
    message: issue.message,
  }));
}

describe('the mqtt section', () => {
  it('needs no more than a URL', () => {
    const config = v.parse(MqttConfigSchema, { url: 'mqtt://192.168.1.10' });
    assert.deepEqual(config, {
      url: 'mqtt://192.168.1.10',
      protocol: '3.1.1',
      baseTopic: 'gridvine',
      keys: ['**'],
      keepaliveS: 20,
      window: 32,
    });
    assert.equal(publishes(config), true);
    assert.deepEqual(brokersOf(config), ['mqtt://192.168.1.10']);
  });

  it('publishes nothing without a broker, or where it is switched off', () => {
    assert.equal(publishes(undefined), false);
    assert.equal(publishes(v.parse(MqttConfigSchema, {})), false);
    assert.equal(publishes(v.parse(MqttConfigSchema, { url: 'mqtt://a', enabled: false })), false);
  });

  it('reads version 5 as a person types it', () => {
    assert.equal(v.parse(MqttConfigSchema, { url: 'mqtt://a', protocol: 5 }).protocol, '5');
  });

  it('refuses a password in the URL without repeating it', () => {
    const [fault] = faults({ url: 'mqtt://user:hunter2@host' });
    assert.equal(fault.at, 'url');
    assert.match(fault.message, /expected no user or password in the URL/);
    assert.doesNotMatch(fault.message, /hunter2/);
  });

  for (const [what, input, at, message] of [
    ['a URL of another kind', { url: 'http://host' }, 'url', /starts with mqtt, mqtts, ws or wss/],
    ['a host without protocol', { url: 'broker' }, 'url', /expected a URL such as/],
    [
      'a bad URL in a list',
      { servers: ['mqtt://a', 'x'] },
      'servers.1',
      /expected a URL such as|starts with mqtt/,
    ],
    ['both url and servers', { url: 'mqtt://a', servers: ['mqtt://b'] }, 'servers', /either url or servers/],
    ['no broker although enabled', { enabled: true }, 'url', /expected a broker/],
    ['wildcards in the base topic', { url: 'mqtt://a', baseTopic: 'a/+' }, 'baseTopic', /without \+ or #/],
    [
      'an empty level in the base topic',
      { url: 'mqtt://a', baseTopic: 'a//b' },
      'baseTopic',
      /none of them empty/,
    ],
    ['a system topic', { url: 'mqtt://a', baseTopic: '$SYS' }, 'baseTopic', /not starting with \$/],
    ['a keep-alive out of range', { url: 'mqtt://a', keepaliveS: 1 }, 'keepaliveS', /from 5 to 300/],
    ['a window of nothing', { url: 'mqtt://a', window: 0 }, 'window', /from 1 to 256/],
    [
      'a certificate without key',
      { url: 'mqtts://a', tls: { certFile: 'c.pem' } },
      'tls',
      /certFile and keyFile together/,
    ],
    ['a password without user', { url: 'mqtt://a', passwordFile: 'p' }, 'username', /expected a username/],
    ['an unknown version', { url: 'mqtt://a', protocol: '3.1' }, 'protocol', /expected 3\.1\.1 or 5/],
  ] as const) {
    it(`refuses ${what}, and names the key`, () => {
      const found = faults(input);
      assert.equal(found.length, 1);
      assert.equal(found[0].at, at);
      assert.match(found[0].message, message);
    });
  }

  it('refuses an unknown key', () => {
    assert.equal(faults({ url: 'mqtt://a', password: 'x' })[0].at, 'password');
  });
});
