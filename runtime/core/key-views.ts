import type { NodeId } from './ids.ts';
import type { MemberState } from './views.ts';

/** What a key is called where it may be seen: 16 lower-case hex digits [P-10.1]. */
export type Fingerprint = string;

/** Length of a fingerprint, in bytes [P-10.1]. */
export const FINGERPRINT_BYTES = 8;
/** Keys that one node holds, at most [P-10.7]. */
export const KEYS_MAX = 8;
/** Installs and removals that one node remembers, at most [P-10.7]. */
export const KEY_CHANGES_MAX = 16;

/** What an operator asks for. `force` leaves the members out of account that haven't followed yet: they may be cut off. */
export type KeyOperation =
  | { readonly type: 'install'; readonly psk: Uint8Array }
  | { readonly type: 'use' | 'remove'; readonly fingerprint: Fingerprint; readonly force?: boolean };

/** Why an install that was heard of isn't followed: no room, sealed with a key that isn't held, or a number out of all order. */
export type KeyWaitReason = 'full' | 'sealed' | 'stamp';

/** The keys of one member, by what it says itself. */
export interface MemberKeys {
  readonly id: NodeId;
  readonly name: string;
  readonly state: MemberState;
  /** Whether it has said so; else what follows is the key that it is heard with, if any. */
  readonly told: boolean;
  readonly reads: readonly Fingerprint[];
  readonly writes: Fingerprint | null;
}

/** One key that this node or another knows of. */
export interface KeyRow {
  readonly fingerprint: Fingerprint;
  /** `removed`: by an operator; nobody should read with it any more. */
  readonly state: 'installed' | 'removed';
  /** Whether this node holds it. */
  readonly held: boolean;
}

/** The cluster's keys, as this node knows them; never a key itself. */
export interface KeysView {
  /** What the cluster was last told to write with; null: nobody ever said, each writes with its key file's. */
  readonly use: Fingerprint | null;
  readonly keys: readonly KeyRow[];
  /** This node first, then the others by name. */
  readonly members: readonly MemberKeys[];
  /** What this node has heard of and doesn't follow. */
  readonly waiting: readonly { readonly fingerprint: Fingerprint; readonly reason: KeyWaitReason }[];
  /** Whether a change waits until it is on this node's medium. */
  readonly saving: boolean;
}
