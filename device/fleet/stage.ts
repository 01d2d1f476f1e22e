import { createHash } from 'node:crypto';
import { fromHex, isNodeId, NODE_ID_BYTES, type NodeId, toHex } from '#runtime/core/ids.ts';
import type { AppValue } from '#runtime/core/value.ts';
import type { MemberView } from '#runtime/core/views.ts';
import { isTree } from '../config/config-path.ts';

/** Who tries a document before all others: whoever is meant by any of these. */
export interface Stage {
  readonly nodes: readonly NodeId[];
  /** Boards with one of these tags. */
  readonly tags: Readonly<Record<string, string>>;
  /** Boards whose lot for this document is at most so high; null: none for this reason. */
  readonly lotMax: number | null;
}

/** A board, as far as stages go by it. */
export type Staged = Pick<MemberView, 'id' | 'tags'>;

/** What an operator asks for; `percent` of the boards that are there, rounded up. */
export interface StageWish {
  readonly nodes: readonly NodeId[];
  readonly tags: Readonly<Record<string, string>>;
  readonly percent: number | null;
}

const NODES_MAX = 32;
export const TAGS_MAX = 8;
const LOT_MAX = 0xffff_ffff;

/** Whether a board tries the document of this counter. */
export function isStaged(
  { nodes, tags, lotMax }: Stage,
  counter: number,
  { id, tags: own }: Staged,
): boolean {
  if (nodes.includes(id)) return true;
  if (Object.entries(tags).some(([name, value]) => Object.hasOwn(own, name) && own[name] === value))
    return true;
  return lotMax !== null && lotOf(counter, id) <= lotMax;
}

/** Turns a share into lots: exactly so many of the boards that are there now; those that come later draw theirs. */
export function drawStage(
  { percent, ...rest }: StageWish,
  counter: number,
  present: readonly Staged[],
): Stage {
  if (percent === null) return { ...rest, lotMax: null };
  const lots = present.map(({ id }) => lotOf(counter, id)).sort((a, b) => a - b);
  const count = Math.max(1, Math.ceil((lots.length * percent) / 100));
  return { ...rest, lotMax: lots[Math.min(count, lots.length) - 1] ?? 0 };
}

/** Different for each document, so that not always the same boards come first. */
function lotOf(counter: number, id: NodeId): number {
  return createHash('sha256').update(`gridvine fleet ${counter} ${id}`).digest().readUInt32BE(0);
}

export function stageToValue({ nodes, tags, lotMax }: Stage): AppValue {
  return {
    ...(nodes.length === 0 ? {} : { nodes: nodes.map(fromHex) }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    ...(lotMax === null ? {} : { lotMax }),
  };
}

/** @returns undefined where it is no stage. */
export function readStage(value: unknown): Stage | undefined {
  if (!isTree(value)) return undefined;
  const { nodes = [], tags = {}, lotMax = null } = value;
  const ids = Array.isArray(nodes) ? nodes.map(idOf) : undefined;
  return stageOf(ids, tags, lotMax);
}

export function stageToJson({ nodes, tags, lotMax }: Stage) {
  return { nodes: [...nodes], tags: { ...tags }, lotMax };
}

/** @returns undefined where it is no stage. */
export function stageFromJson(raw: unknown): Stage | undefined {
  return isTree(raw) ? stageOf(raw.nodes, raw.tags, raw.lotMax) : undefined;
}

function stageOf(nodes: unknown, tags: unknown, lotMax: unknown): Stage | undefined {
  if (!Array.isArray(nodes) || nodes.length > NODES_MAX || !isTree(tags)) return undefined;
  if (!nodes.every((id) => typeof id === 'string' && isNodeId(id))) return undefined;
  const pairs = Object.entries(tags);
  if (pairs.length > TAGS_MAX || !pairs.every(([, value]) => typeof value === 'string')) return undefined;
  if (lotMax !== null && !(typeof lotMax === 'number' && Number.isInteger(lotMax))) return undefined;
  if (lotMax !== null && (lotMax < 0 || lotMax > LOT_MAX)) return undefined;
  return { nodes, tags: tags as Record<string, string>, lotMax };
}

function idOf(raw: unknown): string {
  return raw instanceof Uint8Array && raw.length === NODE_ID_BYTES ? toHex(raw) : '';
}
