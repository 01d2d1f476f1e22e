import {
  BITS_PER_READ_MAX,
  type ModbusTable,
  REGISTERS_PER_READ_MAX,
  type ReadRequest,
} from './read-request.ts';

/** Something that lies in a table of a device. */
export interface Placed {
  readonly unitId: number;
  readonly table: ModbusTable;
  readonly address: number;
  /** Registers or bits that it takes. */
  readonly size: number;
}

/** One request, and what lies in its answer. */
export interface Block<Item extends Placed> {
  readonly request: ReadRequest;
  readonly items: readonly Item[];
}

/**
 * Puts things into as few requests as their places allow: neighbours in one, over at most `gap` registers that nobody asked
 * for. Many devices refuse a request that touches a register which they don't have, hence no gap by default.
 */
export function planReads<Item extends Placed>(items: readonly Item[], gap: number): readonly Block<Item>[] {
  const sorted = [...items].sort(
    (a, b) => a.unitId - b.unitId || a.table.localeCompare(b.table) || a.address - b.address,
  );
  const blocks: Block<Item>[] = [];
  for (const item of sorted) {
    const last = blocks.at(-1);
    const grown = last === undefined ? undefined : grownBy(last, item, gap);
    if (grown === undefined) blocks.push({ request: requestOf(item, item.size), items: [item] });
    else blocks[blocks.length - 1] = grown;
  }
  return blocks;
}

/** The bytes of one item in its block's answer; for bits the single byte 0 or 1. */
export function itemBytes({ request }: Block<Placed>, item: Placed, data: Uint8Array): Uint8Array {
  const offset = item.address - request.address;
  if (item.table === 'holding' || item.table === 'input') {
    return data.subarray(2 * offset, 2 * (offset + item.size));
  }
  return Uint8Array.of(((data[offset >> 3] ?? 0) >> (offset & 7)) & 1);
}

function grownBy<Item extends Placed>(block: Block<Item>, item: Item, gap: number): Block<Item> | undefined {
  const { request, items } = block;
  if (request.unitId !== item.unitId || request.table !== item.table) return undefined;
  const end = request.address + request.count;
  if (item.address > end + gap) return undefined;
  const count = Math.max(end, item.address + item.size) - request.address;
  const countMax =
    item.table === 'holding' || item.table === 'input' ? REGISTERS_PER_READ_MAX : BITS_PER_READ_MAX;
  return count > countMax ? undefined : { request: requestOf(request, count), items: [...items, item] };
}

function requestOf(
  { unitId, table, address }: Pick<ReadRequest, 'unitId' | 'table' | 'address'>,
  count: number,
): ReadRequest {
  return { unitId, table, address, count };
}
