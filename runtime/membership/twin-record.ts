import type { Endpoint } from '../core/endpoint.ts';
import { fromHex, NODE_ID_BYTES, type NodeId, toHex } from '../core/ids.ts';
import type { AppValue } from '../core/value.ts';
import { BOOT_MAX } from '../core/version.ts';
import type { TwinLife } from '../core/views.ts';
import { endpointFromValue, endpointToValue } from '../wire/endpoint.ts';

/** "X lives twice": the content of a witness's record `sys/twin/<slot>` [P-5.24]. */
export interface TwinRecord {
  readonly target: NodeId;
  /** The lives that it heard, the latest first; 1 or 2. */
  readonly lives: readonly TwinLife[];
}

const PREFIX = 'sys/twin/';
/** Records `sys/twin/...` of one witness: so many identities it can name at once. */
export const TWIN_SLOTS = 4;

export function twinKey(slot: number): string {
  return `${PREFIX}${slot}`;
}

export function isTwinKey(key: string): boolean {
  if (!key.startsWith(PREFIX)) return false;
  const slot = Number(key.slice(PREFIX.length));
  return Number.isInteger(slot) && slot >= 0 && slot < TWIN_SLOTS && twinKey(slot) === key;
}

export function encodeTwin({ target, lives }: TwinRecord): AppValue {
  return [fromHex(target), lives.map(({ boot, endpoint }) => [boot, endpointToValue(endpoint)])];
}

/** @returns undefined where the value is no such record. */
export function decodeTwin(value: AppValue): TwinRecord | undefined {
  if (!Array.isArray(value) || value.length < 2) return undefined;
  const [target, items] = value as AppValue[];
  if (!(target instanceof Uint8Array) || target.length !== NODE_ID_BYTES) return undefined;
  if (!Array.isArray(items) || items.length < 1 || items.length > 2) return undefined;
  const lives = (items as AppValue[]).map(decodeLife).filter((life) => life !== undefined);
  return lives.length === items.length ? { target: toHex(target), lives } : undefined;
}

function decodeLife(value: AppValue): TwinLife | undefined {
  if (!Array.isArray(value)) return undefined;
  const [boot, place] = value as AppValue[];
  const endpoint: Endpoint | undefined = endpointFromValue(place);
  const isBoot = typeof boot === 'number' && Number.isInteger(boot) && boot >= 1 && boot <= BOOT_MAX;
  return isBoot && endpoint !== undefined ? { boot, endpoint } : undefined;
}
