import type { Forgery } from './forgeries.ts';

/** What the bench asks of the processes that it starts, over the IPC channel; each is answered by one message. */
export type NodeOrder =
  | { readonly type: 'start'; readonly names: readonly string[]; readonly seeds: readonly number[] }
  | { readonly type: 'sample' };

export interface Started {
  readonly ports: readonly number[];
}

/** What a process with nodes has seen since it was asked last. */
export interface NodeSample {
  readonly wallMs: number;
  /** Of all threads of the process. */
  readonly cpuMs: number;
  readonly rssMb: number;
  /** Members that each of its nodes holds for alive, itself included. */
  readonly alive: readonly number[];
  readonly falseDowns: number;
  readonly suspicions: number;
  readonly probes: number;
  readonly probesFailed: number;
  /** Updates of others that each of its nodes was told, and how many there could have been. */
  readonly updates: number;
  readonly updatesDue: number;
  readonly updateMs: readonly number[];
  readonly rxDatagrams: number;
  /** By the kernel, because the receive queue was full. */
  readonly rxDropped: number;
  /** Datagrams refused by reason. */
  readonly drops: Readonly<Record<string, number>>;
  /** Datagrams that its nodes sent lately. */
  readonly captured: readonly string[];
}

export type AttackOrder = {
  readonly type: 'attack';
  readonly port: number;
  /** The address that it sends from. */
  readonly from: string;
  readonly perSecond: number;
  readonly durationMs: number;
  readonly kinds: readonly Forgery[];
  readonly captured: readonly string[];
};

export interface AttackDone {
  readonly sent: number;
  readonly wallMs: number;
}
