import type { Endpoint } from '#runtime/core/endpoint.ts';
import type { NodeId } from '#runtime/core/ids.ts';
import type { Output, Path } from '#runtime/core/outputs.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { bootOf, makeVersion } from '#runtime/core/version.ts';
import type { EngineOptions } from '#runtime/engine/contract.ts';
import { decodeNodeFacts, encodeNodeFacts, type NodeFacts } from '#runtime/membership/node-facts.ts';
import { BodyBuilder } from '#runtime/wire/body.ts';
import type { Block, Message } from '#runtime/wire/message.ts';
import { Opener } from '#runtime/wire/opener.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { decodeRecord, encodeRecord } from '#runtime/wire/record-codec.ts';
import { Sealer } from '#runtime/wire/sealer.ts';
import { IdleEngine } from './idle-engine.ts';

const ALL_BUCKETS = Array.from({ length: 64 }, (_, bucket) => bucket);

/** What the liar knows of another node: all that is in that node's own record. */
export interface Known {
  readonly id: NodeId;
  readonly boot: number;
  readonly version: number;
  readonly facts: NodeFacts;
}

/** What a lying node does, beside answering pings so that it is taken for a member. */
export interface Lie {
  /** Told so often, once the liar has joined. */
  readonly everyMs: number;
  readonly tell: (liar: LyingHost, round: number) => void;
  /** What it answers to a message instead of the truth; undefined: the truth. */
  readonly answer?: (message: Message) => Message | undefined;
}

/** A key holder in the simulator's world that joins like anybody, and then lies. It believes nothing and remembers who is where. */
export class LyingHost extends IdleEngine {
  readonly options: EngineOptions;
  readonly known = new Map<NodeId, Known>();
  readonly random: SeededRandom;
  readonly #lie: Lie;
  readonly #openers = new Map<NodeId, Opener>();
  readonly #sealers = new Map<string, Sealer>();
  readonly #outputs: Output[] = [];
  #seeds: readonly Endpoint[] = [];
  #nowMs = 0;
  #nextMs = Number.POSITIVE_INFINITY;
  #sequence = 1;
  #round = 0;
  #isLying = false;

  constructor(options: EngineOptions, lie: Lie) {
    super(options);
    this.options = options;
    this.#lie = lie;
    this.random = new SeededRandom(1, Number.parseInt(options.id.slice(0, 8), 16));
  }

  get endpoint(): Endpoint {
    return this.options.endpoints[0];
  }

