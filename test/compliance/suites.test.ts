import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import {
  ComplianceError,
  cryptoCompliance,
  fileCompliance,
  ManualTime,
  MemoryFiles,
  MemoryNetwork,
  type TestFunction,
  timeCompliance,
  transportCompliance,
} from '#runtime/testing/index.ts';

/** Runs a suite without any framework. @returns titles of the cases that failed. */
async function failuresOf(suite: (tell: TestFunction) => void): Promise<string[]> {
  const cases: { title: string; body: () => void | Promise<void> }[] = [];
  suite((title, body) => cases.push({ title, body }));
  assert.ok(cases.length > 4);
  const failed: string[] = [];
  for (const { title, body } of cases) {
    try {
      await body();
    } catch (error) {
      assert.ok(error instanceof ComplianceError, String(error));
      failed.push(title);
    }
  }
  return failed;
}

test('files that keep the caller\u2019s bytes, or forget a rename, do not comply', async () => {
  class Sharing extends MemoryFiles {
    readonly #last = new Map<string, Uint8Array>();
    override async writeSynced(path: string, bytes: Uint8Array): Promise<void> {
      this.#last.set(path, bytes);
      await super.writeSynced(path, bytes);
    }
    override async read(path: string): Promise<Uint8Array | undefined> {
      return (await super.read(path)) === undefined ? undefined : this.#last.get(path);
    }
  }
  const failed = await failuresOf((tell) =>
    fileCompliance(tell, 'sharing', () => ({ files: new Sharing(), directory: '/d' })),
  );
  assert.ok(failed.some((title) => title.includes('nobody else')));
});

test('a clock that goes back, and a scheduler that calls at once, do not comply', async () => {
  class Wrong extends ManualTime {
    #n = 0;
    override nowMs(): number {
      return super.nowMs() - (this.#n++ % 2);
    }
    override readonly after = (_delayMs: number, callback: () => void) => {
      callback();
      return () => undefined;
    };
  }
  const failed = await failuresOf((tell) =>
    timeCompliance(tell, 'wrong', () => {
      const time = new Wrong();
      return { clock: time, scheduler: time, pass: (ms) => time.advance(ms) };
    }),
  );
  assert.ok(
    failed.some((title) => title.includes('never go back')),
    failed.join(),
  );
  assert.ok(
    failed.some((title) => title.includes('never from within')),
    failed.join(),
  );
});

test('a provider whose verification says yes to everything does not comply', async () => {
  const failed = await failuresOf((tell) =>
    cryptoCompliance(tell, { ...nobleProvider, name: 'gullible', verify: () => true }),
  );
  assert.ok(
    failed.some((title) => title.includes('RFC 8032')),
    failed.join(),
  );
  assert.ok(
    failed.every((title) => !title.includes('RFC 5869')),
    failed.join(),
  );
});

test('a transport that cuts datagrams does not comply', async () => {
  const failed = await failuresOf((tell) =>
    transportCompliance(tell, 'lossy', ({ budgets }) => {
      const network = new MemoryNetwork();
      const a = network.transport('10.0.0.1', 1, budgets);
      const b = network.transport('10.0.0.2', 2);
      const send = a.send.bind(a);
      let count = 0;
      a.send = (to, bytes, trafficClass) => {
        if (bytes.length > 0 || ++count > 1) send(to, bytes.subarray(0, 1_000), trafficClass);
      };
      const to = (address: string, port: number) =>
        ({ kind: 'unicast', endpoint: { transport: 'udp', address, port } }) as const;
      return { a, b, toB: () => to('10.0.0.2', 2), nowhere: to('10.0.0.3', 3) };
    }),
  );
  assert.ok(
    failed.some((title) => title.includes('byte for byte')),
    failed.join(),
  );
});
