import { SeededRandom } from '#runtime/core/random.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { identityFromSeed } from '#runtime/crypto/identity.ts';
import { groupKeyOf, Keyring } from '#runtime/crypto/keyring.ts';
import type { CryptoProvider } from '#runtime/crypto/provider.ts';
import { BodyBuilder } from '#runtime/wire/body.ts';
import type { Item, Message } from '#runtime/wire/message.ts';
import { Opener } from '#runtime/wire/opener.ts';
import { decodeRecord, encodeRecord } from '#runtime/wire/record-codec.ts';
import { Sealer } from '#runtime/wire/sealer.ts';

const CLUSTER = 'bench';
const BOOT = 3;

/** A sender and a receiver of one kind of datagram: a ping that carries as many readings as fit, of exactly so many bytes on the wire. */
export class PacketBench {
  readonly #sender: string;
  readonly #receiver: string;
  readonly #sealer: Sealer;
  readonly #opener: Opener;
  readonly #items: readonly Item[];
  readonly #owner: string;
  #seq = 0;

  /** @param datagramBytes 200 to 1200. @throws RangeError where no reading fits. */
  constructor(provider: CryptoProvider, datagramBytes: number) {
    const random = new SeededRandom(1);
    const keyring = new Keyring(groupKeyOf(provider, random.bytes(32), CLUSTER));
    const [sender, receiver, owner] = [1, 2, 3].map(() => identityFromSeed(provider, random.bytes(32)).id);
    this.#sender = sender;
    this.#receiver = receiver;
    this.#owner = owner;
    this.#sealer = new Sealer({ provider, cluster: CLUSTER, keyring, random });
    this.#opener = new Opener({ provider, cluster: CLUSTER, keyring, self: receiver });
    this.#items = this.#fill(datagramBytes);
  }

  /** Readings in a datagram. */
  get records(): number {
    return this.#items.length;
  }

  /** Encodes and seals one datagram, as a prober does: records are encoded once by their owner, everything else anew. */
  send(): Uint8Array {
    return this.#sendWith(this.#items);
  }

  /** Opens, decodes and validates everything, each record included, as for news. @returns the records found. @throws Error where it was dropped. */
  receive(datagram: Uint8Array): number {
    const result = this.#opener.open(0, datagram);
    if (!('body' in result)) throw new Error('a datagram of the benchmark was dropped');
    let found = 0;
    for (const message of result.body.messages) {
      if (message.type !== 'blocks') continue;
      for (const { items } of message.blocks)
        for (const item of items) if (decodeRecord(item.body) !== undefined) found++;
    }
    return found;
  }

  #bytesWith(items: readonly Item[]): number {
    const body = this.#bodyWith(items);
    return body === undefined ? Number.POSITIVE_INFINITY : this.#sealer.sealTo(this.#receiver, body).length;
  }

  #sendWith(items: readonly Item[]): Uint8Array {
    const body = this.#bodyWith(items);
    if (body === undefined) throw new RangeError('too many readings');
    return this.#sealer.sealTo(this.#receiver, body);
  }

  /** @returns undefined where they don't fit into a datagram. */
  #bodyWith(items: readonly Item[]): Uint8Array | undefined {
    const to = makeVersion(BOOT, items.length);
    const messages: readonly Message[] = [
      { type: 'ping', seq: 0x1000_0000 + (this.#seq++ & 0xffff), destBoot: BOOT },
      { type: 'blocks', blocks: [{ owner: this.#owner, from: makeVersion(BOOT, 0), to, gc: 0, items }] },
    ];
    const body = new BodyBuilder(this.#sender, BOOT);
    return messages.every((message) => body.tryAdd(message)) ? body.finish() : undefined;
  }

  #fill(datagramBytes: number): Item[] {
    const items: Item[] = [];
    while (this.#bytesWith([...items, readingOf(items.length + 1)]) <= datagramBytes)
      items.push(readingOf(items.length + 1));
    const last = items.length - 1;
    if (last < 0) throw new RangeError(`no reading fits into ${datagramBytes} bytes`);
    // The name of the last one's source is as long as it takes.
    for (let more = 1; this.#bytesWith(items) < datagramBytes; more++)
      items[last] = readingOf(items.length, 'x'.repeat(more));
    return items;
  }
}

/** A reading as a plant's source sets it. */
function readingOf(sequence: number, suffix = ''): Item {
  const body = encodeRecord({
    version: makeVersion(BOOT, sequence),
    key: `inverter/${sequence}${suffix}/power`,
    value: 1_000 * Math.sin(sequence),
    unit: 'W',
    ttlMs: 60_000,
    uptimeMs: 86_400_000 + sequence,
    deleted: false,
    priority: 'normal',
    quality: 'good',
  });
  return { body, ageMs: 40 * sequence };
}
