import { isNodeId, type NodeId } from '#runtime/core/ids.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { encodeValue } from '#runtime/wire/cbor.ts';
import { type ConfigTree, isTree } from '../config/config-path.ts';
import { readStage, type Stage, stageFromJson, stageToJson, stageToValue } from './stage.ts';

/** Record of an operator's board: what counts on all boards. */
export const PROMOTED_KEY = 'fleet/settings';
/** Record of an operator's board: what some boards try first. */
export const STAGED_KEY = 'fleet/staged';
/** The most bytes of a document in CBOR: with key and head it has to fit into one record. */
export const DOCUMENT_BYTES_MAX = 800;
export const COUNTER_MAX = 2 ** 32 - 1;

/** Settings that an operator gave to all boards, or to some. */
export interface FleetDocument {
  /** Counts through all documents of the cluster, from 1. */
  readonly counter: number;
  /** The board that it was set on. */
  readonly setter: NodeId;
  /** In the words of the configuration. */
  readonly config: ConfigTree;
  /** Who tries it; null: it is for all. */
  readonly stage: Stage | null;
  /** Version of the document that it takes back; null: it takes none back. */
  readonly takesBack: string | null;
}

const VERSION = /^[1-9]\d{0,9}\/[0-9a-f]{32}$/;

/** What a document is called among people: `12/3f0c9a12`. */
export function nameOf({ counter, setter }: Pick<FleetDocument, 'counter' | 'setter'>): string {
  return `${counter}/${setter.slice(0, 8)}`;
}

/** What it is called among boards. */
export function versionOf({ counter, setter }: Pick<FleetDocument, 'counter' | 'setter'>): string {
  return `${counter}/${setter}`;
}

/** The order in which documents count, the same for all: by counter, then by setter, then by content. */
export function compareDocuments(a: FleetDocument, b: FleetDocument): number {
  if (a.counter !== b.counter) return a.counter - b.counter;
  if (a.setter !== b.setter) return a.setter < b.setter ? -1 : 1;
  return Buffer.compare(encodeDocument(a), encodeDocument(b));
}

/** Whether two documents ask for the same settings. */
export function asksTheSame(a: ConfigTree, b: ConfigTree): boolean {
  return Buffer.compare(encodeValue(a as AppValue), encodeValue(b as AppValue)) === 0;
}

/** The record's value. */
export function documentToValue({ counter, config, stage, takesBack }: FleetDocument): AppValue {
  return {
    counter,
    config: config as AppValue,
    ...(stage === null ? {} : { stage: stageToValue(stage) }),
    ...(takesBack === null ? {} : { takesBack }),
  };
}

export function encodeDocument(document: FleetDocument): Uint8Array {
  return encodeValue(documentToValue(document));
}

/** A record's value, as its owner wrote it. @returns undefined where it is no document; what is in `config` isn't looked at yet. */
export function decodeDocument(value: AppValue, setter: NodeId): FleetDocument | undefined {
  if (!isPlainTree(value)) return undefined;
  const { counter, config, takesBack = null } = value;
  const stage = value.stage === undefined ? null : readStage(value.stage);
  if (!isCounter(counter) || !isPlainTree(config) || !isPlain(config) || stage === undefined)
    return undefined;
  if (takesBack !== null && !isVersion(takesBack)) return undefined;
  return { counter, setter, config, stage, takesBack };
}

/** As a file and the API hold it. */
export function documentToJson(document: FleetDocument) {
  const { counter, setter, config, stage, takesBack } = document;
  return { counter, setter, config, stage: stage === null ? null : stageToJson(stage), takesBack };
}

/** @returns undefined where it is no document. */
export function documentFromJson(raw: unknown): FleetDocument | undefined {
  if (!isTree(raw)) return undefined;
  const { counter, setter, config, takesBack = null } = raw;
  const stage = raw.stage === null ? null : stageFromJson(raw.stage);
  if (!isCounter(counter) || typeof setter !== 'string' || !isNodeId(setter)) return undefined;
  if (!isTree(config) || !isPlain(config) || stage === undefined) return undefined;
  if (takesBack !== null && !isVersion(takesBack)) return undefined;
  return { counter, setter, config, stage, takesBack };
}

/** Whether it is a version as `versionOf` writes it. */
export function isVersion(raw: unknown): raw is string {
  return typeof raw === 'string' && VERSION.test(raw);
}

function isCounter(raw: unknown): raw is number {
  return typeof raw === 'number' && Number.isInteger(raw) && raw >= 1 && raw <= COUNTER_MAX;
}

function isPlainTree(raw: unknown): raw is ConfigTree {
  return isTree(raw) && !(raw instanceof Uint8Array);
}

/** Whether a value is one that a configuration file may hold: no bytes, no integers beyond 2^53, no infinities. */
function isPlain(raw: unknown): boolean {
  switch (typeof raw) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      // JSON knows no -0: it would be another document in the file.
      return Number.isFinite(raw) && !Object.is(raw, -0);
    case 'object':
      if (raw === null) return true;
      return !(raw instanceof Uint8Array) && Object.values(raw).every(isPlain);
    default:
      return false;
  }
}
