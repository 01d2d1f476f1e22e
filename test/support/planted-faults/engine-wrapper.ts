import type { Endpoint } from '#runtime/core/endpoint.ts';
import type { NodeId } from '#runtime/core/ids.ts';
import type { Fingerprint, KeyOperation, KeysView } from '#runtime/core/key-views.ts';
import type { Output, Path } from '#runtime/core/outputs.ts';
import type { CertifiedView, Proclaimed, TrustView } from '#runtime/core/trust-view.ts';
import type { AppValue } from '#runtime/core/value.ts';
import type { MemberView, PutEntry, PutOptions, RecordView, WaitingView } from '#runtime/core/views.ts';
import type { WhyView } from '#runtime/core/why.ts';
import type { GossipEngine, HostObservation, Link, RecordFilter } from '#runtime/engine/contract.ts';
import type { EngineGauges } from '#runtime/engine/gauges.ts';
import type { TrustState } from '#runtime/trust/trust.ts';
import type { Block } from '#runtime/wire/message.ts';

/** An engine around another one, which does as that does: faults override what they spoil. */
export class EngineWrapper implements GossipEngine {
  inner: GossipEngine;

  constructor(inner: GossipEngine) {
    this.inner = inner;
  }

  get id() {
    return this.inner.id;
  }
  get boot() {
    return this.inner.boot;
  }
  get counters() {
    return this.inner.counters;
  }
  get recordCount() {
    return this.inner.recordCount;
  }
  get events() {
    return this.inner.events;
  }

  get leases() {
    return this.inner.leases;
  }
  get fleet() {
    return this.inner.fleet;
  }
  get keep() {
    return this.inner.keep;
  }
  get localHealth() {
    return this.inner.localHealth;
  }
  gauges(): EngineGauges {
    return this.inner.gauges();
  }
  knownOf(owner: NodeId): number {
    return this.inner.knownOf(owner);
  }
  start(nowMs: number): void {
    this.inner.start(nowMs);
  }
  join(nowMs: number, seeds: readonly Endpoint[]): void {
    this.inner.join(nowMs, seeds);
  }
  leave(nowMs: number): void {
    this.inner.leave(nowMs);
  }
  put(nowMs: number, key: string, value: AppValue, options?: PutOptions): number {
    return this.inner.put(nowMs, key, value, options);
  }
  putMany(nowMs: number, entries: readonly PutEntry[]): number[] {
    return this.inner.putMany(nowMs, entries);
  }
  forget(nowMs: number, id: NodeId): void {
    this.inner.forget(nowMs, id);
  }
  quota() {
    return this.inner.quota();
  }
  delete(nowMs: number, key: string): number {
    return this.inner.delete(nowMs, key);
  }
  blockOf(nowMs: number, owner: NodeId): Block | undefined {
    return this.inner.blockOf(nowMs, owner);
  }
  restore(nowMs: number, blocks: readonly Block[]): void {
    this.inner.restore(nowMs, blocks);
  }
  setEndpoints(nowMs: number, endpoints: readonly Endpoint[], links: readonly Link[]): void {
    this.inner.setEndpoints(nowMs, endpoints, links);
  }
  setTags(nowMs: number, tags: Readonly<Record<string, string>>): void {
    this.inner.setTags(nowMs, tags);
  }
  adoptBoot(nowMs: number, boot: number): void {
    this.inner.adoptBoot(nowMs, boot);
  }
  operateKeys(nowMs: number, operation: KeyOperation): Fingerprint {
    return this.inner.operateKeys(nowMs, operation);
  }
  keysKept(nowMs: number, ticket: number): void {
    this.inner.keysKept(nowMs, ticket);
  }
  keys(): KeysView {
    return this.inner.keys();
  }
  proclaim(nowMs: number, signed: Uint8Array): Proclaimed {
    return this.inner.proclaim(nowMs, signed);
  }
  tellTime(nowMs: number, unixSeconds: number): void {
    this.inner.tellTime(nowMs, unixSeconds);
  }
  trust(): TrustView | undefined {
    return this.inner.trust();
  }
  certified(): CertifiedView | undefined {
    return this.inner.certified();
  }
  trustState(): TrustState | undefined {
    return this.inner.trustState();
  }
  observeHost(nowMs: number, observation: HostObservation): void {
    this.inner.observeHost(nowMs, observation);
  }
  handleUnreachable(nowMs: number, endpoint: Endpoint): void {
    this.inner.handleUnreachable(nowMs, endpoint);
  }
  isMemberAt(endpoint: Endpoint): boolean {
    return this.inner.isMemberAt(endpoint);
  }
  handleDatagram(nowMs: number, path: Path, bytes: Uint8Array): void {
    this.inner.handleDatagram(nowMs, path, bytes);
  }
  handleTimeout(nowMs: number): void {
    this.inner.handleTimeout(nowMs);
  }
  pollOutput(): Output {
    return this.inner.pollOutput();
  }
  why(nowMs: number, id: NodeId): WhyView | undefined {
    return this.inner.why(nowMs, id);
  }
  members(nowMs: number): MemberView[] {
    return this.inner.members(nowMs);
  }
  waiting(nowMs: number, overMs: number): WaitingView[] {
    return this.inner.waiting(nowMs, overMs);
  }

  records(nowMs: number, filter?: RecordFilter): RecordView[] {
    return this.inner.records(nowMs, filter);
  }
}
