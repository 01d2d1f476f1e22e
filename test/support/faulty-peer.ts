import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { NodeId } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import type { GossipEngine } from '#runtime/engine/contract.ts';
import { Engine } from '#runtime/engine/engine.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import type { Message } from '#runtime/wire/message.ts';
import type { Opener } from '#runtime/wire/opener.ts';
import type { Sealer } from '#runtime/wire/sealer.ts';
import { bodyOf, CLUSTER, keyring, openerOf, provider, sealerOf } from './wire.ts';

/** What a faulty peer does otherwise than our engine, which it is for the rest. */
export interface PeerFault {
  /** What of a datagram's messages reaches the engine; all if absent. */
  readonly hears?: (messages: readonly Message[]) => readonly Message[];
  /** Messages that it sends by itself for those of one datagram. */
  readonly adds?: (messages: readonly Message[]) => readonly Message[];
  /** What it says in the place of the engine. */
  readonly says?: (messages: readonly Message[]) => readonly Message[];
  /** The refusals that it sends in the place of one. */
  readonly refuses?: (bytes: Buffer) => readonly Uint8Array[];
  /** Answers to datagrams that it should drop without looking further. */
  readonly answers?: (bytes: Buffer) => readonly Uint8Array[];
}

const ID: NodeId = '78'.repeat(16);
const BOOT = 3;

/** Our own engine on a socket of the loopback, with one fault in what it hears or says. */
export class FaultyPeer {
  readonly #socket: Socket;
  readonly #fault: PeerFault;
  readonly #engine: GossipEngine;
  /** Stands between: reads what comes, and seals what the engine gets instead. */
  readonly #opener = openerOf({ self: ID });
  readonly #sealers = new Map<NodeId, Sealer>();
  readonly #own = sealerOf({ seed: 91 });
  /** Who is where, so that what is sealed to them can be read. */
  readonly #openers = new Map<string, { readonly id: NodeId; readonly opener: Opener }>();
  #timer: NodeJS.Timeout | undefined;

  private constructor(socket: Socket, fault: PeerFault) {
    this.#socket = socket;
    this.#fault = fault;
    const { address, port } = socket.address();
    this.#engine = new Engine({
      id: ID,
      name: 'faulty',
      cluster: CLUSTER,
      boot: BOOT,
      keyring,
      provider,
      random: new SeededRandom(7, 1),
      settings: settingsOf('lan', {}),
      endpoints: [{ transport: 'udp', address, port }],
      links: [{ name: 'lo', multicast: 'off' }],
    });
    this.#engine.start(performance.now());
    this.#drain();
    socket.on('message', (bytes, from) => this.#receive(bytes, from));
  }

  static async start(fault: PeerFault): Promise<FaultyPeer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new FaultyPeer(socket, fault);
  }

  get address(): { address: string; port: number } {
    return this.#socket.address();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  #receive(bytes: Buffer, { address, port }: { address: string; port: number }): void {
    for (const answer of this.#fault.answers?.(bytes) ?? []) this.#socket.send(answer, port, address);
    const opened = this.#opener.open(performance.now(), bytes);
    const path = { transport: 'udp', link: 'lo', multicast: false, address, port } as const;
    const hand = (datagram: Uint8Array) => this.#engine.handleDatagram(performance.now(), path, datagram);
    if ('body' in opened) {
      const { sender, boot, messages } = opened.body;
      this.#meet(`${address}:${port}`, sender);
      const heard = this.#fault.hears?.(messages) ?? messages;
      const added = this.#fault.adds?.(messages) ?? [];
      if (added.length > 0) this.#socket.send(this.#seal(sender, added), port, address);
      if (heard === messages) hand(bytes);
      else {
        const sealer = this.#sealers.get(sender) ?? sealerOf({ seed: 100 + this.#sealers.size });
        this.#sealers.set(sender, sealer);
        const body = bodyOf(heard, { sender, boot });
        hand(opened.sealedToAny ? sealer.sealToAny(body) : sealer.sealTo(ID, body));
      }
    } else hand(bytes);
    this.#drain();
  }

  #meet(place: string, id: NodeId): void {
    if (this.#openers.get(place)?.id !== id) this.#openers.set(place, { id, opener: openerOf({ self: id }) });
  }

  #drain(): void {
    for (;;) {
      const output = this.#engine.pollOutput();
      if (output.type === 'timeout') {
        clearTimeout(this.#timer);
        const waitMs = Math.min(Math.max(0, output.atMs - performance.now()), 1_000);
        this.#timer = setTimeout(() => {
          this.#engine.handleTimeout(performance.now());
          this.#drain();
        }, waitMs);
        return;
      }
      if (output.type === 'transmit' && output.to.kind === 'unicast')
        this.#send(Buffer.from(output.bytes), output.to.endpoint);
    }
  }

  #send(bytes: Buffer, { address, port }: { address: string; port: number }): void {
    const { says, refuses } = this.#fault;
    const isRefusal = bytes[1] === 0x13;
    if (isRefusal) {
      for (const refusal of refuses?.(bytes) ?? [bytes]) this.#socket.send(refusal, port, address);
      return;
    }
    const peer = this.#openers.get(`${address}:${port}`);
    const opened = says && peer?.opener.open(performance.now(), bytes);
    if (says === undefined || peer === undefined || opened === undefined || !('body' in opened)) {
      this.#socket.send(bytes, port, address);
      return;
    }
    const said = says(opened.body.messages);
    if (said.length > 0) this.#socket.send(this.#seal(peer.id, said), port, address);
  }

  #seal(to: NodeId, messages: readonly Message[]): Uint8Array {
    return this.#own.sealTo(to, bodyOf(messages, { sender: ID, boot: BOOT }));
  }
}
