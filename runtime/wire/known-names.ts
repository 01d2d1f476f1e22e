import { type NodeId, toHex } from '../core/ids.ts';
import { readInt32 } from './header.ts';

const IDS_MAX = 16_384;
const KEYS_MAX = 4_096;

interface KnownId {
  readonly id: NodeId;
  readonly word0: number;
  readonly word1: number;
  readonly word2: number;
  readonly word3: number;
}

const ids = new Map<number, KnownId>();
const keys = new Map<string, string>();

/**
 * The text of 16 id bytes. The same ids come in every datagram: looking one up is several times faster than writing it out, and all
 * that is kept under an id shares one string. What doesn't fit is forgotten, and written out again.
 */
export function knownNodeId(bytes: Uint8Array): NodeId {
  const word0 = readInt32(bytes, 0);
  const word1 = readInt32(bytes, 4);
  const word2 = readInt32(bytes, 8);
  const word3 = readInt32(bytes, 12);
  const name = (word0 & 0x1f_ffff) * 0x1_0000_0000 + (word1 >>> 0);
  const known = ids.get(name);
  if (known?.word0 === word0 && known.word1 === word1 && known.word2 === word2 && known.word3 === word3)
    return known.id;
  const id = toHex(bytes);
  if (ids.size >= IDS_MAX) ids.clear();
  ids.set(name, { id, word0, word1, word2, word3 });
  return id;
}

/** The same text as one shared string: many nodes have records under the same few keys. */
export function knownKey(key: string): string {
  const known = keys.get(key);
  if (known !== undefined) return known;
  if (keys.size >= KEYS_MAX) keys.clear();
  keys.set(key, key);
  return key;
}
