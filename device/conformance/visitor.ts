import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Endpoint } from '#runtime/core/endpoint.ts';
import { type NodeId, toHex } from '#runtime/core/ids.ts';
import { makeVersion, type Version } from '#runtime/core/version.ts';
import { clusterTag } from '#runtime/crypto/cluster.ts';
import { type GroupKey, Keyring } from '#runtime/crypto/keyring.ts';
import type { CryptoProvider } from '#runtime/crypto/provider.ts';
import { encodeNodeFacts, type NodeFacts } from '#runtime/membership/node-facts.ts';
import { BodyBuilder, idBytes } from '#runtime/wire/body.ts';
import { aadPrefix, KIND_SEALED_TO_ANY, KIND_SEALED_TO_ONE, SALT_BYTES } from '#runtime/wire/header.ts';
import type { Block, Message, MessageType } from '#runtime/wire/message.ts';
import { Opener } from '#runtime/wire/opener.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';
import type { Refusal } from '#runtime/wire/refusal.ts';

const ANSWER_MS = 1_500;
/** A body without a message, and a `gone`, where the boot takes as many bytes as it can. */
const ANSWER_HEAD_BYTES = 23;
const GONE_BYTES = 12;

/** Where a visitor goes, and as whose member. */
export interface VisitorOptions {
  readonly target: { readonly address: string; readonly port: number };
  readonly cluster: string;
  readonly key: GroupKey;
  readonly provider: CryptoProvider;
  readonly name: string;
  /** Longest wait for something that a peer must send, in milliseconds; what is asked is asked three times. Default 1500. */
  readonly answerMs?: number;
}

/** One datagram of the peer: what it held, or why it isn't one. */
export interface Received {
  readonly bytes: Uint8Array;
  readonly messages: readonly Message[];
  readonly sender?: NodeId;
  readonly boot?: number;
  readonly refusal?: Refusal;
  readonly drop?: string;
}

/** What a forged datagram has otherwise than a good one. */
export interface Forgery {
  readonly version?: number;
  readonly kind?: number;
  readonly tag?: Uint8Array;
  readonly keyId?: number;
  readonly key?: Uint8Array;
  readonly salt?: Uint8Array;
  readonly counter?: bigint;
  readonly destination?: NodeId;
}

/**
 * A temporary member of the cluster that sends exactly what a check wants sent, and keeps what the peer sent. It answers pings, the
 * peer's and other members', unless told to be silent.
 */
export class Visitor {
  readonly id: NodeId = toHex(randomBytes(16));
  readonly boot = 1;
  readonly salt = randomBytes(SALT_BYTES);
  readonly endpoint: Endpoint;
  /** Everything that the peer sent, in order. */
  readonly received: Received[] = [];
  /** Whether pings stay unanswered. */
  silent = false;
  /** The peer's id and boot, once it has said them. */
  targetId: NodeId | undefined;
  targetBoot = 0;
  /** Of the last datagram under its salt; more is sealed under the next. */
  counter = 0n;
  readonly answerMs: number;
  #sequence = 0;
  #isOpen = true;
  readonly #options: VisitorOptions;
  readonly #socket: Socket;
  readonly #opener: Opener;
  readonly #waiting = new Set<() => void>();

