import { fromHex, type NodeId, toHex } from '#runtime/core/ids.ts';
import {
  BODY_BYTES_MAX,
  DATAGRAM_HEADER_BYTES,
  RECORD_BYTES_MAX,
  SEAL_TAG_BYTES,
} from '#runtime/core/limits.ts';
import type { Output, Path } from '#runtime/core/outputs.ts';
import type { GossipEngine } from '#runtime/engine/contract.ts';
import {
  aadPrefix,
  KIND_SEALED_TO_ANY,
  KIND_SEALED_TO_ONE,
  OFFSET_COUNTER,
  OFFSET_SALT,
  SALT_BYTES,
} from '#runtime/wire/header.ts';
import { type CborNode, nodesOf, parseTree, writeTree } from '../../scripts/fuzz/cbor-tree.ts';
import { EngineWrapper } from './planted-faults/engine-wrapper.ts';
import { CLUSTER, keyring, provider } from './wire.ts';

/** What an engine of another version says instead of a body, and what it hears of one. Both may change the tree that they are given. */
export interface Dialect {
  readonly says: (body: CborNode, self: NodeId) => void;
  readonly hears: (body: CborNode) => void;
}

/** An engine that speaks a dialect of the present version: its datagrams are opened, bent and sealed again under the cluster's one key. */
export class OtherVersion extends EngineWrapper {
  readonly #dialect: Dialect;
  readonly #ids: readonly NodeId[];
  /** Datagrams that had no room for what it would have added, and left as they were. */
  unchanged = 0;
  changed = 0;

  /** @param ids everybody who may be spoken to. */
  constructor(inner: GossipEngine, { dialect, ids }: { dialect: Dialect; ids: readonly NodeId[] }) {
    super(inner);
    this.#dialect = dialect;
    this.#ids = ids;
  }

  override handleDatagram(nowMs: number, path: Path, bytes: Uint8Array): void {
    super.handleDatagram(
      nowMs,
      path,
      this.#bend(bytes, (body) => this.#dialect.hears(body)),
    );
  }

  override pollOutput(): Output {
    const output = super.pollOutput();
    if (output.type !== 'transmit') return output;
    const bytes = this.#bend(output.bytes, (body) => this.#dialect.says(body, this.id));
    if (bytes === output.bytes) this.unchanged++;
    else this.changed++;
    return { ...output, bytes };
  }

  #bend(datagram: Uint8Array, change: (body: CborNode) => void): Uint8Array {
    const kind = datagram[1]! & 15;
    if (kind !== KIND_SEALED_TO_ONE && kind !== KIND_SEALED_TO_ANY) return datagram;
    const salt = datagram.subarray(OFFSET_SALT, OFFSET_SALT + SALT_BYTES);
    const seal = provider.sealKey(keyring.writing.key.reveal(), salt);
    const counter = datagram.subarray(OFFSET_COUNTER, DATAGRAM_HEADER_BYTES);
    const header = datagram.subarray(0, DATAGRAM_HEADER_BYTES);
    const dests = kind === KIND_SEALED_TO_ONE ? this.#ids.map(fromHex) : [new Uint8Array(0)];
    for (const dest of dests) {
      const aad = Buffer.concat([aadPrefix(CLUSTER), header, dest]);
      const body = seal.open(counter, aad, datagram.subarray(DATAGRAM_HEADER_BYTES));
      if (body === undefined) continue;
      const bent = bendBody(new Uint8Array(body), change);
      if (bent === undefined) return datagram;
      const sealed = seal.seal(counter, aad, bent, new Uint8Array(bent.length + SEAL_TAG_BYTES));
      return new Uint8Array(Buffer.concat([header, sealed]));
    }
    return datagram;
  }
}

