import type { NodeId } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import type { RecordGuard } from '#runtime/data/record-guard.ts';
import { encodeAccusation } from '#runtime/membership/accusation-record.ts';
import { encodeNodeFacts } from '#runtime/membership/node-facts.ts';
import type { PairProofs } from '#runtime/trust/pair-proofs.ts';
import type { Block, Message, Presence } from '#runtime/wire/message.ts';
import { Opener } from '#runtime/wire/opener.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';
import type { EnginePump, PumpNode } from './engine-pump.ts';
import { LyingPeer } from './lying-peer.ts';
import type { TrustedGroup } from './trusted-group.ts';
import { CLUSTER, keyring, provider } from './wire.ts';

/** A message that crossed the segment, as who holds the group's key reads it. */
export interface Overheard {
  readonly from: PumpNode;
  readonly to: PumpNode;
  readonly message: Message;
}

/**
 * A member gone bad: it holds a valid identity and the group's key, hears every datagram on the segment whoever it is for, and speaks
 * under any name. What it can't do is prove what others say.
 */
export class Intruder {
  readonly id: NodeId;
  readonly own: LyingPeer;
  readonly #pump: EnginePump;
  readonly #proofs: PairProofs | undefined;
  readonly #guard: RecordGuard;
  readonly #openers = new Map<NodeId, Opener>();
  #read = 0;

  constructor(pump: EnginePump, group: TrustedGroup, index: number, { proofs }: { proofs: boolean }) {
    this.id = group.id(index);
    this.#pump = pump;
    this.#proofs = proofs ? group.proofs(index) : undefined;
    this.#guard = group.guard(index);
    this.own = new LyingPeer(pump, { id: this.id });
  }

  /** Joins like anybody, and answers honestly as long as `turn` is called. */
  join(nodes: readonly PumpNode[]): void {
    for (const node of nodes) {
      const join: Message = { type: 'join', seq: 1, padding: 600 };
      const bytes = this.own.seal(undefined, [join, { type: 'blocks', blocks: [this.nodeBlock()] }]);
      this.#pump.deliver(node, bytes, this.own.path);
    }
    this.turn();
  }

  /** Its own record, signed. */
  nodeBlock(): Block {
    const version = this.own.nextVersion();
    const value = encodeNodeFacts({
      name: 'intruder',
      incarnation: 0,
      state: 'alive',
      endpoints: [this.own.endpoint],
      tags: {},
      protocol: 1,
    });
    return this.signed({ version, key: 'node', value });
  }

  /** A record of its own. */
  signed(about: { version: number; key: string; value: Parameters<typeof encodeRecord>[0]['value'] }): Block {
    const { version, key } = about;
    const body = encodeRecord({ ...about, deleted: false, priority: 'urgent', quality: 'good' });
    const signature = this.#guard.sign(key, body);
    const item = signature === undefined ? { body, ageMs: 0 } : { body, ageMs: 0, signature };
    return { owner: this.id, from: version - 1, to: version, gc: 0, items: [item] };
  }

  /** Its word against another, signed. */
  accusation({ id, boot, incarnation }: { id: NodeId; boot: number; incarnation: number }): Block {
    const evidence = { waitedMs: 900, helpers: 3, nacks: 3, localHealth: 0 };
    const value = encodeAccusation({ target: id, boot, incarnation, stage: 'suspect', evidence });
    return this.signed({ version: this.own.nextVersion(), key: 'accuse/0', value });
  }

  /** Answers what came for it, truthfully. @returns the other messages. */
  turn(): { readonly from: PumpNode; readonly message: Message }[] {
    const others: { from: PumpNode; message: Message }[] = [];
    for (; this.#read < this.#pump.mail.length; this.#read++) {
      const sent = this.#pump.mail[this.#read];
      for (const message of this.own.read([sent])) {
        if (message.type === 'ping') this.own.tell(sent.from, this.ack(sent.from, message.seq));
        else others.push({ from: sent.from, message });
      }
    }
    return others;
  }

  /** An ack in its own name, as good as it can be. */
  ack(to: PumpNode, seq: number): Message {
    const uptimeMs = 1_000;
    const about = {
      kind: 'ack',
      sender: this.id,
      senderBoot: 1,
      destination: to.id,
      seq,
      value: uptimeMs,
    } as const;
    const mac = this.#proofs?.prove(about);
    return { type: 'ack', seq, uptimeMs, ...(mac && { mac }) };
  }

  nack(to: PumpNode, seq: number): Message {
    const about = {
      kind: 'nack',
      sender: this.id,
      senderBoot: 1,
      destination: to.id,
      seq,
      value: 0,
    } as const;
    const mac = this.#proofs?.prove(about);
    return { type: 'nack', seq, ...(mac && { mac }) };
  }

  /** Reads along; `hear` is told of each message before it arrives. */
  listen(hear: (overheard: Overheard) => void): void {
    this.#pump.drop = (from, to, bytes) => {
      const opened = this.#opener(from, to).open(this.#pump.nowMs, bytes);
      if ('body' in opened) for (const message of opened.body.messages) hear({ from, to, message });
      return false;
    };
  }

  /** Another's name, under a salt of its own and from its own address. */
  under(id: NodeId, { boot = 1, seed = 5 } = {}): LyingPeer {
    return new LyingPeer(this.#pump, { id, boot, last: 200, seed });
  }

  /** A presence by multicast, under this name. */
  multicast(as: LyingPeer, presence: Presence, to: readonly PumpNode[]): void {
    const bytes = as.seal(undefined, [presence]);
    for (const node of to) if (node.running) this.#pump.deliver(node, bytes, { ...as.path, multicast: true });
  }

  /** One for each pair: what came by multicast would be taken for a replay. */
  #opener(from: PumpNode, to: PumpNode): Opener {
    const name = `${from.id} ${to.id}`;
    const present =
      this.#openers.get(name) ?? new Opener({ provider, cluster: CLUSTER, keyring, self: to.id });
    this.#openers.set(name, present);
    return present;
  }
}

/** A presence that looks like one of this moment. */
export function presenceAt(nowMs: number, link?: Uint8Array): Presence {
  const tableHash = new SeededRandom(1).bytes(8);
  const common = {
    type: 'presence' as const,
    uptimeMs: nowMs,
    nodeVersion: 0,
    heard: 3,
    tableHash,
    nextMs: 1_500,
  };
  return link === undefined ? common : { ...common, link };
}
