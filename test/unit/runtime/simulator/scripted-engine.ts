import { createCounters } from '#runtime/core/counters.ts';
import type { Endpoint } from '#runtime/core/endpoint.ts';
import type { KeysView } from '#runtime/core/key-views.ts';
import type { EngineEvent, Output, Path } from '#runtime/core/outputs.ts';
import type { Proclaimed, TrustView } from '#runtime/core/trust-view.ts';
import type { EngineOptions, GossipEngine, HostObservation } from '#runtime/engine/contract.ts';
import type { EngineGauges } from '#runtime/engine/gauges.ts';
import { NO_EVENTS } from '../../../support/no-events.ts';
import { NO_FLEET } from '../../../support/no-fleet.ts';
import { NO_GAUGES } from '../../../support/no-gauges.ts';
import { NO_KEEP } from '../../../support/no-keep.ts';
import { NO_KEYS } from '../../../support/no-keys.ts';
import { NO_LEASES } from '../../../support/no-leases.ts';

/** One call that the engine got, and when by its own clock. */
export interface Call {
  readonly name: string;
  readonly nowMs: number;
  readonly detail?: unknown;
}

/** An engine that does nothing by itself: it notes each call, and answers what a test tells it to. */
export class ScriptedEngine implements GossipEngine {
  readonly id: string;
  readonly counters = createCounters();
  readonly leases = NO_LEASES;
  readonly fleet = NO_FLEET;
  readonly events = NO_EVENTS;
  readonly keep = NO_KEEP;
  readonly recordCount = 0;
  readonly localHealth = 0;
  readonly options: EngineOptions;
  readonly calls: Call[] = [];
  /** Handed out by the next drain. */
  readonly outputs: Output[] = [];
  /** The deadline that ends each drain, by the engine's own clock. */
  deadlineMs = Number.POSITIVE_INFINITY;
  onDatagram: (path: Path, bytes: Uint8Array) => void = () => {};
  onTimeout: (nowMs: number) => void = () => {};
  boot: number;

  constructor(options: EngineOptions) {
    this.options = options;
    this.id = options.id;
    this.boot = options.boot;
  }

  names(): string[] {
    return this.calls.map(({ name }) => name);
  }

  send(address: string, bytes: Uint8Array): void {
    const endpoint: Endpoint = { transport: 'udp', address, port: 18262 };
    this.outputs.push({
      type: 'transmit',
      to: { kind: 'unicast', endpoint },
      bytes,
      trafficClass: 'liveness',
    });
  }

  touch(address: string, bytes: Uint8Array): void {
    this.outputs.push({ type: 'touch', endpoint: { transport: 'udp', address, port: 18262 }, bytes });
  }

  say(event: EngineEvent): void {
    this.outputs.push({ type: 'event', event });
  }

  start(nowMs: number): void {
    this.#note('start', nowMs);
  }
  join(nowMs: number, seeds: readonly Endpoint[]): void {
    this.#note('join', nowMs, seeds);
  }
  leave(nowMs: number): void {
    this.#note('leave', nowMs);
  }
  put(nowMs: number, key: string): number {
    this.#note('put', nowMs, key);
    return this.calls.length;
  }
  putMany(nowMs: number, entries: readonly { readonly key: string }[]): number[] {
    this.#note('putMany', nowMs, entries.map(({ key }) => key).join(' '));
    return entries.map(() => this.calls.length);
  }
  forget(nowMs: number, id: string): void {
    this.#note('forget', nowMs, id);
  }
  quota() {
    return { records: 0, recordsMax: 952, bytes: 0, bytesMax: 51_200 };
  }
  delete(nowMs: number, key: string): number {
    this.#note('delete', nowMs, key);
    return this.calls.length;
  }
  blockOf(nowMs: number): undefined {
    this.#note('blockOf', nowMs);
  }
  restore(nowMs: number): void {
    this.#note('restore', nowMs);
  }
  setEndpoints(nowMs: number): void {
    this.#note('setEndpoints', nowMs);
  }
  setTags(nowMs: number): void {
    this.#note('setTags', nowMs);
  }
  adoptBoot(nowMs: number, boot: number): void {
    this.boot = boot;
    this.#note('adoptBoot', nowMs, boot);
  }
  operateKeys(nowMs: number): string {
    this.#note('operateKeys', nowMs);
    return '';
  }
  keysKept(nowMs: number, ticket: number): void {
    this.#note('keysKept', nowMs, ticket);
  }
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

  observeHost(nowMs: number, observation: HostObservation): void {
    this.#note('observeHost', nowMs, observation);
  }
  handleUnreachable(nowMs: number, endpoint: Endpoint): void {
    this.#note('handleUnreachable', nowMs, endpoint.address);
  }
  isMemberAt(): boolean {
    return false;
  }
  handleDatagram(nowMs: number, path: Path, bytes: Uint8Array): void {
    this.#note('handleDatagram', nowMs, { path, bytes });
    this.onDatagram(path, bytes);
  }
  handleTimeout(nowMs: number): void {
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#note('handleTimeout', nowMs);
    this.onTimeout(nowMs);
  }
  pollOutput(): Output {
    return this.outputs.shift() ?? { type: 'timeout', atMs: this.deadlineMs };
  }
  members(): never[] {
    return [];
  }
  why(): undefined {
    return undefined;
  }

  waiting(): never[] {
    return [];
  }

  records(): never[] {
    return [];
  }

  gauges(): EngineGauges {
    return NO_GAUGES;
  }
  knownOf(): number {
    return 0;
  }

  #note(name: string, nowMs: number, detail?: unknown): void {
    this.calls.push(detail === undefined ? { name, nowMs } : { name, nowMs, detail });
  }
}
