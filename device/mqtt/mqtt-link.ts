import { readFile } from 'node:fs/promises';
import type { IClientOptions, MqttClient } from 'mqtt';
import type { BrokerDialer, BrokerLink, LinkListener, Will } from './broker-link.ts';
import { socketOpener, type TlsMaterial } from './broker-socket.ts';
import type { MqttConfig } from './config.ts';
import { CONNECT_TIMEOUT_MS } from './limits.ts';

/** What MQTT 3.1.1 brokers, and those of version 5 that say nothing, take at a time. */
const RECEIVE_MAXIMUM_DEFAULT = 65_535;

interface DialOptions {
  readonly server: string;
  readonly will: Will;
  readonly listener: LinkListener;
}

/**
 * Opens links with the `mqtt` library, which is loaded at the first one. Its own reconnecting and storing are switched
 * off: each link is a client of its own with a clean session. Passwords and keys are read at each attempt, so that a
 * replaced file counts at once.
 */
export function mqttDialer(options: {
  readonly config: MqttConfig;
  readonly clientId: string;
}): BrokerDialer {
  return { dial: (dial) => new MqttLink({ ...options, dial }) };
}

class MqttLink implements BrokerLink {
  readonly #listener: LinkListener;
  #client: MqttClient | undefined;
  #reason = 'connection closed by the broker';
  #over = false;

  constructor(options: {
    readonly config: MqttConfig;
    readonly clientId: string;
    readonly dial: DialOptions;
  }) {
    this.#listener = options.dial.listener;
    this.#open(options.dial, options.config, options.clientId).catch((error) => this.#down(reasonOf(error)));
  }

  publish(topic: string, payload: string, done: (error?: Error) => void): void {
    if (this.#client === undefined) throw new Error('a link publishes only after it is up');
    this.#client.publish(topic, payload, { qos: 1, retain: true }, (error) => done(error ?? undefined));
  }

  close(how: 'clean' | 'cut'): void {
    const client = this.#client;
    this.#reason = 'closed';
    if (client === undefined) {
      queueMicrotask(() => this.#down('closed'));
      return;
    }
    client.end(how === 'cut', () => this.#down('closed'));
  }

  async #open(dial: DialOptions, config: MqttConfig, clientId: string): Promise<void> {
    const [library, secrets] = await Promise.all([import('mqtt'), readSecrets(config)]);
    const { password, ...tls } = secrets;
    const options: IClientOptions = {
      ...clientOptions(config),
      ...(password === undefined ? {} : { password }),
      clientId,
      will: { topic: dial.will.topic, payload: Buffer.from(dial.will.payload), qos: 1, retain: true },
    };
    const { serverName } = config.tls ?? {};
    const server = new URL(dial.server);
    const client = server.protocol.startsWith('ws')
      ? () =>
          library.connect(dial.server, {
            ...options,
            ...tls,
            ...(serverName === undefined ? {} : { servername: serverName }),
          })
      : await directClient(library, { server, options, tls: { ...tls, serverName } });
    if (this.#over) return;
    this.#use(client());
  }

  #use(client: MqttClient): void {
    this.#client = client;
    client.on('error', (error) => {
      this.#reason = reasonOf(error);
    });
    client.on('connect', (connack) => {
      this.#reason = 'connection closed by the broker';
      const receiveMaximum = connack.properties?.receiveMaximum ?? RECEIVE_MAXIMUM_DEFAULT;
      if (!this.#over) this.#listener.up({ receiveMaximum });
    });
    client.on('close', () => this.#down(this.#reason));
  }

  #down(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#client?.end(true);
    this.#listener.down(reason);
  }
}

/** Without `connect` of the library, which loads WebSockets, TLS and SOCKS whatever the broker's URL: 5 MB. */
async function directClient(
  { MqttClient }: Pick<typeof import('mqtt'), 'MqttClient'>,
  {
    server,
    options,
    tls,
  }: { readonly server: URL; readonly options: IClientOptions; readonly tls: TlsMaterial },
): Promise<() => MqttClient> {
  const open = await socketOpener(server, tls);
  return () => new MqttClient(open, options);
}

function clientOptions(config: MqttConfig): IClientOptions {
  const version5 = config.protocol === '5';
  return {
    protocolVersion: version5 ? 5 : 4,
    clean: true,
    ...(version5 ? { properties: { sessionExpiryInterval: 0 } } : {}),
    reconnectPeriod: 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepalive: config.keepaliveS,
    queueQoSZero: false,
    resubscribe: false,
    timerVariant: 'native',
    // Else it makes a table of 65,536 small buffers at the first message: 9 MB.
    writeCache: false,
    ...(config.username === undefined ? {} : { username: config.username }),
  };
}

async function readSecrets(
  config: MqttConfig,
): Promise<Pick<IClientOptions, 'password' | 'ca' | 'cert' | 'key'>> {
  const [password, ca, cert, key] = await Promise.all([
    readNamed('mqtt.passwordFile', config.passwordFile),
    readNamed('mqtt.tls.caFile', config.tls?.caFile),
    readNamed('mqtt.tls.certFile', config.tls?.certFile),
    readNamed('mqtt.tls.keyFile', config.tls?.keyFile),
  ]);
  return {
    ...(password === undefined ? {} : { password: password.toString('utf8').replace(/\r?\n$/, '') }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

async function readNamed(setting: string, path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (error) {
    throw new Error(`${setting}: expected a readable file at ${path}; got ${codeOf(error)}`);
  }
}

/** Connection errors on a name with several addresses have an empty message and only a code. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message === '' ? codeOf(error) : message;
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? 'an unknown error');
}
