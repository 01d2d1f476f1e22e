import { DATAGRAM_BYTES_MIN } from '../core/limits.ts';
import type { Destination, Path } from '../core/outputs.ts';
import { LinkBudgets } from '../transport/link-budgets.ts';
import type {
  Transport,
  TransportFailure,
  TransportHandlers,
  TransportTraffic,
} from '../transport/transport.ts';
import { assert, eventually, type TestFunction } from './check.ts';

/** Remembers what a transport told. */
export class Recorder implements TransportHandlers {
  readonly received: { path: Path; bytes: Uint8Array }[] = [];
  readonly failures: TransportFailure[] = [];
  readonly refused: string[] = [];

  datagram(path: Path, bytes: Uint8Array): void {
    this.received.push({ path, bytes });
  }

  unreachable(endpoint: { address: string; port: number }): void {
    this.refused.push(`${endpoint.address} ${endpoint.port}`);
  }

  failure(failure: TransportFailure): void {
    this.failures.push(failure);
  }

  get texts(): string[] {
    return this.received.map(({ bytes }) => new TextDecoder().decode(bytes).trimEnd());
  }
}

/** Two transports of one kind that reach each other. */
export interface TransportPair {
  readonly a: Transport;
  readonly b: Transport;
  /** Opens whatever the two stand on; they themselves are opened by the suite. */
  readonly prepare?: () => Promise<void>;
  /** Where `a` sends to for `b` to hear it; asked after opening. */
  readonly toB: () => Destination;
  /** A destination of this kind where nothing listens. */
  readonly nowhere: Destination;
  readonly cleanUp?: () => Promise<void>;
}

export interface PairOptions {
  /** Budgets that `a` keeps to. */
  readonly budgets?: LinkBudgets;
}

/** The links of all transports here, with a burst of twelve full datagrams that nothing refills. */
const tightBudgets = () => new LinkBudgets({ bytesPerSecond: { lo: 1_000, mem0: 1_000 }, nowMs: () => 0 });

/** As long as any datagram of ours: a transport may refuse what is shorter. */
const bytesOf = (text: string) => new TextEncoder().encode(text.padEnd(DATAGRAM_BYTES_MIN));

/** What a transport is by its nature. */
export interface TransportKind {
  readonly transport: Path['transport'];
  /** Whether hosts tell by a touch that nobody listens, and datagrams may be empty: both as UDP has it. */
  readonly isConnectionless: boolean;
}

const UDP: TransportKind = { transport: 'udp', isConnectionless: true };

/**
 * What holds for every transport: call it with your framework's `test`, a name for its cases, and what makes two that reach each other.
 */
