import type { NodeId } from '#runtime/core/ids.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { Keyring } from '#runtime/crypto/keyring.ts';
import { RecordSigningInput } from '#runtime/crypto/record-signature.ts';
import { encodeAccusation } from '#runtime/membership/accusation-record.ts';
import { encodeNodeFacts } from '#runtime/membership/node-facts.ts';
import { looksLikeAdmission } from '#runtime/trust/admission/frame.ts';
import { type Epoch, groupKeyOfEpoch } from '#runtime/trust/epoch.ts';
import { PairKeys } from '#runtime/trust/pair-keys.ts';
import { PairProofs, type Statement } from '#runtime/trust/pair-proofs.ts';
import type { Block, LeaseAsk, Message, MessageType } from '#runtime/wire/message.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';
import type { CertifiedFleet } from './certified-fleet.ts';
import type { EnginePump, PumpNode, Sent } from './engine-pump.ts';
import { LyingPeer } from './lying-peer.ts';
import { CLUSTER, provider } from './wire.ts';

/** So that its versions outdo those of the board whose keys it has. */
const BOOT = 9;

/** Whoever took a board with all its keys: speaks in its name, proves and signs what the board could. */
export class Exile {
  readonly id: NodeId;
  readonly #pump: EnginePump;
  readonly #fleet: CertifiedFleet;
  readonly #index: number;
  readonly #peers: readonly LyingPeer[];
  readonly #proofs: PairProofs;
  #seq = 1_000;

