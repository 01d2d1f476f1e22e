import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { freeUdpPort } from '#device/demo/free-port.ts';
import type { Endpoint } from '#runtime/core/endpoint.ts';
import type { MemberState } from '#runtime/core/views.ts';
import type { RunningNode } from '#runtime/driver/contract.ts';
import { createNode } from '#runtime/driver/create-node.ts';
import type { NodeOptions } from '#runtime/driver/node-options.ts';
import type { EngineSettings } from '#runtime/engine/settings.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** Detection in about a second, for tests that wait for it. */
export const FAST: Partial<EngineSettings> = {
  probeIntervalMs: 200,
  probeTimeoutMinMs: 100,
  presenceIntervalMs: 200,
  digestIntervalMs: 500,
  suspicionMultiplier: 1,
  suspicionMaxFactor: 3,
  retryIntervalMs: 500,
};

/** Real nodes on loopback, with a multicast group that no other test uses; closed when the test ends. */
export class TestCluster {
  readonly name: string;
  readonly directory: string;
  readonly psk = new Uint8Array(32).fill(7);
  readonly #t: TestContext;
  readonly #multicastPort: number;

  private constructor(t: TestContext, name: string, directory: string, multicastPort: number) {
    this.#t = t;
    this.name = name;
    this.directory = directory;
    this.#multicastPort = multicastPort;
  }

  static async make(t: TestContext, name = 'test'): Promise<TestCluster> {
    return new TestCluster(t, name, await temporaryDirectory(t), await freeUdpPort());
  }

  options(name: string, changes: Partial<NodeOptions> = {}): NodeOptions {
    return {
      name,
      cluster: this.name,
      psk: this.psk,
      dataDir: join(this.directory, name),
      bind: [{ address: '127.0.0.1', port: 0, link: 'lo' }],
      links: [{ name: 'lo', multicast: 'off' }],
      settings: FAST,
      multicast: { port: this.#multicastPort },
      ...changes,
    };
  }

  async start(name: string, changes: Partial<NodeOptions> = {}): Promise<RunningNode> {
    const node = await createNode(this.options(name, changes));
    this.#t.after(() => node.close());
    return node;
  }
}

/** Where a node can be asked to join. */
export function seedsOf(...nodes: readonly RunningNode[]): Endpoint[] {
  return nodes.flatMap((node) => node.endpoints);
}

/** The state of `of` as `by` sees it; undefined: not known. */
export function stateOf(of: { readonly id: string }, by: RunningNode): MemberState | undefined {
  return by.members().find((member) => member.id === of.id)?.state;
}

/** Whether each of the nodes sees all of them alive. */
export function allAlive(nodes: readonly RunningNode[]): boolean {
  return nodes.every((by) => nodes.every((of) => stateOf(of, by) === 'alive'));
}
