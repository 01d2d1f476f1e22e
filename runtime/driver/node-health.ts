import type { SharedData } from '../coordination/shared-data/shared-data.ts';
import type { Fingerprint } from '../core/key-views.ts';
import type { GossipEngine } from '../engine/contract.ts';
import type { Clock } from './clock.ts';
import type { HealthItem } from './contract.ts';
import type { EventQueue } from './event-queue.ts';
import type { HealthBoard, HealthNotice } from './health-board.ts';
import { KEY_HEALTH_CODES, keyHealth } from './key-health.ts';
import { LEASE_HEALTH_CODES, leaseHealth } from './lease-health.ts';
import { RECORD_HEALTH_CODES, recordHealth, WAITING_LONG_MS } from './record-health.ts';
import { SHARED_HEALTH_CODES, sharedHealth } from './shared-health.ts';
import { TRUST_HEALTH_CODES, trustHealth } from './trust-health.ts';

/** What it looks at. */
export interface NodeHealthParts {
  readonly name: string;
  readonly engine: GossipEngine;
  readonly crdt: SharedData;
  readonly clock: Clock;
  readonly wallSeconds: () => number;
  readonly events: EventQueue;
  readonly health: HealthBoard;
  /** The key of the key file; undefined in a cluster of certificates. */
  readonly configuredKey: Fingerprint | undefined;
  /** Whom the node calls to join, or to be let in. */
  readonly called: ReadonlySet<string>;
}

/** The conditions of a node: those that were raised when they began, and those that are found by looking. */
export class NodeHealth {
  readonly #parts: NodeHealthParts;

  constructor(parts: NodeHealthParts) {
    this.#parts = parts;
  }

  /** All that hold now. */
  items(): HealthItem[] {
    const { clock, crdt, engine, events, health } = this.#parts;
    const nowMs = clock.nowMs();
    if (events.lost > 0)
      health.raise(nowMs, 'events-lost', {
        severity: 'warning',
        title: 'events were lost',
        text: `${events.lost} events came faster than listeners took them, and the oldest were dropped. Read members and records afresh.`,
      });
    this.#noteKeys(nowMs);
    this.#noteTrust(nowMs);
    this.#holdExactly(SHARED_HEALTH_CODES, sharedHealth(crdt.list()), nowMs);
    this.#holdExactly(LEASE_HEALTH_CODES, leaseHealth(engine.leases.view(nowMs)), nowMs);
    this.#holdExactly(RECORD_HEALTH_CODES, recordHealth(engine.waiting(nowMs, WAITING_LONG_MS)), nowMs);
    return health.items(nowMs);
  }

  #noteKeys(nowMs: number): void {
    const { configuredKey, engine } = this.#parts;
    if (configuredKey === undefined) return;
    this.#holdExactly(KEY_HEALTH_CODES, keyHealth(engine.keys(), configuredKey), nowMs);
  }

  #noteTrust(nowMs: number): void {
    const { called, engine, name, wallSeconds } = this.#parts;
    const view = engine.trust();
    if (view === undefined) return;
    const facts = { view, wallSeconds: wallSeconds(), name, calls: [...called] };
    this.#holdExactly(TRUST_HEALTH_CODES, trustHealth(facts), nowMs);
  }

  /** Of these conditions exactly those that were found hold. */
  #holdExactly(codes: readonly string[], found: ReadonlyMap<string, HealthNotice>, nowMs: number): void {
    const { health } = this.#parts;
    for (const code of codes) {
      const notice = found.get(code);
      if (notice === undefined) health.clear(code);
      else health.raise(nowMs, code, notice);
    }
  }
}
