import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createNode } from '#runtime/driver/create-node.ts';
import type { CertificateOptions, NodeOptions } from '#runtime/driver/node-options.ts';
import { encodeChecked } from '#runtime/storage/checked-json.ts';
import { MemoryNetwork } from '#runtime/testing/memory-network.ts';
import { FailingDisk } from './failing-disk.ts';
import { ManualTime } from './manual-time.ts';
import { CLUSTER, START } from './pki.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const STEP_MS = 20;
const PORT = 18262;

/** A node that runs. */
export type RunningNode = Awaited<ReturnType<typeof createNode>>;

export interface WorldNode {
  readonly name: string;
  readonly cluster?: string;
  /** A pre-shared key, or who it is by certificate. */
  readonly psk?: Uint8Array;
  readonly seed?: Uint8Array;
  readonly certificates?: CertificateOptions;
  /** What this board's own clock says, in seconds since 1970. */
  readonly wallSeconds?: number;
}

/** Whole nodes, with drivers and files, on a network and a time of the test's own. */
export class NodeWorld {
  readonly #t: TestContext;
  readonly #time = new ManualTime();
  readonly #network = new MemoryNetwork();
  #count = 0;

  constructor(t: TestContext) {
    this.#t = t;
  }

  /** Starts a node that is told of the first one. @throws what `createNode` throws. */
  async start({
    name,
    cluster = CLUSTER,
    psk,
    seed,
    certificates,
    wallSeconds = START,
  }: WorldNode): Promise<RunningNode> {
    const dataDir = await temporaryDirectory(this.#t);
    const files = new FailingDisk();
    const hex = Buffer.from(seed ?? randomBytes(32)).toString('hex');
    files.put(`${dataDir}/identity.json`, encodeChecked('gridvine.identity/1', { seed: hex }));
    const address = `10.0.0.${++this.#count}`;
    const options: NodeOptions = {
      name,
      cluster,
      dataDir,
      bind: [],
      links: [{ name: 'mem0', multicast: 'off' }],
      seeds: this.#count === 1 ? [] : [{ transport: 'udp', address: '10.0.0.1', port: PORT }],
      ...(psk === undefined ? {} : { psk }),
      ...(certificates === undefined ? {} : { certificates }),
      inject: {
        clock: this.#time,
        scheduler: this.#time,
        wallSeconds: () => wallSeconds,
        files,
        transports: [this.#network.transport(address, PORT)],
      },
    };
    const node = await createNode(options);
    this.#t.after(() => node.close());
    return node;
  }

  /** Lets so much time go by. */
  async run(ms: number): Promise<void> {
    for (let done = 0; done < ms; done += STEP_MS) {
      this.#time.advance(STEP_MS);
      await turn();
      this.#time.settle();
    }
  }
}
