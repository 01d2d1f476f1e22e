import type { NodeId } from '../core/ids.ts';
import type { GroupKey } from '../crypto/keyring.ts';

/** One life of a sender on one transport: what its salt was bound to by the first datagram opened [P-3.7]. */
export class Session {
  readonly id: NodeId;
  readonly boot: number;
  /** Whether an answer in this session echoed a random number of ours [P-3.8]; the engine sets it. */
  proven = false;
  /** The key that its salt seals with; the opener sets it. */
  groupKey: GroupKey | undefined;
  /** Datagrams opened and accepted. */
  openedCount = 0;
  /** When the last of them came. */
  lastMs: number;

  constructor(id: NodeId, boot: number, nowMs: number) {
    this.id = id;
    this.boot = boot;
    this.lastMs = nowMs;
  }
}
