import type { NodeId } from '../core/ids.ts';
import type { EngineEvent } from '../core/outputs.ts';
import type { AppValue } from '../core/value.ts';
import type { Version } from '../core/version.ts';

/** Why a node that runs can't take part: its event loop stands still, or most of the others can't reach it. */
export type Impairment = 'stalled' | 'cut-off';

/**
 * What a simulation shows to meters and checkers: what was done to the nodes (the truth), and what the nodes say of it. Times
 * are those of the simulation.
 */
export type Observation = { readonly atMs: number } & (
  | { readonly type: 'started'; readonly node: NodeId; readonly boot: number }
  | { readonly type: 'stopped'; readonly node: NodeId; readonly how: 'killed' | 'left' }
  | { readonly type: 'impaired' | 'restored'; readonly node: NodeId; readonly cause: Impairment }
  | {
      readonly type: 'wrote';
      readonly node: NodeId;
      readonly key: string;
      readonly version: Version;
      readonly value: AppValue;
      readonly deleted: boolean;
      /** When its validity ends, in the simulation's time; null: it doesn't. */
      readonly expiresAtMs: number | null;
    }
  | { readonly type: 'event'; readonly node: NodeId; readonly event: EngineEvent }
  /** A size or rate that must stay within a limit. */
  | {
      readonly type: 'gauge';
      readonly node: NodeId;
      readonly name: string;
      readonly value: number;
      readonly max: number;
    }
  /** A record that a node shows to its readers. */
  | {
      readonly type: 'shown';
      readonly node: NodeId;
      readonly owner: NodeId;
      readonly key: string;
      readonly version: Version;
    }
  /** Who holds a lease at this moment, each by its own clock. */
  | {
      readonly type: 'holders';
      readonly name: string;
      readonly holders: readonly { readonly node: NodeId; readonly fence: number }[];
    }
  /** A node says that it has every live record of an owner up to this version. */
  | { readonly type: 'claims'; readonly node: NodeId; readonly owner: NodeId; readonly known: Version }
  /** What a node says of itself at the end. */
  | { readonly type: 'self'; readonly node: NodeId; readonly boot: number; readonly incarnation: number }
  /** Faults are over and there was time to agree: did they? */
  | { readonly type: 'settled'; readonly agreed: boolean; readonly detail: string }
);

export type ObservationType = Observation['type'];
export type Observed<T extends ObservationType> = Extract<Observation, { readonly type: T }>;
export type Observer = (observation: Observation) => void;
