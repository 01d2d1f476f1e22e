import { randomBytes } from 'node:crypto';
import type { NodeId } from '#runtime/core/ids.ts';
import type { Version } from '#runtime/core/version.ts';
import { decodeNodeFacts, type NodeFacts } from '#runtime/membership/node-facts.ts';
import type { Block, Item, Line, Message } from '#runtime/wire/message.ts';
import { decodeRecord } from '#runtime/wire/record-codec.ts';
import { echoes, type Forgery, messagesOf, type Received, Visitor, type VisitorOptions } from './visitor.ts';

/** A join is at least so long [P-6.7]. */
const JOIN_PADDING = 700;
const BUCKETS_BYTES = 256;
const HAVE_TRIES = 6;

/** What the checks share: two temporary members whose sessions are proven both ways, and strangers on demand. */
export class World {
  readonly options: VisitorOptions;
  /** Owner of the records that checks put. */
  readonly writer: Visitor;
  /** Reads them back at the peer. */
  readonly reader: Visitor;
  readonly #strangers: Visitor[] = [];
  readonly #joined = new Set<Visitor>();
  #asked = 0;

  private constructor(options: VisitorOptions, writer: Visitor, reader: Visitor) {
    this.options = options;
    this.writer = writer;
    this.reader = reader;
  }

  /** Joins the peer twice. @returns undefined where it doesn't answer a join, with nothing left open. */
  static async open(options: VisitorOptions): Promise<World | undefined> {
    const writer = await Visitor.open({ ...options, name: 'conformance-1' });
    const reader = await Visitor.open({ ...options, name: 'conformance-2' });
    const world = new World(options, writer, reader);
    if ((await world.introduce(writer)) && (await world.introduce(reader))) return world;
    world.close();
    return undefined;
  }

  get peer(): NodeId {
    return this.writer.targetId as NodeId;
  }

  get peerBoot(): number {
    return this.writer.targetBoot;
  }

  /** A visitor that knows the key and whom the peer doesn't know. */
  async stranger(options: Partial<VisitorOptions> = {}): Promise<Visitor> {
    const stranger = await Visitor.open({ ...this.options, name: 'conformance-3', ...options });
    this.#strangers.push(stranger);
    return stranger;
  }

  /** Joins and answers the peer's question, so that each side's session is proven. @returns whether the peer answered. */
  async introduce(visitor: Visitor): Promise<boolean> {
    const answer = await visitor.ask(
      () => visitor.sendRaw(this.join(visitor).bytes),
      (received) => received.messages.find(({ type }) => type === 'ping'),
    );
    if (answer === undefined) return false;
    return (await visitor.settle(visitor.received.length)) !== undefined;
  }