  /** The others, as far as their records were heard. */
  get others(): Known[] {
    return [...this.known.values()].filter(({ id }) => id !== this.id);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** From the next turn on it lies. */
  startLying(): void {
    this.#isLying = true;
  }

  stopLying(): void {
    this.#isLying = false;
  }

  override start(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#nextMs = nowMs;
  }

  override join(nowMs: number, seeds: readonly Endpoint[]): void {
    this.#nowMs = nowMs;
    this.#seeds = seeds;
    this.#callSeeds();
  }

  override handleTimeout(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#nextMs = nowMs + this.#lie.everyMs;
    if (this.known.size === 0) this.#callSeeds();
    if (this.#isLying) this.#lie.tell(this, this.#round++);
  }

  override handleDatagram(nowMs: number, { address, port }: Path, bytes: Uint8Array): void {
    this.#nowMs = nowMs;
    const from: Endpoint = { transport: 'udp', address, port };
    // Sealed to whomever it speaks for at times: it has the key, so it can read that too.
    for (const opener of [this.#opener(this.id), ...this.#openers.values()]) {
      const opened = opener.open(nowMs, bytes);
      if (!('body' in opened)) continue;
      const reader = [...this.#openers].find(([, each]) => each === opener)?.[0] ?? this.id;
      for (const message of opened.body.messages)
        this.#hear(message, { from, sender: opened.body.sender, reader });
      return;
    }
  }

  override pollOutput(): Output {
    return this.#outputs.shift() ?? { type: 'timeout', atMs: this.#nextMs };
  }

  /** Sends messages to a node in one datagram, under its own name or another's. */
  say(to: Known, messages: readonly Message[], as: { id: NodeId; boot: number } = this): void {
    this.sayAt(to.facts.endpoints[0], to.id, messages, as);
  }

  /** Names another node as the sender, under the salt that is bound to the liar. */
  sayUnderOwnSalt(to: Known, messages: readonly Message[], as: { id: NodeId; boot: number }): void {
    const bytes = this.#sealer(this).sealTo(to.id, body(messages, as));
    const endpoint = to.facts.endpoints[0];
    this.#outputs.push({ type: 'transmit', to: { kind: 'unicast', endpoint }, bytes, trafficClass: 'data' });
  }

  sayToAll(messages: readonly Message[], as: { id: NodeId; boot: number } = this): void {
    for (const other of this.others) this.say(other, messages, as);
  }

  sayAt(
    endpoint: Endpoint,
    to: NodeId,
    messages: readonly Message[],
    as: { id: NodeId; boot: number },
  ): void {
    // Whoever speaks for another hears what is answered to that one.
    this.#opener(as.id);
    const bytes = this.#sealer(as).sealTo(to, body(messages, as));
    this.#outputs.push({ type: 'transmit', to: { kind: 'unicast', endpoint }, bytes, trafficClass: 'data' });
  }

  multicast(messages: readonly Message[], as: { id: NodeId; boot: number } = this): void {
    const bytes = this.#sealer(as).sealToAny(body(messages, as));
    const to = { kind: 'multicast' as const, link: this.options.links[0].name };
    this.#outputs.push({ type: 'transmit', to, bytes, trafficClass: 'data' });
  }

  nextVersion(): number {
    return makeVersion(this.boot, ++this.#sequence);
  }

  /** A made-up node id, different for each number. */
  madeUpId(number: number): NodeId {
    return (number + 0xabc0000).toString(16).padStart(8, '0').repeat(4);
  }

  /** A block of one record of any owner that claims nothing of other versions, unless `from` says so. */
  block(
    owner: NodeId,
    record: Partial<RecordBody> & { version: number },
    about: { ageMs?: number; from?: number } = {},
  ): Block {
    const whole: RecordBody = {
      key: 'k',
      value: 1,
      deleted: false,
      priority: 'urgent',
      quality: 'good',
      ...record,
    };
    const item = { body: encodeRecord(whole), ageMs: about.ageMs ?? 0 };
    return { owner, from: about.from ?? record.version - 1, to: record.version, gc: 0, items: [item] };
  }

  /** A block with a record `node` of any owner. */
  nodeBlock(owner: NodeId, version: number, changes: Partial<NodeFacts> = {}, from?: number): Block {
    const facts: NodeFacts = {
      name: 'liar',
      incarnation: 0,
      state: 'alive',
      endpoints: [this.endpoint],
      tags: {},
      protocol: 1,
      ...changes,
    };
    return this.block(owner, { version, key: 'node', value: encodeNodeFacts(facts) }, { from });
  }

  #hear(
    message: Message,
    { from, sender, reader }: { from: Endpoint; sender: NodeId; reader: NodeId },
  ): void {
    if (message.type === 'blocks') for (const block of message.blocks) this.#learn(block);
    const lie = this.#isLying ? this.#lie.answer?.(message) : undefined;
    const answers = lie === undefined ? this.#truth(message) : [lie];
    if (answers.length === 0) return;
    const boot = reader === this.id ? this.boot : (this.known.get(reader)?.boot ?? 1);
    this.sayAt(from, sender, answers, { id: reader, boot });
  }

  #truth(message: Message): Message[] {
    if (message.type === 'ping') return [{ type: 'ack', seq: message.seq }];
    if (message.type === 'join' || message.type === 'want' || message.type === 'digest') {
      const own: Message = { type: 'blocks', blocks: [this.#ownBlock()] };
      if (message.type === 'join') return [{ type: 'ack', seq: message.seq }, own];
      // Before it lies it learns who is there, like anybody.
      const learns = message.type === 'digest' && !this.#isLying;
      return learns ? [own, { type: 'have', buckets: ALL_BUCKETS, lines: [] }] : [own];
    }
    return [];
  }

  #ownBlock(): Block {
    return this.nodeBlock(this.id, makeVersion(this.boot, 1), {}, 0);
  }

  #learn({ owner, items }: Block): void {
    for (const { body: bytes } of items) {
      const record = decodeRecord(bytes);
      const facts = record?.key === 'node' ? decodeNodeFacts(record.value) : undefined;
      if (record === undefined || facts === undefined || facts.endpoints.length === 0) continue;
      if ((this.known.get(owner)?.version ?? 0) < record.version)
        this.known.set(owner, { id: owner, boot: bootOf(record.version), version: record.version, facts });
    }
  }

  #callSeeds(): void {
    const join: Message = { type: 'join', seq: 1, padding: 600 };
    for (const endpoint of this.#seeds) {
      const bytes = this.#sealer(this).sealToAny(
        body([join, { type: 'blocks', blocks: [this.#ownBlock()] }], this),
      );
      this.#outputs.push({
        type: 'transmit',
        to: { kind: 'unicast', endpoint },
        bytes,
        trafficClass: 'data',
      });
    }
  }

  #opener(self: NodeId): Opener {
    const present = this.#openers.get(self);
    if (present !== undefined) return present;
    const { provider, cluster } = this.options;
    const keyring = this.options.keyring!;
    const opener = new Opener({ provider, cluster, keyring, self });
    this.#openers.set(self, opener);
    return opener;
  }

  #sealer({ id, boot }: { id: NodeId; boot: number }): Sealer {
    const name = `${id} ${boot}`;
    const present = this.#sealers.get(name);
    if (present !== undefined) return present;
    const { provider, cluster } = this.options;
    const keyring = this.options.keyring!;
    const sealer = new Sealer({ provider, cluster, keyring, random: this.random });
    this.#sealers.set(name, sealer);
    return sealer;
  }
}

function body(messages: readonly Message[], { id, boot }: { id: NodeId; boot: number }): Uint8Array {
  const builder = new BodyBuilder(id, boot);
  for (const message of messages)
    if (!builder.tryAdd(message)) throw new Error(`a lie of ${messages.length} messages does not fit`);
  return builder.finish().slice();
}
