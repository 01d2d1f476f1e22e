import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { freeUdpPort } from '#device/demo/free-port.ts';
import type { Endpoint } from '#runtime/core/endpoint.ts';
import { MemoryNetwork } from '#runtime/testing/memory-network.ts';
import { type PairOptions, Recorder, transportCompliance } from '#runtime/testing/transport-suite.ts';
import { CallGuard } from '#runtime/transport/http/callable.ts';
import { HttpTransport } from '#runtime/transport/http/http-transport.ts';
import type { ListenAddress } from '#runtime/transport/http/listener.ts';
import { Targets } from '#runtime/transport/http/targets.ts';
import { InterfaceTable, readInterfaces } from '#runtime/transport/interface-table.ts';
import { UdpMulticast } from '#runtime/transport/udp-multicast.ts';
import { UdpUnicast } from '#runtime/transport/udp-unicast.ts';
import { freeTcpPort } from '../support/free-tcp-port.ts';

const interfaces = () => new InterfaceTable(readInterfaces());
const unicastOn = (address: string, { budgets }: PairOptions = {}) =>
  new UdpUnicast({
    bind: [{ address, port: 0, link: 'lo' }],
    interfaces,
    ...(budgets === undefined ? {} : { budgets }),
  });
const unicastTo = (endpoint: Endpoint) => ({ kind: 'unicast', endpoint }) as const;

transportCompliance(test, 'memory', ({ budgets }) => {
  const network = new MemoryNetwork();
  const a = network.transport('10.0.0.1', 1, budgets);
  const b = network.transport('10.0.0.2', 2);
  return {
    a,
    b,
    toB: () => unicastTo({ transport: 'udp', address: '10.0.0.2', port: 2 }),
    nowhere: unicastTo({ transport: 'udp', address: '10.0.0.3', port: 3 }),
  };
});

for (const address of ['127.0.0.1', '::1'])
  transportCompliance(test, `udp unicast on ${address}`, async (options) => {
    const a = unicastOn(address, options);
    const b = unicastOn(address);
    let last: Endpoint | undefined;
    return {
      a,
      b,
      toB: () => {
        last = b.endpoints[0] ?? last;
        return unicastTo(last as Endpoint);
      },
      nowhere: unicastTo({ transport: 'udp', address, port: await freeUdpPort(address) }),
    };
  });

transportCompliance(test, 'udp multicast on loopback', async ({ budgets }) => {
  const group = { group4: '239.255.71.86', group6: 'ff02::4756', port: await freeUdpPort('127.0.0.1') };
  const unicasts = [unicastOn('127.0.0.1'), unicastOn('127.0.0.1')];
  const [first, second] = unicasts;
  const common = { group, links: ['lo'], interfaces };
  const a = new UdpMulticast({ ...common, unicast: first, ...(budgets === undefined ? {} : { budgets }) });
  const b = new UdpMulticast({ ...common, unicast: second });
  return {
    a,
    b,
    prepare: async () => {
      for (const unicast of unicasts) await unicast.open(new Recorder());
    },
    toB: () => ({ kind: 'multicast', link: 'lo' }) as const,
    nowhere: { kind: 'multicast', link: 'nowhere0' },
    cleanUp: async () => {
      for (const unicast of unicasts) await unicast.close();
    },
  };
});

for (const address of ['127.0.0.1', '::1'])
  transportCompliance(
    test,
    `http on ${address}`,
    async ({ budgets }) => {
      const http = (listen: readonly ListenAddress[]) =>
        new HttpTransport({
          listen,
          targets: new Targets(),
          proxies: {},
          guard: new CallGuard('members', [address]),
          interfaces,
          defaultLink: 'lo',
          ...(budgets !== undefined && { budgets }),
          nowMs: () => performance.now(),
          drawSession: () => randomBytes(16).toString('hex'),
        });
      const a = http([]);
      const b = http([{ address, port: 0 }]);
      let last: Endpoint | undefined;
      return {
        a,
        b,
        toB: () => {
          last = b.endpoints[0] ?? last;
          return unicastTo(last as Endpoint);
        },
        nowhere: unicastTo({ transport: 'http', address, port: await freeTcpPort(address) }),
      };
    },
    { transport: 'http', isConnectionless: false },
  );