  /** Those that sent a join and haven't left: what the peer may show. */
  get members(): readonly Visitor[] {
    return [...this.#joined];
  }

  /** A join, sealed to anybody. */
  join(visitor: Visitor, padding = JOIN_PADDING): { bytes: Uint8Array; seq: number } {
    this.#joined.add(visitor);
    const seq = visitor.drawSeq();
    const node = visitor.nodeRecord();
    const block = visitor.block(0, node.version, [node]);
    const body = visitor.body({ type: 'join', seq, padding }, { type: 'blocks', blocks: [block] });
    return { bytes: visitor.forge(body, { kind: 2 }), seq };
  }

  /** A join no longer than it must be. */
  shortestJoin(visitor: Visitor): { bytes: Uint8Array; seq: number } {
    const { bytes } = this.join(visitor, 256);
    return this.join(visitor, 256 + 600 - bytes.length);
  }

  /** A join that is sealed otherwise. */
  joinFrom(visitor: Visitor, forgery: Forgery): Uint8Array {
    const message: Message = { type: 'join', seq: visitor.drawSeq(), padding: JOIN_PADDING };
    return visitor.forge(visitor.body(message), { kind: 2, ...forgery });
  }

  /** Puts a record of the writer with all that is needed for its known line to rise; waits until the peer has it. */
  async push(...blocks: readonly Block[]): Promise<boolean> {
    const since = this.writer.received.length;
    this.writer.send({ type: 'blocks', blocks });
    return (await this.writer.settle(since)) !== undefined;
  }

  /** The peer's line of an owner, which it shows when the reader names buckets that differ; zeros where it has none. */
  async lineOf(owner: NodeId): Promise<Line | undefined> {
    const bucket = Number.parseInt(owner.slice(0, 2), 16) % 64;
    for (let i = 0; i < HAVE_TRIES; i++) {
      const since = this.reader.received.length;
      this.reader.send({ type: 'buckets', hashes: new Uint8Array(randomBytes(BUCKETS_BYTES)) });
      const line = await this.reader.wait(
        ({ messages }) => {
          for (const message of messages) {
            if (message.type !== 'have') continue;
            const found = message.lines.find((each) => each.owner === owner);
            if (found !== undefined) return found;
            if (message.buckets.includes(bucket)) return { owner, known: 0, gc: 0 };
          }
          return undefined;
        },
        { since },
      );
      if (line !== undefined) return line;
    }
    return undefined;
  }

  /**
   * What the peer gives a holder of a line: its blocks of this owner, up to its known line. Each call names a line that it hasn't named
   * before, because a peer may tell somebody who stays behind the same less often.
   */
  async blocksOf(owner: NodeId, line: Partial<Line> = {}): Promise<readonly Block[] | undefined> {
    const known = line.known ?? ++this.#asked;
    const since = this.reader.received.length;
    const asked: Message = { type: 'want', lines: [{ owner, known, gc: line.gc ?? 0 }] };
    const first = await this.reader.ask(
      () => this.reader.send(asked),
      ({ messages }) =>
        messages.some((m) => m.type === 'blocks' && m.blocks.some((b) => b.owner === owner))
          ? true
          : undefined,
    );
    if (first === undefined) return undefined;
    await this.reader.settle(since);
    return messagesOf(this.reader.received.slice(since), 'blocks')
      .flatMap(({ blocks }) => blocks)
      .filter((block) => block.owner === owner);
  }

  /** The peer's item of one key of the writer. */
  async itemOf(key: string): Promise<Item | undefined> {
    const blocks = await this.blocksOf(this.writer.id);
    return blocks?.flatMap(({ items }) => items).findLast(({ body }) => decodeRecord(body)?.key === key);
  }

  /** The peer's own `node` record as it holds it now. */
  async peerNode(): Promise<{ version: Version; facts: NodeFacts } | undefined> {
    const items = (await this.blocksOf(this.peer))?.flatMap(({ items }) => items) ?? [];
    for (const { body } of items.reverse()) {
      const record = decodeRecord(body);
      const facts = record?.key === 'node' ? decodeNodeFacts(record.value) : undefined;
      if (record !== undefined && facts !== undefined) return { version: record.version, facts };
    }
    return undefined;
  }

  /** Sends datagrams that each hold a ping. @returns the numbers that were echoed; undefined where the peer is gone. */
  async echoed(visitor: Visitor, datagrams: readonly { bytes: Uint8Array; seq: number }[]) {
    const since = visitor.received.length;
    for (const { bytes } of datagrams) visitor.sendRaw(bytes);
    const after = await visitor.settle(since);
    return after && new Set(datagrams.filter(({ seq }) => isEchoed(after, seq)).map(({ seq }) => seq));
  }

  /**
   * Takes its traces away: each member that was introduced leaves, and the block that says so says also that it has no other record
   * and keeps no tombstone. @returns whether the peer acknowledged.
   */
  async leave(visitor: Visitor): Promise<boolean> {
    // Its gc line must lie above all that the peer knows, or nothing is forgotten [P-5.4].
    visitor.nextVersion();
    visitor.nextVersion();
    const left = visitor.nodeRecord({ state: 'left', incarnation: 1 });
    const block = visitor.block(0, left.version, [left], left.version - 1);
    visitor.send({ type: 'blocks', blocks: [block] });
    this.#joined.delete(visitor);
    return (await visitor.settle(visitor.received.length)) !== undefined;
  }

  close(): void {
    for (const visitor of [this.writer, this.reader, ...this.#strangers]) visitor.close();
  }
}

function isEchoed(received: readonly Received[], seq: number): boolean {
  return received.some((each) => echoes(each, 'ack', seq));
}