  /** @param index of the board. @param epochs whose secrets it has. */
  constructor(pump: EnginePump, fleet: CertifiedFleet, index: number, epochs: readonly Epoch[]) {
    this.#pump = pump;
    this.#fleet = fleet;
    this.#index = index;
    this.id = fleet.id(index);
    this.#peers = epochs.map(
      (epoch, i) =>
        new LyingPeer(pump, {
          id: this.id,
          boot: BOOT,
          seed: 50 + i,
          keyring: new Keyring(groupKeyOfEpoch(provider, epoch, CLUSTER)),
        }),
    );
    const of = (peer: NodeId) =>
      fleet.cards.find(({ identity }) => identity.id === peer)?.agreementKey.publicKey;
    const keys = { own: fleet.cards[index].agreementKey, of };
    this.#proofs = new PairProofs(new PairKeys({ provider, self: this.id, cluster: CLUSTER, keys }));
  }

  /** Sends one kind of message to a node, as good as it can be made, under each key. @returns what was answered, admission aside. */
  try(type: MessageType, to: PumpNode, about: { readonly other: PumpNode; readonly key: string }): Sent[] {
    const address = this.#peers[0].endpoint.address;
    const before = this.#pump.mail.length;
    for (const peer of this.#peers) {
      const messages = this.#message(type, to, about);
      const toAny = type === 'join' || type === 'presence';
      const bytes = peer.seal(toAny ? undefined : to, messages);
      this.#pump.deliver(to, bytes, { ...peer.path, multicast: type === 'presence' });
    }
    this.#pump.run(50);
    return this.#pump.mail.slice(before).filter(({ to: { ...place }, bytes }) => {
      const isHere = place.kind === 'unicast' && place.endpoint.address === address;
      return isHere && !looksLikeAdmission(bytes);
    });
  }

  #message(type: MessageType, to: PumpNode, { other, key }: { other: PumpNode; key: string }): Message[] {
    const seq = ++this.#seq;
    const zeros = new Uint8Array(8);
    const lines = [
      { owner: this.id, known: BOOT * 2 ** 32 + 50, gc: 0 },
      { owner: other.id, known: 0, gc: 0 },
    ];
    switch (type) {
      case 'ping':
        return [
          { type, seq, destBoot: 0, mac: this.#prove({ kind: 'ping', seq, value: 0 }, to) },
          // As long as its answer [P-6.28].
          { type: 'padding', length: 8 },
        ];
      case 'ack':
        return [{ type, seq, uptimeMs: 5, mac: this.#prove({ kind: 'ack', seq, value: 5 }, to) }];
      case 'nack':
        return [{ type, seq, mac: this.#prove({ kind: 'nack', seq, value: 0 }, to) }];
      case 'gone':
        return [{ type, seq, boot: BOOT, mac: this.#prove({ kind: 'gone', seq, value: BOOT }, to) }];
      case 'ping-req': {
        const value = 2 ** 32 + Number.parseInt(other.id.slice(0, 8), 16);
        const mac = this.#prove({ kind: 'ping-req', seq, value }, to);
        const challenge = this.#prove({ kind: 'challenge', seq, value: 1 }, other);
        const { endpoint } = other;
        return [{ type, seq, target: other.id, targetBoot: 1, endpoint, mac, challenge }];
      }
      case 'lease-ask': {
        const claim = {
          operation: 'claim',
          name: 'uplink',
          claim: '00'.repeat(8),
          ballot: 1,
          fence: 0,
        } as const;
        const about = { ttlMs: 5_000, rosterVersion: 1, rosterMark: '00'.repeat(8), dest: 0 };
        return [{ type, number: seq, ...claim, ...about, mac: new Uint8Array(16) }];
      }
      case 'carry': {
        const [message] = this.#message('lease-ask', to, { other, key }) as [LeaseAsk];
        return [{ type, from: this.id, boot: BOOT, to: other.id, message }];
      }
      case 'value-want':
        return [{ type, hash: new Uint8Array(32), parts: 1 }];
      case 'value-part':
        return [{ type, hash: new Uint8Array(32), part: 0, bytes: zeros }];
      case 'lease-answer': {
        const mac = new Uint8Array(16);
        return [{ type, number: seq, verdict: 'granted', top: 9, leftMs: 0, rosterVersion: 1, mac }];
      }
      case 'query-reply': {
        const about = { asker: other.id, number: 2 ** 32 + seq, from: this.id, value: null, cutFrom: 0 };
        return [{ type, ...about, verdict: 'answer', mac: new Uint8Array(16) }];
      }
      case 'query-got': {
        const about = { asker: this.id, number: 2 ** 32 + seq, from: other.id, mac: new Uint8Array(16) };
        return [{ type, ...about, verdict: 'answer' }];
      }
      case 'join':
        return [
          { type, seq, padding: 700 },
          { type: 'blocks', blocks: [this.#nodeBlock()] },
        ];
      case 'presence':
        return [
          {
            type,
            uptimeMs: 1,
            nodeVersion: 0,
            heard: 3,
            tableHash: zeros,
            nextMs: 1_500,
            link: new Uint8Array(16),
          },
        ];
      case 'digest':
        return [{ type, tableHash: zeros, lines }];
      case 'buckets':
        return [{ type, hashes: new Uint8Array(256) }];
      case 'have':
        return [{ type, buckets: [0, 1, 2, 3], lines }];
      case 'want':
        return [{ type, lines }];
      case 'padding':
        return [{ type, length: 20 }];
      case 'blocks':
        return [{ type, blocks: [this.#nodeBlock(), this.#record(key, 666), this.#accusation(other)] }];
    }
  }

  #prove(about: Pick<Statement, 'kind' | 'seq' | 'value'>, to: PumpNode): Uint8Array {
    return this.#proofs.prove({ ...about, sender: this.id, senderBoot: BOOT, destination: to.id })!;
  }

  #nodeBlock(): Block {
    const { endpoint } = this.#peers[0];
    return this.#record(
      'node',
      encodeNodeFacts({
        name: 'exile',
        incarnation: 3,
        state: 'alive',
        endpoints: [endpoint],
        tags: {},
        protocol: 1,
      }),
    );
  }

  #accusation({ id }: PumpNode): Block {
    const evidence = { waitedMs: 900, helpers: 3, nacks: 3, localHealth: 0 };
    return this.#record(
      'accuse/0',
      encodeAccusation({ target: id, boot: 1, incarnation: 0, stage: 'suspect', evidence }),
    );
  }

  #record(key: string, value: AppValue): Block {
    const version = this.#peers[0].nextVersion();
    const body = encodeRecord({ version, key, value, deleted: false, priority: 'urgent', quality: 'good' });
    const { identity } = this.#fleet.cards[this.#index];
    const signature = identity.sign(new RecordSigningInput(CLUSTER).of(this.id, body));
    return { owner: this.id, from: version - 1, to: version, gc: 0, items: [{ body, ageMs: 0, signature }] };
  }
}
