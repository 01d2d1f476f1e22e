import { createServer, type Server, type Socket } from 'node:net';
import type { Aedes } from 'aedes';

/** What came in at the broker. */
export interface BrokerCounts {
  readonly messages: number;
  readonly lastTopic: string | null;
  /** The last word on whether the bridge is there: its own, or the broker's after its link died. */
  readonly bridgeState: string | null;
}

const BRIDGE_STATE = /^[^/]+\/[^/]+\/bridge\/[^/]+\/state$/;

/** A small MQTT broker inside the demo, on a free port of the loopback address. */
export class DemoBroker {
  readonly url: string;
  readonly #aedes: Aedes;
  readonly #server: Server;
  readonly #sockets: ReadonlySet<Socket>;
  #counts: BrokerCounts = { messages: 0, lastTopic: null, bridgeState: null };

  private constructor(parts: {
    readonly aedes: Aedes;
    readonly server: Server;
    readonly sockets: ReadonlySet<Socket>;
    readonly url: string;
  }) {
    this.#aedes = parts.aedes;
    this.#server = parts.server;
    this.#sockets = parts.sockets;
    this.url = parts.url;
    this.#aedes.on('publish', ({ topic, payload }) => {
      if (topic.startsWith('$')) return;
      const bridgeState = BRIDGE_STATE.test(topic) ? payload.toString() : this.#counts.bridgeState;
      this.#counts = { messages: this.#counts.messages + 1, lastTopic: topic, bridgeState };
    });
  }

  static async start(): Promise<DemoBroker> {
    const { Aedes } = await import('aedes');
    const aedes = await Aedes.createBroker();
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      aedes.handle(socket);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: 0, host: '127.0.0.1' }, resolve);
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return new DemoBroker({ aedes, server, sockets, url: `mqtt://127.0.0.1:${port}` });
  }

  get counts(): BrokerCounts {
    return this.#counts;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await new Promise<void>((resolve) => this.#aedes.close(resolve));
  }
}
