import type { EngineSettings } from '../engine/settings.ts';
import type { LinkQuality } from './network.ts';

export const MEDIA = ['unicast', 'multicast'] as const;
/** Whether nodes share a multicast segment. */
export type Medium = (typeof MEDIA)[number];

/** What a world is made of. */
export interface WorldOptions {
  /** 1-4096. */
  readonly nodes: number;
  /** 0 to 2^53 - 1: everything random in the run comes from it. */
  readonly seed: number;
  readonly medium: Medium;
  /** Multicast segments, which the nodes take turns to join; unicast works between them. Default 1. */
  readonly segments?: number;
  readonly quality: LinkQuality;
  readonly settings: EngineSettings;
  /** A cluster of certificates; default: of a pre-shared key. */
  readonly certificates?: boolean;
  /** Share of the pairs of nodes between which one direction carries nothing, from start to end: 0 to 1. Default 0. */
  readonly asymmetricShare?: number;
  /** What each host's interface can send: bytes a second, headers of IP and UDP included. Absent: as much as it is given. */
  readonly bytesPerSecondMax?: number;
  /** By how much the clocks of hosts run fast or slow, at most: 0 to 0.05. Default 0. */
  readonly clockDriftShare?: number;
  /** The speed of each host's clock, in their order, instead of drawn ones: 1.05 gains 50 ms a second. For stories. */
  readonly clockRates?: readonly number[];
  /** How often each host writes what others said to its disk, which it takes back at its next start, in milliseconds. Absent: never. */
  readonly tableWriteIntervalMs?: number;
  /** How often a minute the boot-time clock of some host jumps ahead by 0.1 to 10 s. Default 0. */
  readonly clockStepsPerMinute?: number;
}

/** What a scenario may be told besides. Absent: the scenario's own default. */
export interface ScenarioOptions {
  /** How long its main part lasts. */
  readonly durationMs?: number;
  /** Updates a second in the whole cluster. */
  readonly rate?: number;
  /** Nodes that crash. */
  readonly crashes?: number;
  /** A large cluster plays its joins too, as a small one always does. */
  readonly cold?: boolean;
  /** All crashes at the same moment instead of one after the other. */
  readonly together?: boolean;
  /** Crashes end the process alone: the host lives, and tells whoever touches the port. */
  readonly hostsStayUp?: boolean;
  /** Readings a second on each node. */
  readonly readings?: number;
}

/** One run, whole: the same options give the same run. */
export interface SimulationOptions extends WorldOptions, ScenarioOptions {
  readonly scenario: string;
}

export const NODES_MAX = 4096;

/** Links of a quiet wired network: 2 ms +- 1 ms and no faults. */
export const DEFAULT_QUALITY: LinkQuality = {
  latency: { shape: 'uniform', delayMs: 2, jitterMs: 1 },
  lossShare: 0,
  duplicateShare: 0,
  reorderShare: 0,
  corruptShare: 0,
};
