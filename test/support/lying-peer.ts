import type { Endpoint } from '#runtime/core/endpoint.ts';
import type { NodeId } from '#runtime/core/ids.ts';
import type { Path } from '#runtime/core/outputs.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { makeVersion } from '#runtime/core/version.ts';
import type { Keyring } from '#runtime/crypto/keyring.ts';
import { encodeAccusation } from '#runtime/membership/accusation-record.ts';
import { encodeNodeFacts, type NodeFacts } from '#runtime/membership/node-facts.ts';
import type { Block, Item, Message } from '#runtime/wire/message.ts';
import { Opener } from '#runtime/wire/opener.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';
import { Sealer } from '#runtime/wire/sealer.ts';
import type { EnginePump, PumpNode, Sent } from './engine-pump.ts';
import { bodyOf, CLUSTER, keyring, provider, recordOf } from './wire.ts';

/** A member that holds the key and says whatever a test lets it say, one datagram at a time. */
export class LyingPeer {
  readonly id: NodeId;
  readonly boot: number;
  readonly endpoint: Endpoint;
  readonly #pump: EnginePump;
  readonly #sealer: Sealer;
  readonly #opener: Opener;
  #sequence = 0;

  constructor(
    pump: EnginePump,
    choices: {
      id?: NodeId;
      boot?: number;
      last?: number;
      seed?: number;
      keyring?: Keyring;
      transport?: Endpoint['transport'];
    } = {},
  ) {
    this.#pump = pump;
    this.id = choices.id ?? '99'.repeat(16);
    this.boot = choices.boot ?? 1;
    const { transport = 'udp' } = choices;
    this.endpoint = { transport, address: `10.0.9.${choices.last ?? 9}`, port: 18262 };
    const random = new SeededRandom(choices.seed ?? 77);
    const held = choices.keyring ?? keyring;
    this.#sealer = new Sealer({ provider, cluster: CLUSTER, keyring: held, random, transport });
    this.#opener = new Opener({ provider, cluster: CLUSTER, keyring: held, self: this.id });
  }

  get path(): Path {
    const { transport, address, port } = this.endpoint;
    return { transport, link: 'eth0', multicast: false, address, port };
  }

  /** A version of this peer's own that it hasn't used. */
  nextVersion(): number {
    this.#sequence++;
    return makeVersion(this.boot, this.#sequence);
  }

  /** Seals messages to a node, or to anybody. */
  seal(to: PumpNode | undefined, messages: readonly Message[]): Uint8Array {
    const body = bodyOf(messages, { sender: this.id, boot: this.boot });
    return to === undefined ? this.#sealer.sealToAny(body) : this.#sealer.sealTo(to.id, body);
  }

  /** Sends messages to a node. @returns what it sent in the same mutation. */
  tell(to: PumpNode, ...messages: Message[]): Sent[] {
    return this.#pump.deliver(to, this.seal(to, messages), this.path);
  }

  /** Opens what a node sent to this peer. */
  read(sent: readonly Sent[]): Message[] {
    return sent.flatMap(({ to, bytes }) => {
      if (to.kind !== 'unicast' || to.endpoint.address !== this.endpoint.address) return [];
      const opened = this.#opener.open(this.#pump.nowMs, bytes, undefined, this.endpoint.transport);
      return 'body' in opened ? [...opened.body.messages] : [];
    });
  }

  /** Its block with the record `node`. */
  nodeBlock(changes: Partial<NodeFacts> = {}): Block {
    return this.block({
      version: this.nextVersion(),
      key: 'node',
      value: encodeNodeFacts({
        name: 'liar',
        incarnation: 0,
        state: 'alive',
        endpoints: [this.endpoint],
        tags: {},
        protocol: 1,
        ...changes,
      }),
      priority: 'urgent',
    });
  }

  /** A block of one record that claims nothing of other versions, by default of this peer's own. */
  block(record: Partial<RecordBody>, about: { owner?: NodeId; ageMs?: number } = {}): Block {
    const version = record.version ?? this.nextVersion();
    return {
      owner: about.owner ?? this.id,
      from: version - 1,
      to: version,
      gc: 0,
      items: [itemOf({ ...record, version }, about.ageMs)],
    };
  }

  /** A block with an accusation in one of this peer's slots. */
  accusation(
    target: { id: NodeId; boot: number; incarnation: number },
    about: {
      slot?: number;
      ageMs?: number;
      ttlMs?: number;
      owner?: NodeId;
      stage?: 'suspect' | 'down';
    } = {},
  ): Block {
    const record = {
      key: `accuse/${about.slot ?? 0}`,
      value: encodeAccusation({
        target: target.id,
        boot: target.boot,
        incarnation: target.incarnation,
        stage: about.stage ?? 'suspect',
        evidence: { waitedMs: 900, helpers: 3, nacks: 3, localHealth: 0 },
      }),
      ttlMs: about.ttlMs ?? 60_000,
      priority: 'urgent' as const,
    };
    return this.block(record, about);
  }

  /** Joins a node and answers its question, so that the session is proven. */
  introduce(to: PumpNode): void {
    const join: Message = { type: 'join', seq: 1, padding: 600 };
    const messages: Message[] = [join, { type: 'blocks', blocks: [this.nodeBlock()] }];
    this.answer(to, this.#pump.deliver(to, this.seal(undefined, messages), this.path));
  }

  /** Acks every ping among what a node sent. */
  answer(to: PumpNode, sent: readonly Sent[]): void {
    for (const message of this.read(sent)) {
      if (message.type === 'ping') this.tell(to, { type: 'ack', seq: message.seq });
    }
  }
}

/** An item of a record, by default quite young. */
export function itemOf(changes: Partial<RecordBody>, ageMs = 0): Item {
  return { body: encodeRecord(recordOf(changes)), ageMs };
}