export function transportCompliance(
  test: TestFunction,
  name: string,
  makePair: (options: PairOptions) => Promise<TransportPair> | TransportPair,
  { transport, isConnectionless }: TransportKind = UDP,
): void {
  const scenario = (
    title: string,
    body: (pair: TransportPair, heard: { a: Recorder; b: Recorder }) => Promise<void>,
    options: PairOptions = {},
  ) =>
    test(`${name}: ${title}`, async () => {
      const pair = await makePair(options);
      const heard = { a: new Recorder(), b: new Recorder() };
      try {
        await pair.prepare?.();
        await pair.a.open(heard.a);
        await pair.b.open(heard.b);
        await body(pair, heard);
      } finally {
        await pair.a.close();
        await pair.b.close();
        await pair.cleanUp?.();
      }
    });

  const connectionless = (...test: Parameters<typeof scenario>) => {
    if (isConnectionless) scenario(...test);
  };

  scenario('what is sent arrives byte for byte, with the path it came by', async ({ a, b, toB }, heard) => {
    const to = toB();
    assert.equal(a.accepts(to), true);
    const all = Uint8Array.from({ length: 1_200 }, (_, i) => i & 255);
    a.send(to, all, 'data');
    const { path, bytes } = await eventually(() => heard.b.received[0]);
    assert.deepEqual(bytes, all);
    assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype, 'no Buffer: its slice is a view');
    assert.equal(path.transport, transport);
    assert.equal(path.multicast, to.kind === 'multicast');
    assert.equal(path.link.length > 0 && path.port > 0, true);
    assert.deepEqual(
      b.traffic().map(({ link, rxBytes, rxDatagrams }) => ({ link, rxBytes, rxDatagrams })),
      [{ link: path.link, rxBytes: 1_200, rxDatagrams: 1 }],
    );
  });

  scenario('a sender may let go of its bytes at once', async ({ a, toB }, heard) => {
    for (let i = 0; i < 50; i++) a.send(toB(), bytesOf(`message ${i}`), 'data');
    await eventually(() => heard.b.received.length === 50);
    assert.deepEqual(
      heard.b.texts,
      Array.from({ length: 50 }, (_, i) => `message ${i}`),
    );
  });

  scenario('what was received is not overwritten by what comes next', async ({ a, toB }, heard) => {
    a.send(toB(), bytesOf('first'), 'data');
    const first = await eventually(() => heard.b.received[0]);
    a.send(toB(), bytesOf('other'), 'data');
    await eventually(() => heard.b.received[1]);
    assert.equal(new TextDecoder().decode(first.bytes).trimEnd(), 'first');
  });

  scenario('handlers are never called from inside send', async ({ a, toB, nowhere }, heard) => {
    let sending = true;
    const check = () => assert.equal(sending, false);
    for (const recorder of [heard.a, heard.b]) {
      const { received, failures } = recorder;
      recorder.datagram = (path, bytes) => {
        check();
        received.push({ path, bytes });
      };
      recorder.failure = (failure) => {
        check();
        failures.push(failure);
      };
    }
    a.send(nowhere, bytesOf('x'), 'data');
    a.send(toB(), bytesOf('y'), 'data');
    sending = false;
    await eventually(() => heard.b.texts.includes('y'));
  });

  scenario(
    'a destination where nobody is neither throws nor stops the rest',
    async ({ a, toB, nowhere }, heard) => {
      for (let i = 0; i < 20; i++) a.send(nowhere, bytesOf('lost'), 'data');
      a.send(toB(), bytesOf('after'), 'data');
      await eventually(() => heard.b.texts.includes('after'));
    },
  );

  connectionless('a touch of an open port is heard and answered by nothing', async ({ a, toB }, heard) => {
    const to = toB();
    if (to.kind !== 'unicast') return;
    a.touch(to.endpoint, bytesOf('touch'));
    await eventually(() => heard.b.texts.includes('touch'));
    a.send(to, bytesOf('after'), 'data');
    await eventually(() => heard.b.texts.includes('after'));
    assert.deepEqual([heard.a.refused, heard.a.received, heard.a.failures], [[], [], []]);
  });

  connectionless(
    'a touch of a closed port is told, a plain datagram there is not',
    async ({ a, nowhere }, heard) => {
      if (nowhere.kind !== 'unicast') return;
      const { address, port } = nowhere.endpoint;
      a.send(nowhere, bytesOf('lost'), 'data');
      a.touch(nowhere.endpoint, bytesOf('touch'));
      await eventually(() => heard.a.refused.length > 0);
      assert.deepEqual(heard.a.refused, [`${address} ${port}`]);
      assert.deepEqual(heard.a.failures, []);
    },
  );

  connectionless('an empty datagram is carried like any other', async ({ a, toB }, heard) => {
    a.send(toB(), new Uint8Array(0), 'data');
    const { bytes } = await eventually(() => heard.b.received[0]);
    assert.equal(bytes.length, 0);
  });

  scenario(
    'what exceeds the budget is dropped and counted by its class, and liveness passes while data is cut',
    async ({ a, b, toB }, heard) => {
      const full = new Uint8Array(1_200);
      for (let i = 0; i < 50; i++) a.send(toB(), full, 'data');
      const cut = onlyTraffic(a).txDropped.data;
      assert.ok(cut > 40 && cut < 50, `${cut} of 50 cut`);
      a.send(toB(), bytesOf('alive'), 'liveness');
      await eventually(() => heard.b.texts.at(-1) === 'alive');
      assert.equal(heard.b.received.length, 50 - cut + 1);
      assert.deepEqual(onlyTraffic(a).txDropped, { liveness: 0, membership: 0, data: cut });
      assert.equal(onlyTraffic(a).txDatagrams, 50 - cut + 1, 'only what left counts as sent');
      assert.deepEqual(b.traffic()[0]?.txDropped ?? NONE_DROPPED, NONE_DROPPED);
      assert.deepEqual(heard.a.failures, []);
    },
    { budgets: tightBudgets() },
  );

  connectionless(
    'a touch counts as liveness, and is cut when that is used up',
    async ({ a, toB }, heard) => {
      const to = toB();
      if (to.kind !== 'unicast') return;
      for (let i = 0; i < 50; i++) a.send(to, new Uint8Array(1_200), 'liveness');
      const { liveness } = onlyTraffic(a).txDropped;
      for (let i = 0; i < 50; i++) a.touch(to.endpoint, bytesOf('touch'));
      await eventually(() => heard.b.received.length === onlyTraffic(a).txDatagrams);
      assert.ok(onlyTraffic(a).txDropped.liveness > liveness);
      assert.deepEqual([heard.a.refused, heard.a.failures], [[], []]);
    },
    { budgets: tightBudgets() },
  );

  scenario(
    'after close nothing is heard, sending is harmless, and closing again is too',
    async ({ a, b, toB }, heard) => {
      const to = toB();
      a.send(to, bytesOf('before'), 'data');
      await eventually(() => heard.b.received.length === 1);
      await b.close();
      await b.close();
      assert.deepEqual(b.endpoints, []);
      b.send(to, bytesOf('from the closed'), 'data');
      a.send(to, bytesOf('after'), 'data');
      if (to.kind === 'unicast') a.touch(to.endpoint, bytesOf('after'));
      await a.close();
      if (to.kind === 'unicast') a.touch(to.endpoint, bytesOf('after'));
      assert.deepEqual(heard.a.refused, []);
      assert.equal(heard.b.received.length, 1);
    },
  );
}

const NONE_DROPPED = { liveness: 0, membership: 0, data: 0 };

/** Of a transport that has used one link. */
function onlyTraffic(transport: Transport): TransportTraffic {
  const [traffic, ...others] = transport.traffic();
  assert.ok(traffic !== undefined && others.length === 0);
  return traffic;
}