function bendBody(body: Uint8Array, change: (body: CborNode) => void): Uint8Array | undefined {
  const tree = parseTree(body);
  if (tree === undefined) throw new Error(`no body: ${toHex(body)}`);
  // Only records hold CBOR; other bytes may look like it.
  const records = new Set(recordsOf(tree));
  for (const node of nodesOf(tree)) if (!records.has(node)) node.inner = undefined;
  change(tree);
  const bent = writeTree(tree, 2 * BODY_BYTES_MAX);
  return bent.length > BODY_BYTES_MAX || Buffer.compare(bent, body) === 0 ? undefined : bent;
}

const messagesOf = (body: CborNode): CborNode[] => body.items!.slice(2);
const codeOf = (message: CborNode): number => Number(message.items![0]!.argument);
/** `[ owner, to, span, gc-span, [ * item ], ? proof ]` */
const blocksOf = (body: CborNode): CborNode[] =>
  messagesOf(body).flatMap((message) => (codeOf(message) === BLOCKS ? message.items!.slice(1) : []));
const recordsOf = (body: CborNode): CborNode[] =>
  blocksOf(body).flatMap((block) => block.items![4]!.items!.map((item) => item.items![0]!));

const [ACK, JOIN, PRESENCE, BLOCKS, DIGEST, BUCKETS, HAVE, WANT, PADDING] = [2, 6, 7, 8, 9, 10, 11, 12, 15];
const META = 99;
export const LATER_META = META;

const uint = (value: number): CborNode => ({ major: 0, argument: BigInt(value) });
const text = (value: string): CborNode => ({
  major: 3,
  argument: BigInt(value.length),
  bytes: new TextEncoder().encode(value),
});
const array = (...items: CborNode[]): CborNode => ({ major: 4, argument: BigInt(items.length), items });
const map = (...items: CborNode[]): CborNode => ({ major: 5, argument: BigInt(items.length / 2), items });

/** A later version: says all that [P-4.5] lets it add, wherever there is no optional element that the addition could be taken for. */
export const LATER: Dialect = {
  says: (body, self) => {
    for (const message of messagesOf(body)) {
      const code = codeOf(message);
      const { items } = message;
      if (code === DIGEST) items![2]!.items!.forEach(addTo);
      if (code === HAVE) items![2]!.items!.forEach(addTo);
      if (code === WANT) items![1]!.items!.forEach(addTo);
      if ([JOIN, DIGEST, BUCKETS, HAVE, WANT, PADDING].includes(code)) addTo(message);
    }
    for (const block of blocksOf(body))
      if (toHex(block.items![0]!.bytes!) === self)
        for (const item of block.items![4]!.items!) extendRecord(item.items![0]!);
    body.items!.push(array(uint(57), text('later'), map(text('a'), array(uint(1)))), array(uint(2_000)));
  },
  hears: () => undefined,
};

function addTo(node: CborNode): void {
  node.items!.push(map(text('later'), uint(1)));
}

/** `[ version, key, value, ? meta ]`: the owner's own, so always in the same way. */
function extendRecord(record: CborNode): void {
  const { inner, bytes } = record;
  if (inner === undefined || bytes!.length > RECORD_BYTES_MAX / 2) return;
  const [, key, value, meta] = inner.items!;
  if (meta === undefined) inner.items!.push(map(uint(META), text('later')));
  else meta.items!.push(uint(META), text('later'));
  inner.items!.push(text('further'));
  if (new TextDecoder().decode(key!.bytes) === 'node') value!.items!.push(text('further'));
}

/** An earlier version: knows no element that was added, nor messages from leases on, and says none of them. */
export const EARLIER: Dialect = { says: forget, hears: forget };

const FIRST_UNKNOWN = 13;
const LENGTHS: Readonly<Record<number, number>> = { [ACK!]: 2, [PRESENCE!]: 6, 1: 3, 3: 5, 4: 2, 5: 3 };

function forget(body: CborNode): void {
  body.items = [
    ...body.items!.slice(0, 2),
    ...messagesOf(body).filter((message) => codeOf(message) < FIRST_UNKNOWN),
  ];
  for (const message of messagesOf(body)) message.items = message.items!.slice(0, LENGTHS[codeOf(message)]);
  for (const block of blocksOf(body)) block.items = block.items!.slice(0, 5);
}
