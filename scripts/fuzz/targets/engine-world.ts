import type { Endpoint } from '#runtime/core/endpoint.ts';
import { GridvineError } from '#runtime/core/errors.ts';
import type { NodeId } from '#runtime/core/ids.ts';
import type { Path } from '#runtime/core/outputs.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { makeVersion } from '#runtime/core/version.ts';
import type { EngineOptions } from '#runtime/engine/contract.ts';
import { Engine } from '#runtime/engine/engine.ts';
import type { EngineGauges } from '#runtime/engine/gauges.ts';
import { type EngineSettings, settingsOf } from '#runtime/engine/settings.ts';
import { encodeNodeFacts } from '#runtime/membership/node-facts.ts';
import { modelSealing } from '#runtime/simulator/modelled-provider.ts';
import { BodyBuilder } from '#runtime/wire/body.ts';
import type { Item, Message } from '#runtime/wire/message.ts';
import { Opener } from '#runtime/wire/opener.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';
import { Sealer } from '#runtime/wire/sealer.ts';
import { promise } from '../contract.ts';
import { CLUSTER, keyring, provider as nodeProvider } from '../fixtures.ts';

/** The opener has a target of its own; here sealing only has to be cheap. */
const provider = modelSealing(nodeProvider);
const PORT = 18_262;
const LINK = 'eth0';

/** Small, so that every bound is reached. */
export const TIGHT: Partial<EngineSettings> = {
  ownersMax: 6,
  recordsPerOwnerMax: 8,
  bytesPerOwnerMax: 2_048,
  tableBytesMax: 6_000,
  tombstoneGraceMs: 60_000,
};

/** How the owner of a record signs it; undefined: nobody signs. */
export type SignRecord = ((owner: NodeId, body: Uint8Array) => Uint8Array | undefined) | undefined;

/** Somebody with the group's key, at an address. */
export class Peer {
  readonly id: NodeId;
  readonly endpoint: Endpoint;
  readonly sealer: Sealer;
  readonly opener: Opener;

  constructor(id: NodeId, last: number) {
    this.id = id;
    this.endpoint = { transport: 'udp', address: `10.0.0.${last}`, port: PORT };
    this.sealer = new Sealer({ provider, cluster: CLUSTER, keyring, random: new SeededRandom(last) });
    this.opener = new Opener({ provider, cluster: CLUSTER, keyring, self: id });
  }

  get path(): Path {
    const { address, port } = this.endpoint;
    return { transport: 'udp', link: LINK, multicast: false, address, port };
  }

  body(messages: readonly Message[]): Uint8Array {
    const builder = new BodyBuilder(this.id, 1);
    for (const message of messages) promise(builder.tryAdd(message), 'a message of the harness does not fit');
    return builder.finish().slice();
  }

  /** Its record `node`, or another of its own. */
  item(
    sequence: number,
    key: string,
    value: Parameters<typeof encodeRecord>[0]['value'],
    sign: SignRecord,
  ): Item {
    const version = makeVersion(1, sequence);
    const body = encodeRecord({ version, key, value, deleted: false, priority: 'normal', quality: 'good' });
    const signature = sign?.(this.id, body);
    return { body, ageMs: 0, ...(signature === undefined ? {} : { signature }) };
  }

  nodeValue(): ReturnType<typeof encodeNodeFacts> {
    return encodeNodeFacts({
      name: `peer-${this.endpoint.address}`,
      incarnation: 0,
      state: 'alive',
      endpoints: [this.endpoint],
      tags: {},
      protocol: 1,
    });
  }
}

/** One engine among peers who do what an input says, and all that must hold whatever they do. */
export class EngineWorld {
  nowMs = 10_000;
  readonly engine: Engine;
  readonly settings: EngineSettings;
  /** Bytes that went to an address since it was last looked at. */
  readonly #sent = new Map<string, number>();
  /** What this node itself put. */
  readonly #own = new Map<string, string>();
  #wakeAtMs = 0;
  readonly #pings = new Map<string, { readonly seq: number }[]>();
  readonly #peers: readonly Peer[];

  constructor(id: NodeId, peers: readonly Peer[], trust: Pick<EngineOptions, 'guard' | 'proofs'> = {}) {
    this.#peers = peers;
    this.settings = settingsOf('lan', TIGHT);
    this.engine = new Engine({
      id,
      name: 'node',
      cluster: CLUSTER,
      boot: 1,
      keyring,
      provider,
      random: new SeededRandom(7),
      settings: this.settings,
      endpoints: [{ transport: 'udp', address: '10.0.0.1', port: PORT }],
      links: [{ name: LINK, multicast: 'full' }],
      ...trust,
    });
    this.mutate(() => this.engine.start(this.nowMs));
  }

  /** One mutation and its drain. A refusal that people are told of is none of the peers' doing. */
  mutate(change: () => void): void {
    this.#sent.clear();
    try {
      change();
    } catch (error) {
      if (!(error instanceof GridvineError)) throw error;
    }
    this.#drain();
  }

  /** Bytes that left for an address in the last mutation. */
  sentTo({ address, port }: Endpoint): number {
    return this.#sent.get(`${address} ${port}`) ?? 0;
  }

  deliver(bytes: Uint8Array, path: Path): void {
    this.mutate(() => this.engine.handleDatagram(this.nowMs, path, bytes));
  }

