import type { NodeId } from './ids.ts';
import type { Version } from './version.ts';

/** A record as it outlives the process. */
export interface KeptEntry {
  readonly key: string;
  readonly version: Version;
  /** The owner's bytes. */
  readonly body: Uint8Array;
  readonly signature: Uint8Array | undefined;
  /** When its owner set it, on this node's boot-time clock; may lie before its start. */
  readonly setAtMs: number;
  /** The age's error bound in milliseconds; null where the age is only a lower bound, Infinity where nobody knows how much was added to it. */
  readonly ageBoundMs: number | null;
  /** Its validity ended: it only stands for its version. */
  readonly expired: boolean;
  /** The bytes of a value that travels apart [P-5.43]; absent: the value is in the body, or never came. */
  readonly content?: Uint8Array | undefined;
}

/** All that a node holds of one owner, as it outlives the process [P-5.2]. */
export interface KeptOwner {
  readonly owner: NodeId;
  readonly known: Version;
  readonly gc: Version;
  /** Live ones, tombstones, and what is left of expired ones, in any order. */
  readonly entries: Iterable<KeptEntry>;
}

/** What changed in a table since somebody last looked. */
export interface TableChanges {
  /** To be asked from next time. */
  readonly revision: number;
  /** Owners of whom something changed, this node among them, with all that is held of them whenever they are looked at. */
  readonly changed: readonly KeptOwner[];
}
