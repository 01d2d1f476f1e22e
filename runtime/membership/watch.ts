import type { NodeId } from '../core/ids.ts';
import type { TimerTable } from '../core/timers.ts';
import type { Member } from './member.ts';
import type { MemberTable } from './member-table.ts';
import { Ring } from './ring.ts';

export interface WatchSettings {
  readonly probeIntervalMs: number;
  readonly probeTimeoutMinMs: number;
  /** 0: off. */
  readonly phiProbe: number;
}

/** Members of a segment that are watched by each: the first at once, the others only where nobody else sees to it. */
const WATCHED_ON_SEGMENT = 3;
/** So many probe intervals a member may be silent until who watches it probes it. */
const SILENT_INTERVALS = 2;
/** Where presences come more seldom, their gaps are divided evenly: by parts up to this much longer than that. */
const STRETCH_MAX = 1.2;
/** On a segment it looks no further along the ring for them: the cluster may have far more nodes elsewhere. */
const LOOKS_MAX = 256;
/** How much later each further watcher acts on an overdue presence: by then the first one's accusation has come. */
const RANK_DELAY_MS = 500;
/** A silent member isn't probed by its watcher more often than this, in shares of the silence allowed. */
const AGAIN_SHARE = 0.25;
/** Who stands behind one that became suspect is looked at so soon: a power cut rarely takes one alone. */
const TAKE_OVER_MS = 50;
/** A view that changes by itself is looked at again this often, in shares of the silence allowed. */
const LOOK_SHARE = 0.25;

/**
 * Whom this node watches: the members that follow it on the ring of ids. Probing at random finds a dead node early on average and
 * sometimes very late; a watcher for each bounds it. On a multicast segment silence is told by presences, and the watchers probe who
 * is overdue: a few nodes instead of all that noticed.
 */
export class Watch {
  readonly #self: NodeId;
  readonly #settings: WatchSettings;
  readonly #members: MemberTable;
  readonly #timers: TimerTable;
  readonly #probe: (member: Member, nowMs: number) => void;
  readonly #hearsMulticast: () => boolean;
  readonly #ring = new Ring();
  readonly #probedMs = new Map<NodeId, number>();

  constructor(parts: {
    self: NodeId;
    settings: WatchSettings;
    members: MemberTable;
    timers: TimerTable;
    probe: (member: Member, nowMs: number) => void;
    /** Whether anybody can be heard by multicast at all. */
    hearsMulticast: () => boolean;
  }) {
    this.#self = parts.self;
    this.#settings = parts.settings;
    this.#members = parts.members;
    this.#timers = parts.timers;
    this.#probe = parts.probe;
    this.#hearsMulticast = parts.hearsMulticast;
  }

  /** Those next to this node on the ring, at most two: it is next to them, so that each member is next to somebody. */
  neighbours(): Member[] {
    const members = this.#ring.besides(this.#self).map((id) => this.#members.get(id));
    return members.filter((member) => member !== undefined);
  }

  /** Only who isn't suspected is watched: while a suspicion runs, its watcher takes over those behind it. */
  noteState(member: Member, nowMs: number): void {
    if (member.state === 'alive' || member.state === 'joining') {
      this.#ring.add(member.id);
      this.#timers.setEarlier('watch', nowMs + LOOK_SHARE * this.#silentMs);
    } else {
      this.#ring.remove(member.id);
      this.#probedMs.delete(member.id);
      this.#timers.setEarlier('watch', nowMs + TAKE_OVER_MS);
    }
  }

  /** Probes those that are due. */
  onTurn(nowMs: number): void {
    if (this.#ring.size === 0) return;
    let nextMs = nowMs + this.#lookMs;
    for (const { member, rank } of this.watched(nowMs)) {
      const dueMs = this.dueMs(member, rank, nowMs);
      if (dueMs > nowMs) {
        nextMs = Math.min(nextMs, dueMs);
        continue;
      }
      this.#probedMs.set(member.id, nowMs);
      this.#probe(member, nowMs);
      nextMs = Math.min(nextMs, nowMs + AGAIN_SHARE * this.#silentMs);
    }
    this.#timers.set('watch', nextMs);
  }

  /**
   * Those that this node watches, with how many others do so before it: the next few that it hears by multicast; and the very next
   * one also where it doesn't hear it. (Not the next one that it doesn't hear: that may be the same one for a whole segment.)
   */
  watched(nowMs: number): { member: Member; rank: number }[] {
    const watched: { member: Member; rank: number }[] = [];
    let onSegment = 0;
    let isNext = true;
    let looks = this.#hearsMulticast() ? LOOKS_MAX : 1;
    for (const id of this.#ring.after(this.#self)) {
      if (looks-- === 0) break;
      const member = this.#members.get(id);
      if (member === undefined) continue;
      if (member.heardByMulticast(nowMs)) watched.push({ member, rank: onSegment++ });
      else if (isNext) watched.push({ member, rank: 0 });
      isNext = false;
      if (onSegment === WATCHED_ON_SEGMENT) break;
    }
    return watched;
  }

  /** When a member is to be probed by its watcher of this rank. */
  dueMs(member: Member, rank: number, nowMs: number): number {
    let dueMs = member.heard.presenceDueMs + this.#graceMs + rank * RANK_DELAY_MS;
    if (rank === 0)
      dueMs = Math.min(dueMs, member.provedAtMs + this.#allowedMs(member), this.#phiDueMs(member, nowMs));
    const againMs =
      (this.#probedMs.get(member.id) ?? Number.NEGATIVE_INFINITY) + AGAIN_SHARE * this.#silentMs;
    return Math.max(dueMs, againMs);
  }

  /** Who is heard on a segment, and what phi says, changes with time alone; else the view brings the next look forward where it matters. */
  get #lookMs(): number {
    const drifts = this.#hearsMulticast() || this.#settings.phiProbe > 0;
    return drifts ? LOOK_SHARE * this.#silentMs : this.#silentMs;
  }

  get #silentMs(): number {
    return SILENT_INTERVALS * this.#settings.probeIntervalMs;
  }

  /** Datagrams take their time. */
  get #graceMs(): number {
    return this.#settings.probeTimeoutMinMs / 2;
  }

  /** The silence allowed: on a segment such a part of the announced gap that the last one ends with the next presence. */
  #allowedMs({ heard: { presenceGapMs, presenceDueMs } }: Member): number {
    if (presenceDueMs === Number.POSITIVE_INFINITY) return this.#silentMs;
    const parts = Math.max(1, Math.ceil(presenceGapMs / (STRETCH_MAX * this.#silentMs)));
    return presenceGapMs / parts + this.#graceMs;
  }

  #phiDueMs(member: Member, nowMs: number): number {
    const { phiProbe } = this.#settings;
    return phiProbe > 0
      ? (member.arrivals.reachesMs(phiProbe) ?? nowMs + this.#silentMs)
      : Number.POSITIVE_INFINITY;
  }
}
