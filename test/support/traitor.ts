import type { NodeId } from '#runtime/core/ids.ts';
import type { AppValue } from '#runtime/core/value.ts';
import type { Identity } from '#runtime/crypto/identity.ts';
import { Keyring } from '#runtime/crypto/keyring.ts';
import { RecordSigningInput } from '#runtime/crypto/record-signature.ts';
import { type Epoch, groupKeyOfEpoch } from '#runtime/trust/epoch.ts';
import type { Block } from '#runtime/wire/message.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';
import type { CertifiedFleet } from './certified-fleet.ts';
import type { EnginePump, PumpNode } from './engine-pump.ts';
import { LyingPeer } from './lying-peer.ts';
import { CLUSTER, provider, recordOf } from './wire.ts';

/** So that what it says outdoes what its board said before. */
const BOOT = 9;

/**
 * A member of a cluster of certificates gone bad: it has a certificate that stands and the present epoch, hears what it likes, and
 * speaks under any name. It signs with its own key, whatever it says.
 */
export class Traitor {
  readonly id: NodeId;
  readonly own: LyingPeer;
  readonly identity: Identity;
  readonly #pump: EnginePump;
  readonly #keyring: Keyring;
  #names = 0;

  /** @param index of its board, whose engine should stand still. */
  constructor(pump: EnginePump, fleet: CertifiedFleet, index: number, epoch: Epoch) {
    this.#pump = pump;
    this.identity = fleet.cards[index].identity;
    this.id = this.identity.id;
    this.#keyring = new Keyring(groupKeyOfEpoch(provider, epoch, CLUSTER));
    this.own = this.under(this.id, BOOT);
  }

  /** A name, under a salt of its own. */
  under(id: NodeId, boot: number): LyingPeer {
    return new LyingPeer(this.#pump, { id, boot, seed: 500 + ++this.#names, keyring: this.#keyring });
  }

  /** A record of whomever it names, signed by the traitor's own key. */
  signed(record: Partial<RecordBody>, owner: NodeId = this.id): Block {
    const version = record.version ?? this.own.nextVersion();
    const body = encodeRecord(recordOf({ priority: 'urgent', ...record, version }));
    const signature = this.identity.sign(new RecordSigningInput(CLUSTER).of(owner, body));
    return { owner, from: version - 1, to: version, gc: 0, items: [{ body, ageMs: 0, signature }] };
  }

  /** Puts a record of its own, and tells each of the nodes. */
  put(nodes: readonly PumpNode[], key: string, value: AppValue): void {
    this.tell(nodes, this.signed({ key, value }));
  }

  /** Tells each of the nodes, in its own name unless another's is given. */
  tell(nodes: readonly PumpNode[], block: Block, as: LyingPeer = this.own): void {
    for (const node of nodes) as.tell(node, { type: 'blocks', blocks: [block] });
  }
}
