import { createCounters } from '#runtime/core/counters.ts';
import type { KeptEntry, KeptOwner } from '#runtime/core/kept-table.ts';
import type { KeyOperation, KeysView } from '#runtime/core/key-views.ts';
import type { Output, Path } from '#runtime/core/outputs.ts';
import type { Proclaimed, TrustView } from '#runtime/core/trust-view.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { makeVersion } from '#runtime/core/version.ts';
import type { PutOptions } from '#runtime/core/views.ts';
import type { GossipEngine, HostObservation } from '#runtime/engine/contract.ts';
import type { EngineGauges } from '#runtime/engine/gauges.ts';
import type { KeepFace } from '#runtime/engine/keep-face.ts';
import type { TrustState } from '#runtime/trust/trust.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';
import { NO_EVENTS } from './no-events.ts';
import { NO_FLEET } from './no-fleet.ts';
import { NO_GAUGES } from './no-gauges.ts';
import { NO_KEEP } from './no-keep.ts';
import { NO_KEYS } from './no-keys.ts';
import { NO_LEASES } from './no-leases.ts';

/** An engine that records its calls and answers what the test queued. */
export class FakeEngine implements GossipEngine {
  readonly id = 'ab'.repeat(16);
  readonly counters = createCounters();
  readonly leases = { ...NO_LEASES };
  readonly fleet = NO_FLEET;
  readonly events = { ...NO_EVENTS };
  /** Of its table only what was put on it. */
  readonly keep: KeepFace = {
    ...NO_KEEP,
    changedSince: () => ({
      revision: 0,
      changed: [{ owner: this.id, known: 0, gc: 0, entries: this.#own.values() }],
    }),
    takeBack: (_nowMs, owners) => void this.takenBack.push(...owners),
  };
  readonly takenBack: KeptOwner[] = [];
  readonly recordCount = 0;
  readonly localHealth = 0;
  readonly calls: string[] = [];
  /** Outputs of the next drains. */
  readonly outputs: Exclude<Output, { type: 'timeout' }>[] = [];
  deadlineMs = Number.POSITIVE_INFINITY;
  boot = 1;
  /** What it lives by, and keeps, in a cluster of certificates. */
  trustView: TrustView | undefined;
  kept: TrustState | undefined;
  readonly #own = new Map<string, KeptEntry>();
  #undrained = 0;
  #started = false;

  /** Whether every mutation since the start was followed by a drain to the deadline. */
  get drained(): boolean {
    return this.#undrained === 0;
  }

  start(nowMs: number): void {
    this.#started = true;
    this.#mutated(`start ${nowMs}`);
  }

  join(nowMs: number): void {
    this.#mutated(`join ${nowMs}`);
  }

  leave(nowMs: number): void {
    this.#mutated(`leave ${nowMs}`);
  }

  put(nowMs: number, key: string, value: AppValue, options: PutOptions = {}): number {
    const { quality = 'good', priority = 'normal', ageMs = 0, unit } = options;
    const version = makeVersion(this.boot, this.calls.length + 1);
    const body = encodeRecord({
      ...{ version, key, value, deleted: false, quality, priority },
      ...(unit !== undefined && { unit }),
    });
    const setAtMs = nowMs - ageMs;
    this.#own.set(key, { key, version, body, signature: undefined, setAtMs, ageBoundMs: 0, expired: false });
    this.#mutated(`put ${nowMs} ${key}`);
    return 1;
  }

  putMany(nowMs: number, entries: readonly { readonly key: string }[]): number[] {
    this.#mutated(`putMany ${nowMs} ${entries.map(({ key }) => key).join(' ')}`);
    return entries.map((_, i) => i + 1);
  }

  forget(nowMs: number, id: string): void {
    this.#mutated(`forget ${nowMs} ${id}`);
  }

  quota() {
    return { records: 0, recordsMax: 952, bytes: 0, bytesMax: 51_200 };
  }

  delete(nowMs: number, key: string): number {
    this.#own.delete(key);
    this.#mutated(`delete ${nowMs} ${key}`);
    return 1;
  }

  blockOf(nowMs: number, owner: string): undefined {
    this.#mutated(`blockOf ${nowMs} ${owner}`);
  }

  restore(nowMs: number, blocks: readonly unknown[]): void {
    this.#mutated(`restore ${nowMs} ${blocks.length}`);
  }

  setEndpoints(nowMs: number): void {
    this.#mutated(`setEndpoints ${nowMs}`);
  }

  setTags(nowMs: number): void {
    this.#mutated(`setTags ${nowMs}`);
  }

  adoptBoot(nowMs: number, boot: number): void {
    this.boot = boot;
    this.#mutated(`adoptBoot ${nowMs} ${boot}`);
  }

  operateKeys(nowMs: number, operation: KeyOperation): string {
    this.#mutated(`operateKeys ${nowMs} ${operation.type}`);
    return 'ab'.repeat(8);
  }

  keysKept(nowMs: number, ticket: number): void {
    this.#mutated(`keysKept ${nowMs} ${ticket}`);
  }

  keys(): KeysView {
    return NO_KEYS;
  }

  proclaim(): Proclaimed {
    return { kind: 'policy', isNew: false };
  }

  tellTime(): void {}

  trust(): TrustView | undefined {
    return this.trustView;
  }

  certified(): undefined {}

  trustState(): TrustState | undefined {
    return this.kept;
  }

  observeHost(nowMs: number, observation: HostObservation): void {
    this.#mutated(`observeHost ${nowMs} lag ${observation.lagMs}`);
  }

  isMemberAt(): boolean {
    return false;
  }

  handleUnreachable(nowMs: number, endpoint: { port: number }): void {
    this.#mutated(`handleUnreachable ${nowMs} ${endpoint.port}`);
  }

  handleDatagram(nowMs: number, _path: Path, bytes: Uint8Array): void {
    this.#mutated(`handleDatagram ${nowMs} ${bytes.length}`);
  }

  handleTimeout(nowMs: number): void {
    if (this.deadlineMs <= nowMs) this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#mutated(`handleTimeout ${nowMs}`);
  }

  pollOutput(): Output {
    const output = this.outputs.shift();
    if (output !== undefined) return output;
    this.#undrained = 0;
    return { type: 'timeout', atMs: this.deadlineMs };
  }

  members(): [] {
    return [];
  }

  why(): undefined {
    return undefined;
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

  #mutated(call: string): void {
    if (this.#undrained > 0) throw new Error(`assertion failed: ${call} before the drain of the call before`);
    // What is put before the start waits for its drain.
    if (this.#started) this.#undrained++;
    this.calls.push(call);
  }
}
