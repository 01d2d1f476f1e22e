/**
 * CBOR as a tree that can be bent: unlike the decoders under test it knows every form that RFC 8949 allows, and writes forms that
 * none may accept.
 */
export interface CborNode {
  /** 0 to 7. */
  major: number;
  /** Of integers, tags and simple values; of floats the 64 bits. Lengths follow from the content. */
  argument: bigint;
  /** Content of byte strings and text. */
  bytes?: Uint8Array;
  /** Of arrays; of maps key, value, key, value. The one item of a tag. */
  items?: CborNode[];
  /** Where a byte string holds CBOR itself, as records and signed objects do. */
  inner?: CborNode;
  /** How its head is written, where not in the one right way. */
  form?: 'wide' | 'indefinite' | 'wrong-length';
  /** Bytes of a float's argument: 2, 4 or 8. */
  floatBytes?: number;
}

const DEPTH_MAX = 40;
const INNER_BYTES_MIN = 3;

/** @returns the item that all of the bytes are; undefined where they are none, or one of indefinite length. */
export function parseTree(bytes: Uint8Array): CborNode | undefined {
  const reader = new TreeReader(bytes);
  const node = reader.item(0);
  return node !== undefined && reader.at === bytes.length ? node : undefined;
}

class TreeReader {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  item(depth: number): CborNode | undefined {
    if (this.at >= this.#bytes.length || depth > DEPTH_MAX) return undefined;
    const initial = this.#bytes[this.at++];
    const major = initial >> 5;
    const info = initial & 31;
    const width = info < 24 ? 0 : info < 28 ? 1 << (info - 24) : -1;
    if (width < 0 || this.at + width > this.#bytes.length) return undefined;
    let argument = BigInt(width === 0 ? info : 0);
    for (let i = 0; i < width; i++) argument = (argument << 8n) | BigInt(this.#bytes[this.at++]);
    const node: CborNode = { major, argument };
    if (major === 7 && width > 1) node.floatBytes = width;
    if (major === 2 || major === 3) return this.#string(node);
    if (major < 4 || major === 7) return node;
    return this.#items(node, depth, major === 4 ? argument : major === 5 ? 2n * argument : 1n);
  }

  #string(node: CborNode): CborNode | undefined {
    if (node.argument > BigInt(this.#bytes.length - this.at)) return undefined;
    const end = this.at + Number(node.argument);
    node.bytes = this.#bytes.slice(this.at, end);
    this.at = end;
    const first = node.bytes[0] >> 5;
    if (node.major === 2 && node.bytes.length >= INNER_BYTES_MIN && (first === 4 || first === 5)) {
      const inner = parseTree(node.bytes);
      if (inner !== undefined) node.inner = inner;
    }
    return node;
  }

  #items(node: CborNode, depth: number, count: bigint): CborNode | undefined {
    if (count > BigInt(this.#bytes.length)) return undefined;
    node.items = [];
    for (let i = 0; i < Number(count); i++) {
      const item = this.item(depth + 1);
      if (item === undefined) return undefined;
      node.items.push(item);
    }
    return node;
  }
}

/** A copy that shares nothing. */
export function cloneTree(node: CborNode): CborNode {
  const clone: CborNode = { ...node };
  if (node.bytes !== undefined) clone.bytes = node.bytes.slice();
  if (node.items !== undefined) clone.items = node.items.map(cloneTree);
  if (node.inner !== undefined) clone.inner = cloneTree(node.inner);
  return clone;
}

/** Every node of the tree, those in byte strings too, each with where it stands. */
export function nodesOf(root: CborNode): CborNode[] {
  const nodes = [root];
  for (const node of nodes) {
    if (node.items !== undefined) nodes.push(...node.items);
    if (node.inner !== undefined) nodes.push(node.inner);
  }
  return nodes;
}

/** The tree as bytes; at most about `bytesMax`, where a tree that was multiplied is cut. */
export function writeTree(root: CborNode, bytesMax: number): Uint8Array {
  const out: number[] = [];
  write(root, out, bytesMax);
  return Uint8Array.from(out);
}

function write(node: CborNode, out: number[], bytesMax: number): void {
  if (out.length > bytesMax) return;
  const { major, items, inner, form } = node;
  const bytes = inner === undefined ? node.bytes : writeTree(inner, bytesMax);
  if (major === 7 && node.floatBytes !== undefined) {
    writeHead(out, { major, argument: node.argument, width: node.floatBytes });
    return;
  }
  const length = bytes !== undefined ? bytes.length : (items?.length ?? 0);
  const count = major === 5 ? length >> 1 : length;
  const isCounted = bytes !== undefined || major === 4 || major === 5;
  const argument = isCounted ? BigInt(form === 'wrong-length' ? count + 1 : count) : node.argument;
  if (form === 'indefinite' && isCounted) out.push((major << 5) | 31);
  else writeHead(out, { major, argument, width: form === 'wide' ? 8 : undefined });
  if (bytes !== undefined) {
    if (form === 'indefinite') writeHead(out, { major, argument: BigInt(bytes.length), width: undefined });
    for (const byte of bytes) out.push(byte);
  }
  for (const item of items ?? []) write(item, out, bytesMax);
  if (form === 'indefinite' && isCounted) out.push(0xff);
}

function writeHead(
  out: number[],
  { major, argument, width }: { major: number; argument: bigint; width: number | undefined },
): void {
  const shortest =
    argument < 24n ? 0 : argument < 0x100n ? 1 : argument < 0x1_0000n ? 2 : argument < 0x1_0000_0000n ? 4 : 8;
  const bytes = width ?? shortest;
  if (bytes === 0) {
    out.push((major << 5) | Number(argument));
    return;
  }
  out.push((major << 5) | (bytes === 1 ? 24 : bytes === 2 ? 25 : bytes === 4 ? 26 : 27));
  for (let i = bytes - 1; i >= 0; i--) out.push(Number((argument >> BigInt(8 * i)) & 0xffn));
}
