import { fromHex, NODE_ID_BYTES, type NodeId, toHex } from '../../core/ids.ts';
import type { AppValue } from '../../core/value.ts';

/** Lives are ordered like versions: the boot, then 32 random bits [P-16.4]. */
export const LIFE_MAX = 2 ** 52 - 1;

/** An array of a slot; undefined: it is none. */
export function listOf(value: AppValue | undefined): readonly AppValue[] | undefined {
  return Array.isArray(value) ? (value as readonly AppValue[]) : undefined;
}

/** A node id as it stands in slots. */
export function idOf(value: AppValue | undefined): NodeId | undefined {
  return value instanceof Uint8Array && value.length === NODE_ID_BYTES ? toHex(value) : undefined;
}

/** A whole number from `min` to `max`. */
export function uintOf(
  value: AppValue | undefined,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: { readonly min?: number; readonly max?: number } = {},
): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
    ? value
    : undefined;
}

export function lifeOf(value: AppValue | undefined): number | undefined {
  return uintOf(value, { min: 1, max: LIFE_MAX });
}

/** How a node id stands in slots. */
export function idBytes(id: NodeId): Uint8Array {
  return fromHex(id);
}
