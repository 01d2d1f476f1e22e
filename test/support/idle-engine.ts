import { createCounters } from '#runtime/core/counters.ts';
import type { Endpoint } from '#runtime/core/endpoint.ts';
import type { NodeId } from '#runtime/core/ids.ts';
import type { KeysView } from '#runtime/core/key-views.ts';
import type { Output, Path } from '#runtime/core/outputs.ts';
import type { Proclaimed, TrustView } from '#runtime/core/trust-view.ts';
import type { EngineOptions, GossipEngine } from '#runtime/engine/contract.ts';
import type { EngineGauges } from '#runtime/engine/gauges.ts';
import { NO_EVENTS } from './no-events.ts';
import { NO_FLEET } from './no-fleet.ts';
import { NO_GAUGES } from './no-gauges.ts';
import { NO_KEEP } from './no-keep.ts';
import { NO_KEYS } from './no-keys.ts';
import { NO_LEASES } from './no-leases.ts';

/** An engine that does nothing: a start for those that do something else. */
export class IdleEngine implements GossipEngine {
  readonly id: NodeId;
  readonly counters = createCounters();
  readonly leases = NO_LEASES;
  readonly fleet = NO_FLEET;
  readonly events = NO_EVENTS;
  readonly keep = NO_KEEP;
  readonly recordCount = 0;
  readonly localHealth = 0;
  boot: number;

  constructor({ id, boot }: EngineOptions) {
    this.id = id;
    this.boot = boot;
  }

  start(_nowMs: number): void {}
  join(_nowMs: number, _seeds: readonly Endpoint[]): void {}
  leave(): void {}
  put(): number {
    return 0;
  }
  putMany(): number[] {
    return [];
  }
  forget(): void {}
  quota() {
    return { records: 0, recordsMax: 952, bytes: 0, bytesMax: 51_200 };
  }
  delete(): number {
    return 0;
  }
  blockOf(): undefined {}
  restore(): void {}
  setEndpoints(): void {}
  setTags(): void {}
  adoptBoot(_nowMs: number, boot: number): void {
    this.boot = boot;
  }
  operateKeys(): string {
    return '';
  }
  keysKept(): void {}
  keys(): KeysView {
    return NO_KEYS;
  }
  proclaim(): Proclaimed {
    return { kind: 'policy', isNew: false };
  }

  tellTime(): void {}
  trust(): TrustView | undefined {
    return undefined;
  }

  certified(): undefined {}
  trustState(): undefined {}

  observeHost(): void {}
  handleUnreachable(): void {}
  isMemberAt(): boolean {
    return false;
  }
  handleDatagram(_nowMs: number, _path: Path, _bytes: Uint8Array): void {}
  handleTimeout(_nowMs: number): void {}
  pollOutput(): Output {
    return { type: 'timeout', atMs: Number.POSITIVE_INFINITY };
  }
  why(): undefined {
    return undefined;
  }
  members(): [] {
    return [];
  }
  waiting(): [] {
    return [];
  }

  records(): [] {
    return [];
  }
  gauges(): EngineGauges {
    return NO_GAUGES;
  }
  knownOf(): number {
    return 0;
  }
}
