import type { UsableAddress } from './addresses.ts';
import type { BoardNotice, LinkKind, MulticastUse } from './profile.ts';

/** What is decided about one interface. */
export interface InterfaceDecision {
  readonly name: string;
  /** Whether to open sockets on it. */
  readonly use: boolean;
  readonly kind: LinkKind;
  readonly multicast: MulticastUse;
  /** Largest IP packet to send, in bytes. */
  readonly mtu: number;
  /** Higher is preferred. */
  readonly priority: number;
  /** Addresses to bind, best first; empty where `use` is false for want of one. */
  readonly addresses: readonly UsableAddress[];
  readonly presenceIntervalMs: number;
  readonly bytesPerSecondMax: number | null;
  readonly bytesPerMonthMax: number | null;
  readonly metered: boolean;
  /** The profile's rule that applied; null: none fitted. */
  readonly rule: string | null;
  /** For people, one clause: `wired, link up`. */
  readonly why: string;
}

/** What a person says about interfaces; wins over the profile. */
export interface InterfaceOverrides {
  /** Names (`*` stands for any rest): use these and no others, also where the profile ignores them. */
  readonly only?: readonly string[];
  /** Names (`*` stands for any rest) never to use; wins over `only`. */
  readonly exclude?: readonly string[];
  /** In place of what the profile says, for every interface. */
  readonly multicast?: MulticastUse;
}

export interface InterfaceChoice {
  /** Every interface: used ones first, then by priority and name. */
  readonly interfaces: readonly InterfaceDecision[];
  /** Conditions to show while they last: `no-usable-interface`, `interface-not-found`, `loopback-only`... */
  readonly notices: readonly BoardNotice[];
}