  private constructor(options: VisitorOptions, socket: Socket) {
    this.#options = options;
    this.answerMs = options.answerMs ?? ANSWER_MS;
    this.#socket = socket;
    const { address, port } = socket.address();
    this.endpoint = { transport: 'udp', address, port };
    const { provider, cluster, key } = options;
    this.#opener = new Opener({ provider, cluster, keyring: new Keyring(key), self: this.id });
    socket.on('message', (bytes, from) => this.#onDatagram(bytes, from));
    socket.on('error', () => undefined);
  }

  /** Opens a socket on the address from which the peer is reached. @throws the system's error where there is none. */
  static async open(options: VisitorOptions): Promise<Visitor> {
    const { address, port } = options.target;
    const type = address.includes(':') ? 'udp6' : 'udp4';
    const scout = createSocket(type);
    scout.connect(port, address);
    await once(scout, 'connect');
    const local = scout.address().address;
    scout.close();
    const socket = createSocket(type);
    socket.bind(0, local);
    await once(socket, 'listening');
    return new Visitor(options, socket);
  }

  /** Ends its socket. Idempotent. */
  close(): void {
    if (this.#isOpen) this.#socket.close();
    this.#isOpen = false;
  }

  /** A version of this visitor's own that it hasn't used. */
  nextVersion(): Version {
    this.#sequence++;
    return makeVersion(this.boot, this.#sequence);
  }

  /** The newest version that it made. */
  get version(): Version {
    return makeVersion(this.boot, this.#sequence);
  }

  /** Where its versions begin: its gc line until a check moves it. */
  get start(): Version {
    return makeVersion(this.boot, 0);
  }

  /** A random number that only an answer can echo. */
  drawSeq(): number {
    return randomBytes(4).readUInt32BE();
  }

  /** Its record `node`, as the bytes of a new version. */
  nodeRecord(changes: Partial<NodeFacts> = {}): { version: Version; body: Uint8Array } {
    const value = encodeNodeFacts({
      name: this.#options.name,
      incarnation: 0,
      state: 'alive',
      endpoints: [this.endpoint],
      tags: {},
      protocol: 1,
      ...changes,
    });
    return this.record({ key: 'node', value });
  }

  /** A record of its own under a new version. */
  record(changes: Partial<RecordBody>): { version: Version; body: Uint8Array } {
    const version = changes.version ?? this.nextVersion();
    const plain = {
      key: 'conformance/a',
      value: 1,
      deleted: false,
      priority: 'normal',
      quality: 'good',
    } as const;
    return { version, body: encodeRecord({ ...plain, ...changes, version }) };
  }

  /** A block of its own. */
  block(
    from: Version,
    to: Version,
    items: readonly { body: Uint8Array; ageMs?: number }[],
    gc?: Version,
  ): Block {
    const list = items.map(({ body, ageMs }) => ({ body, ageMs: ageMs ?? 0 }));
    return { owner: this.id, from, to, gc: gc ?? this.start, items: list };
  }

  /** Encodes messages behind this visitor's id and boot, with the padding that their answer may need [P-6.28]. */
  body(...messages: readonly Message[]): Uint8Array {
    const builder = new BodyBuilder(this.id, this.boot);
    for (const message of messages) builder.tryAdd(message);
    const pings = messages.filter(({ type }) => type === 'ping').length;
    const lacking = pings === 0 ? 0 : ANSWER_HEAD_BYTES + pings * GONE_BYTES - builder.size;
    if (lacking > 0) builder.tryAdd({ type: 'padding', length: Math.max(0, lacking - 3) });
    return builder.finish().slice();
  }

  /** Sends messages, sealed to the peer where its id is known. */
  send(...messages: readonly Message[]): Uint8Array {
    return this.sendRaw(this.forge(this.body(...messages)));
  }

  sendRaw(bytes: Uint8Array): Uint8Array {
    const { address, port } = this.#options.target;
    this.#socket.send(bytes, port, address);
    return bytes;
  }

  /** Seals a body as a sender would, but for what the forgery says. */
  forge(body: Uint8Array, forgery: Forgery = {}): Uint8Array {
    const { provider, cluster, key } = this.#options;
    const destination = forgery.destination ?? this.targetId;
    const kind = forgery.kind ?? (destination === undefined ? KIND_SEALED_TO_ANY : KIND_SEALED_TO_ONE);
    const salt = forgery.salt ?? this.salt;
    this.counter++;
    const header = Buffer.alloc(32);
    header[0] = 0x47;
    header[1] = ((forgery.version ?? 1) << 4) | kind;
    header.set(forgery.tag ?? clusterTag(provider, cluster), 2);
    header.writeUInt16BE(forgery.keyId ?? key.id, 6);
    header.set(salt, 8);
    header.writeBigUInt64BE(forgery.counter ?? this.counter, 24);
    const bound =
      kind === KIND_SEALED_TO_ONE && destination !== undefined ? idBytes(destination) : new Uint8Array(0);
    const sealed = provider
      .sealKey(forgery.key ?? key.key.reveal(), salt)
      .seal(header.subarray(24), Buffer.concat([aadPrefix(cluster), header, bound]), body);
    return Buffer.concat([header, sealed]);
  }

  /** Waits for the first thing from `since` on that `find` takes. @returns undefined where it doesn't come in time. */
  async wait<T>(
    find: (received: Received) => T | undefined,
    options: { since?: number; withinMs?: number } = {},
  ) {
    const deadline = performance.now() + (options.withinMs ?? this.answerMs);
    for (let i = options.since ?? 0; ; ) {
      for (; i < this.received.length; i++) {
        const found = find(this.received[i]);
        if (found !== undefined) return found;
      }
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          this.#waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, leftMs);
        this.#waiting.add(done);
      });
    }
  }

  /** Sends something up to three times until it is answered. */
  async ask<T>(send: () => void, find: (received: Received) => T | undefined): Promise<T | undefined> {
    const since = this.received.length;
    for (let i = 0; i < 3; i++) {
      send();
      const found = await this.wait(find, { since });
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /**
   * Waits until the peer has dealt with all that was sent before: it answers a ping sent after it. @returns what came meanwhile, from
   * `since` on; undefined where the peer answers no ping.
   */
  async settle(since: number): Promise<readonly Received[] | undefined> {
    const seq = this.drawSeq();
    const acked = await this.ask(
      () => this.send({ type: 'ping', seq, destBoot: 0 }),
      (received) => (echoes(received, 'ack', seq) ? true : undefined),
    );
    return acked === undefined ? undefined : this.received.slice(since);
  }

  #onDatagram(bytes: Uint8Array, from: { address: string; port: number }): void {
    const received = this.#read(new Uint8Array(bytes));
    const { target } = this.#options;
    if (!this.silent) this.#answer(received, from);
    if (from.address !== target.address || from.port !== target.port) return;
    if (received.sender !== undefined) {
      this.targetId ??= received.sender;
      this.targetBoot = received.boot ?? this.targetBoot;
    }
    this.received.push(received);
    for (const wake of [...this.#waiting]) wake();
  }

  #read(bytes: Uint8Array): Received {
    const opened = this.#opener.open(performance.now(), bytes);
    if ('refusal' in opened) return { bytes, messages: [], refusal: opened.refusal };
    if ('drop' in opened) return { bytes, messages: [], drop: opened.drop };
    const { sender, boot, messages } = opened.body;
    return { bytes, messages: messages.map(detached), sender, boot };
  }

  #answer({ messages, sender }: Received, from: { address: string; port: number }): void {
    for (const message of messages) {
      if (message.type !== 'ping' || sender === undefined) continue;
      const isForThisLife = message.destBoot === 0 || message.destBoot === this.boot;
      const answer: Message = isForThisLife
        ? { type: 'ack', seq: message.seq }
        : { type: 'gone', seq: message.seq, boot: this.boot };
      this.#socket.send(this.forge(this.body(answer), { destination: sender }), from.port, from.address);
    }
  }
}

/** Whether a datagram holds an answer of this type that echoes this number. */
export function echoes(received: Received, type: 'ack' | 'nack' | 'gone', seq: number): boolean {
  return received.messages.some((message) => message.type === type && message.seq === seq);
}

/** The messages of one type in some datagrams. */
export function messagesOf<T extends MessageType>(received: readonly Received[], type: T) {
  return received
    .flatMap(({ messages }) => messages)
    .filter((message): message is Extract<Message, { type: T }> => message.type === type);
}

/** Record bodies are views of a datagram that may be used again: kept ones are copied. */
function detached(message: Message): Message {
  if (message.type !== 'blocks') return message;
  const blocks = message.blocks.map((block) => ({
    ...block,
    items: block.items.map((item) => ({ ...item, body: new Uint8Array(item.body) })),
  }));
  return { type: 'blocks', blocks };
}