  /** Joins as a newcomer does and answers the question, so that the session counts as proven. */
  introduce(peer: Peer, items: readonly Item[]): void {
    const to = makeVersion(1, items.length);
    const blocks = [{ owner: peer.id, from: 0, to, gc: 0, items }];
    const padding =
      600 - items.reduce((sum, { body, signature }) => sum + body.length + (signature?.length ?? 0), 0);
    const body = peer.body([
      { type: 'join', seq: 1, padding: Math.max(0, padding) },
      { type: 'blocks', blocks },
    ]);
    this.deliver(peer.sealer.sealToAny(body), peer.path);
    this.answer(peer);
  }

  /** Acks what was asked of this peer, as far as the group's key proves anything. */
  answer(peer: Peer): void {
    const asked = this.#pings.get(peer.id) ?? [];
    this.#pings.delete(peer.id);
    for (const { seq } of asked.slice(0, 4))
      this.deliver(peer.sealer.sealTo(this.engine.id, peer.body([{ type: 'ack', seq }])), peer.path);
  }

  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    for (let i = 0; i < 200 && this.#wakeAtMs <= endMs; i++) {
      this.nowMs = Math.max(this.nowMs, this.#wakeAtMs);
      this.mutate(() => this.engine.handleTimeout(this.nowMs));
    }
    this.nowMs = Math.max(this.nowMs, endMs);
  }

  put(key: string, value: Parameters<Engine['put']>[2]): void {
    this.mutate(() => {
      this.engine.put(this.nowMs, key, value);
      this.#own.set(key, this.#viewOf(key));
    });
  }

  delete(key: string): void {
    this.mutate(() => {
      this.engine.delete(this.nowMs, key);
      this.#own.delete(key);
    });
  }

  /** What must hold at any time. */
  check(): void {
    const { ownersMax, tableBytesMax, recordsPerOwnerMax, bytesPerOwnerMax } = this.settings;
    const gauges = this.engine.gauges();
    const bounds: Partial<EngineGauges> = {
      owners: ownersMax,
      members: ownersMax,
      records: ownersMax * (recordsPerOwnerMax + 40),
      recordBytes: tableBytesMax + 4_096,
      held: ownersMax * (recordsPerOwnerMax + 256),
      heldBytes: ownersMax * 2 * bytesPerOwnerMax,
      missing: ownersMax * recordsPerOwnerMax,
      accusations: 32 * (ownersMax + 1),
      sessions: 2 * this.#peers.length + 32,
      pending: 512,
      probes: ownersMax,
      outputs: 0,
      wants: 1_024,
      fetches: 16,
      told: 4_096,
      events: 129 * ownersMax,
      queries: 272,
      timers: 2_048,
    };
    for (const [name, bound] of Object.entries(bounds))
      promise(gauges[name as keyof EngineGauges] <= bound, `${name} above its bound of ${bound}`);
    for (const [key, view] of this.#own)
      promise(this.#viewOf(key) === view, 'a record of its own changes by what others say');
    const self = this.engine.members(this.nowMs).find(({ id }) => id === this.engine.id);
    promise(self !== undefined && self.state !== 'down', 'it holds itself for dead');
    promise(this.engine.boot === 1, 'its boot changes by what others say');
  }

  /** Everything that people and programs may ask for. */
  look(): void {
    for (const { id } of this.engine.members(this.nowMs)) this.engine.why(this.nowMs, id);
    for (const { key, owner } of this.engine.records(this.nowMs)) {
      promise(!key.startsWith('sys/'), 'a secret record is shown');
      this.engine.blockOf(this.nowMs, owner);
    }
    this.engine.keys();
  }

  #viewOf(key: string): string {
    const [record] = this.engine.records(this.nowMs, { key, owner: this.engine.id });
    const { value, version } = record ?? {};
    return JSON.stringify([version, value], (_, each) =>
      typeof each === 'bigint' ? `${each}n` : (each as unknown),
    );
  }

  #drain(): void {
    for (let i = 0; ; i++) {
      promise(i < 2_000, 'more than 2000 outputs of one mutation');
      const output = this.engine.pollOutput();
      if (output.type === 'timeout') {
        this.#wakeAtMs = output.atMs;
        promise(!Number.isNaN(output.atMs), 'a deadline that is none');
        return;
      }
      if (output.type === 'keep-keys') {
        this.engine.keysKept(this.nowMs, output.ticket);
        continue;
      }
      if (output.type === 'keep-events') {
        this.engine.events.kept(this.nowMs, output.ticket, 'kept');
        continue;
      }
      if (output.type !== 'transmit') continue;
      promise(output.bytes.length <= 1_200, 'a datagram longer than any');
      if (output.to.kind !== 'unicast') continue;
      const { address, port } = output.to.endpoint;
      const name = `${address} ${port}`;
      this.#sent.set(name, (this.#sent.get(name) ?? 0) + output.bytes.length);
      this.#hear(address, output.bytes);
    }
  }

  /** A peer notes what it is asked. */
  #hear(address: string, bytes: Uint8Array): void {
    const peer = this.#peers.find(({ endpoint }) => endpoint.address === address);
    const opened = peer?.opener.open(this.nowMs, bytes);
    if (peer === undefined || opened === undefined || !('body' in opened)) return;
    const asked = this.#pings.get(peer.id) ?? [];
    for (const message of opened.body.messages) if (message.type === 'ping') asked.push({ seq: message.seq });
    this.#pings.set(peer.id, asked.slice(-8));
  }
}
