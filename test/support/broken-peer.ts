import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { fromHex, type NodeId } from '#runtime/core/ids.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { encodeNodeFacts } from '#runtime/membership/node-facts.ts';
import { decodeBody, idBytes } from '#runtime/wire/body.ts';
import { aadPrefix } from '#runtime/wire/header.ts';
import type { Block, Line, Message } from '#runtime/wire/message.ts';
import { decodeRecord, encodeRecord } from '#runtime/wire/record-codec.ts';
import { bodyOf, CLUSTER, keyring, provider, recordOf, sealerOf } from './wire.ts';

/** What a broken peer does wrong; else it does as much of the protocol right as the checks of its faults need. */
export interface Faults {
  /** Acknowledges whatever it can open, also what was seen, is bound to somebody else or holds more than a body may. */
  readonly acksEverything?: boolean;
  readonly answersShortJoins?: boolean;
  /** Passes records on as it would write them itself. */
  readonly reencodes?: boolean;
  readonly answersStrangers?: boolean;
  readonly freezesAges?: boolean;
}

const ID: NodeId = '77'.repeat(16);
const VERSION = makeVersion(1, 1);

/** A peer that keeps whole blocks and gives them back; it runs on a socket of the loopback. */
export class BrokenPeer {
  readonly #socket: Socket;
  readonly #faults: Faults;
  readonly #sealer = sealerOf({ seed: 5 });
  readonly #seen = new Set<string>();
  readonly #blocks = new Map<NodeId, Block>();
  readonly #proven = new Set<NodeId>();

  private constructor(socket: Socket, faults: Faults) {
    this.#socket = socket;
    this.#faults = faults;
    socket.on('message', (bytes, { address, port }) => this.#receive(bytes, { address, port }));
  }

  static async start(faults: Faults): Promise<BrokenPeer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new BrokenPeer(socket, faults);
  }

  get address(): { address: string; port: number } {
    return this.#socket.address();
  }

  stop(): void {
    this.#socket.close();
  }

  #receive(bytes: Buffer, from: { address: string; port: number }): void {
    const { acksEverything, answersShortJoins } = this.#faults;
    const plaintext = this.#open(bytes);
    if (plaintext === undefined) return;
    const nonce = bytes.subarray(8, 32).toString('hex');
    const isSeen = this.#seen.has(nonce);
    this.#seen.add(nonce);
    if (acksEverything === true) {
      const seq = seqOf(plaintext);
      const sender = plaintext.subarray(2, 18).toString('hex');
      if (seq !== undefined) this.#send(sender, [{ type: 'ack', seq }], from);
    }
    const body = decodeBody(plaintext);
    if (body === undefined || isSeen) return;
    const answers: Message[] = [];
    for (const message of body.messages) {
      if (message.type === 'join' && (bytes.length >= 600 || answersShortJoins === true))
        answers.push({ type: 'ack', seq: message.seq }, { type: 'ping', seq: 1, destBoot: 0 }, this.#node());
      if (message.type === 'ping' && acksEverything !== true) answers.push({ type: 'ack', seq: message.seq });
      if (message.type === 'ack') this.#proven.add(body.sender);
      if (message.type === 'blocks') for (const block of message.blocks) this.#keep(block);
      if (message.type === 'want') answers.push(...this.#give(message.lines, body.sender));
    }
    if (answers.length > 0) this.#send(body.sender, answers, from);
  }

  /** Opens what it holds a key for; a good peer looks at more of the header. */
  #open(bytes: Buffer): Buffer | undefined {
    const header = bytes.subarray(0, 32);
    if (bytes.length < 49 || header[0] !== 0x47) return undefined;
    const sealKey = provider.sealKey(keyring.writing.key.reveal(), header.subarray(8, 24));
    for (const destination of [idBytes(ID), new Uint8Array(16), new Uint8Array(0)]) {
      if (destination.length > 0 && destination[0] === 0 && this.#faults.acksEverything !== true) continue;
      const aad = Buffer.concat([aadPrefix(CLUSTER), header, destination]);
      const opened = sealKey.open(header.subarray(24), aad, bytes.subarray(32));
      if (opened !== undefined) return Buffer.from(opened);
    }
    return undefined;
  }

  #keep(block: Block): void {
    const before = this.#blocks.get(block.owner);
    const items = block.items.map((item) => ({ ...item, body: new Uint8Array(item.body) }));
    this.#blocks.set(block.owner, {
      ...block,
      from: 0,
      items: [...(before?.items ?? []), ...items].slice(-4),
    });
  }

  #give(lines: readonly Line[], to: NodeId): Message[] {
    if (!this.#proven.has(to) && this.#faults.answersStrangers !== true)
      return [{ type: 'ping', seq: 2, destBoot: 0 }];
    return lines.flatMap(({ owner }): Message[] => {
      if (owner === ID) return [this.#node()];
      const block = this.#blocks.get(owner);
      return block === undefined ? [] : [{ type: 'blocks', blocks: [this.#told(block)] }];
    });
  }

  #told(block: Block): Block {
    const items = block.items.map(({ body, ageMs }) => {
      const record = this.#faults.reencodes === true ? decodeRecord(body) : undefined;
      const age = this.#faults.freezesAges === true ? ageMs : ageMs + 1000;
      return { body: record === undefined ? body : encodeRecord(record), ageMs: age };
    });
    return { ...block, items };
  }

  #node(): Message {
    const facts = {
      name: 'broken',
      incarnation: 0,
      state: 'alive',
      endpoints: [],
      tags: {},
      protocol: 1,
    } as const;
    const body = encodeRecord(recordOf({ version: VERSION, key: 'node', value: encodeNodeFacts(facts) }));
    const block = { owner: ID, from: 0, to: VERSION, gc: VERSION - 1, items: [{ body, ageMs: 0 }] };
    return { type: 'blocks', blocks: [block] };
  }

  #send(
    to: NodeId,
    messages: readonly Message[],
    { address, port }: { address: string; port: number },
  ): void {
    this.#socket.send(this.#sealer.sealTo(to, bodyOf(messages, { sender: ID })), port, address);
  }
}

/** The seq of a ping that begins the messages, whatever stands behind it. */
function seqOf(plaintext: Buffer): number | undefined {
  const at = plaintext.indexOf(fromHex('83011a'));
  return at < 0 || at + 7 > plaintext.length ? undefined : plaintext.readUInt32BE(at + 3);
}
