import type { RunningNode } from '#runtime/driver/contract.ts';

/**
 * What the bridge needs of a node: its name, the records and members it knows now, and what changes. A `RunningNode` is
 * one; tests hand in their own. The bridge only reads: nothing that comes from a broker ever becomes a record.
 */
export type RecordFeed = Pick<
  RunningNode,
  'id' | 'name' | 'cluster' | 'boot' | 'records' | 'members' | 'onEvent'
>;
