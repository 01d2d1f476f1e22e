import type { NodeId } from '#runtime/core/ids.ts';

/** What may not stand in a topic level as it is: wildcards, the separator, our own escape, control characters. */
const UNSAFE = /[%+#/\p{Cc}]/gu;

/** Stands for a level without characters: some brokers and most people trip over `a//b`. No name or key holds U+0000. */
const EMPTY_LEVEL = '%00';

const ID_DIGITS_IN_TOPIC = 8;

/**
 * Makes one topic level of any text: `%`, `+`, `#`, `/` and control characters become `%` and two hex digits a byte of
 * UTF-8, an empty text becomes `%00`. Reversible by `decodeLevel`.
 */
export function encodeLevel(text: string): string {
  if (text === '') return EMPTY_LEVEL;
  return text.replace(UNSAFE, (character) =>
    [...new TextEncoder().encode(character)]
      .map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`)
      .join(''),
  );
}

/** The text that `encodeLevel` was given. @throws URIError where the level isn't one of ours. */
export function decodeLevel(level: string): string {
  return level === EMPTY_LEVEL ? '' : decodeURIComponent(level);
}

/** A key as topic levels: its slashes stay slashes. */
export function encodeKey(key: string): string {
  return key.split('/').map(encodeLevel).join('/');
}

/** The topics of one cluster below `<base>/<cluster>`. Nodes are given by their level, see `NodeLevels`. */
export class Topics {
  readonly #root: string;

  constructor(options: { readonly base: string; readonly cluster: string }) {
    this.#root = `${options.base}/${encodeLevel(options.cluster)}`;
  }

  /** The newest value of a record, retained. */
  record(nodeLevel: string, key: string): string {
    return `${this.#root}/data/${nodeLevel}/${encodeKey(key)}`;
  }

  /** A member's state, retained. */
  memberState(nodeLevel: string): string {
    return `${this.#root}/member/${nodeLevel}/state`;
  }

  /** Whether a bridge is connected, retained; the broker says `offline` for it if it vanishes. */
  bridgeState(nodeLevel: string): string {
    return `${this.#root}/bridge/${nodeLevel}/state`;
  }

  /** What a bridge is, retained. */
  bridgeInfo(nodeLevel: string): string {
    return `${this.#root}/bridge/${nodeLevel}/info`;
  }
}

/**
 * Which topic level each node has: its name, or `name~` and 8 digits of its id where a node with a lower id has the same
 * name. Nodes whose name isn't known yet go by their id. The result depends on the set alone, not on the order.
 */
export function nodeLevels(
  nodes: Iterable<{ readonly id: NodeId; readonly name: string }>,
): Map<NodeId, string> {
  const sorted = [...nodes].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const taken = new Set<string>();
  const levels = new Map<NodeId, string>();
  for (const { id, name } of sorted) {
    const plain = encodeLevel(name === '' ? id : name);
    const marked = `${plain}~${id.slice(0, ID_DIGITS_IN_TOPIC)}`;
    const level = [plain, marked].find((candidate) => !taken.has(candidate)) ?? id;
    taken.add(level);
    levels.set(id, level);
  }
  return levels;
}
