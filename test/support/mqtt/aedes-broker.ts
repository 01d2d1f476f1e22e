import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes, type Client } from 'aedes';
import type { TestCertificate } from './certificate.ts';

/** A publication as the broker took it in. */
export interface Publication {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
}

/** A real broker on a loopback port that can be stopped, started again on the same port without memory, and made mute. */
export class AedesBroker {
  readonly publications: Publication[] = [];
  /** Client ids in the order of their connections. */
  readonly connected: string[] = [];
  /** Topics that anybody asked for. */
  readonly subscriptions: string[] = [];
  readonly #clients: Client[] = [];
  #port = 0;
  #mute = false;
  #aedes: Aedes | undefined;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  /** `tls`: speak TLS with this certificate. */
  async start(tls?: TestCertificate): Promise<void> {
    const aedes = await Aedes.createBroker();
    aedes.on('clientReady', (client) => {
      this.connected.push(client.id);
      this.#clients.push(client);
    });
    aedes.on('subscribe', (topics) => this.subscriptions.push(...topics.map(({ topic }) => topic)));
    // Runs before the acknowledgement, for wills too: withholding the callback withholds the PUBACK, and what was acknowledged is
    // written down here already. The broker's own event `publish` comes some time after the PUBACK.
    aedes.authorizePublish = (_client, { topic, payload, qos, retain }, callback) => {
      if (this.#mute) return;
      this.publications.push({ topic, payload: payload.toString(), qos, retain });
      callback(null);
    };
    const take = (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      aedes.handle(socket);
    };
    const server = tls === undefined ? createServer(take) : createTlsServer({ ...tls }, take);
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as { port: number }).port;
    this.#aedes = aedes;
    this.#server = server;
  }

  /** Accepts messages from now on without acknowledging any. */
  mute(): void {
    this.#mute = true;
  }

  /** Sends a message to everybody who is connected, whether they asked for it or not. */
  async press(topic: string, payload: string): Promise<void> {
    const packet = { cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false } as const;
    for (const client of this.#clients)
      await new Promise<void>((resolve) => client.publish(packet, () => resolve()));
  }

  /** Cuts every connection and stops listening. Whatever was retained is lost. */
  async stop(): Promise<void> {
    const server = this.#server;
    const aedes = this.#aedes;
    this.#server = undefined;
    this.#aedes = undefined;
    if (server === undefined || aedes === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    this.cut();
    await closed;
    await new Promise<void>((resolve) => aedes.close(resolve));
  }

  /** Breaks every connection, as a pulled cable would. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The last payload on a topic, if any came. */
  last(topic: string): string | undefined {
    return this.publications.findLast((publication) => publication.topic === topic)?.payload;
  }
}
