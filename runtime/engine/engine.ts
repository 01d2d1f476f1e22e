import { type Endpoint, endpointKey } from '../core/endpoint.ts';
import { assert, GridvineError } from '../core/errors.ts';
import type { NodeId } from '../core/ids.ts';
import type { Fingerprint, KeyOperation, KeysView } from '../core/key-views.ts';
import type { Output, Path } from '../core/outputs.ts';
import type { CertifiedView, Proclaimed, TrustView } from '../core/trust-view.ts';
import type { AppValue } from '../core/value.ts';
import { BOOT_MAX, type Version } from '../core/version.ts';
import type {
  MemberState,
  MemberView,
  PutEntry,
  PutOptions,
  RecordView,
  WaitingView,
} from '../core/views.ts';
import type { WhyView } from '../core/why.ts';
import { deltaFor } from '../data/delta.ts';
import type { StoredRecord } from '../data/stored-record.ts';
import type { Member } from '../membership/member.ts';
import { looksLikeAdmission } from '../trust/admission/frame.ts';
import type { TrustState } from '../trust/trust.ts';
import { sizeOfItem } from '../wire/body.ts';
import { sourceOf } from '../wire/forgery-guard.ts';
import type { Block } from '../wire/message.ts';
import type { Opener } from '../wire/opener.ts';
import { compose } from './compose.ts';
import { type EngineContext, type Inbound, replyEndpoint } from './context.ts';
import type { EngineOptions, GossipEngine, HostObservation, Link, RecordFilter } from './contract.ts';
import { isProvenPlace, limitAnswers, proveMoved } from './echo.ts';
import { type EventFace, eventFaceOf } from './event-face.ts';
import { type FleetFace, fleetFaceOf } from './fleet-face.ts';
import { type EngineGauges, readGauges } from './gauges.ts';
import { handleMessage } from './handlers/table.ts';
import { type KeepFace, keepFaceOf } from './keep-face.ts';
import { keysView } from './keys-view.ts';
import { type LeaseFace, leaseFaceOf } from './lease-face.ts';
import { renewMachines, settleMachines } from './machine-turns.ts';
import type { Staged } from './outbox.ts';
import type { QuotaUsage } from './own-quota.ts';
import type { PeerKeys } from './peer-keys.ts';
import { READERS, type Readers } from './readers.ts';
import { onTableChange } from './record-routes.ts';
import type { Refuser } from './refuser.ts';
import { onTimers } from './timer-routes.ts';
import { memberViews, recordViews, waitingViews } from './views.ts';
import { whyView } from './why-view.ts';

/** A stall longer than this speaks against this node's own health. */
const LAG_MS = 250;
const HOLD_MS_MAX = 5_000;
/** Messages that may be answered by more than they take: no datagram needs more of them than this. */
const QUESTIONS: ReadonlySet<string> = new Set(['digest', 'buckets', 'have', 'want', 'value-want']);
const QUESTIONS_PER_DATAGRAM = 4;

/**
 * A gossip node as a pure state machine: routes between the machines. Datagrams, time and commands in; datagrams,
 * events and the next deadline out.
 */
export class Engine implements GossipEngine {
  readonly id: NodeId;
  readonly leases: LeaseFace;
  readonly fleet: FleetFace;
  readonly events: EventFace;
  readonly keep: KeepFace;
  readonly #ctx: EngineContext;
  readonly #opener: Opener;
  readonly #peerKeys: PeerKeys;
  readonly #refuser: Refuser;
  readonly #readers: Readers;
  #nowMs = 0;

  /** @throws Error where the options contradict the specification: the caller's bug. */
  constructor(options: EngineOptions) {
    assert(
      Number.isInteger(options.boot) && options.boot >= 1 && options.boot <= BOOT_MAX,
      `boot of 1 to ${BOOT_MAX}, got ${options.boot}`,
    );
    this.id = options.id;
    this.#readers = options.readers ?? READERS;
    const parts = compose(options, {
      onMemberState: (member, from, nowMs) => this.#onMemberState(member, from, nowMs),
      onTableChange: (change) => onTableChange(this.#ctx, this.#readers, change, this.#nowMs),
      onAdmitted: (nowMs) => this.#begin(nowMs),
    });
    this.#ctx = parts.ctx;
    this.#opener = parts.opener;
    this.#peerKeys = parts.peerKeys;
    this.#refuser = parts.refuser;
    this.leases = leaseFaceOf(parts.ctx, (nowMs, change) => this.#mutate(nowMs, change));
    this.fleet = fleetFaceOf(parts.ctx, parts.authority, (nowMs, change) => this.#mutate(nowMs, change));
    this.events = eventFaceOf(parts.ctx, (nowMs, change) => this.#mutate(nowMs, change));
    this.keep = keepFaceOf(parts.ctx, (nowMs, change) => this.#mutate(nowMs, change));
  }

  get boot(): number {
    return this.#ctx.own.boot;
  }

  get counters() {
    return this.#ctx.counters;
  }

  get recordCount(): number {
    return this.#ctx.table.liveCount;
  }

  get localHealth(): number {
    return this.#ctx.health.score;
  }

  gauges(): EngineGauges {
    return readGauges(this.#ctx, this.#opener.sessionCount);
  }

  knownOf(owner: NodeId): Version {
    const records = this.#ctx.table.owner(owner);
    return records === undefined || records.resetting ? 0 : records.known;
  }

  start(nowMs: number): void {
    this.#mutate(nowMs, () => {
      const { warden, events } = this.#ctx;
      events.start(nowMs);
      if (warden === undefined) this.#begin(nowMs);
      else warden.start(nowMs);
    });
  }

  join(nowMs: number, seeds: readonly Endpoint[]): void {
    this.#mutate(nowMs, () => {
      const { warden, joiner } = this.#ctx;
      warden?.addSeeds(seeds, nowMs);
      if (warden === undefined || warden.isAdmitted) joiner.addSeeds(seeds, nowMs);
    });
  }

  leave(nowMs: number): void {
    this.#mutate(nowMs, () => {
      this.#ctx.leases.releaseAll();
      this.#ctx.leaver.start(nowMs);
    });
  }

  put(nowMs: number, key: string, value: AppValue, options: PutOptions = {}): Version {
    this.#ctx.warden?.checkOwn(key);
    return this.#mutate(nowMs, () => this.#spreadOwn(this.#ctx.own.put(key, value, options, nowMs), nowMs));
  }

  putMany(nowMs: number, entries: readonly PutEntry[]): Version[] {
    for (const { key } of entries) this.#ctx.warden?.checkOwn(key);
    return this.#mutate(nowMs, () =>
      this.#ctx.own.putMany(entries, nowMs).map((record) => this.#spreadOwn(record, nowMs)),
    );
  }

  quota(): QuotaUsage {
    return this.#ctx.own.usage;
  }

  forget(nowMs: number, id: NodeId): void {
    this.#mutate(nowMs, () => this.#ctx.forgetter.forget(id, nowMs));
  }

  delete(nowMs: number, key: string): Version {
    return this.#mutate(nowMs, () => this.#spreadOwn(this.#ctx.own.delete(key, nowMs), nowMs));
  }

  blockOf(nowMs: number, owner: NodeId): Block | undefined {
    const records = this.#ctx.table.owner(owner);
    const nothing = { owner, known: 0, gc: 0 };
    return records === undefined
      ? undefined
      : deltaFor(records, nothing, nowMs, Number.POSITIVE_INFINITY, sizeOfItem);
  }

  restore(nowMs: number, blocks: readonly Block[]): void {
    this.#mutate(nowMs, () => {
      for (const block of blocks) {
        if (block.owner === this.id) continue;
        const { refused } = this.#ctx.table.merge(block, nowMs, null);
        if (refused !== undefined) this.#ctx.counters.drops[refused]++;
      }
      this.#ctx.timers.setEarlier('value', nowMs);
    });
  }

  setEndpoints(nowMs: number, endpoints: readonly Endpoint[], links: readonly Link[]): void {
    this.#mutate(nowMs, () => {
      const changed = JSON.stringify(endpoints) !== JSON.stringify(this.#ctx.endpoints);
      this.#ctx.endpoints = endpoints;
      this.#ctx.links = links;
      if (changed) this.#ctx.self.publish(nowMs);
      this.#ctx.presence.start(nowMs);
    });
  }

  setTags(nowMs: number, tags: Readonly<Record<string, string>>): void {
    this.#mutate(nowMs, () => this.#ctx.self.setTags(tags, nowMs));
  }

  adoptBoot(nowMs: number, boot: number): void {
    assert(boot > this.boot && boot <= BOOT_MAX, `a boot above ${this.boot}, got ${boot}`);
    this.#mutate(nowMs, () => {
      this.#ctx.own.adoptBoot(boot, nowMs);
      this.#ctx.outbox.boot = boot;
      this.#peerKeys.renewSalts();
      renewMachines(this.#ctx, nowMs);
    });
  }

  operateKeys(nowMs: number, operation: KeyOperation): Fingerprint {
    this.#ctx.warden?.refuseOperation();
    return this.#mutate(nowMs, () => this.#ctx.keys.operate(operation));
  }

  keysKept(nowMs: number, ticket: number): void {
    this.#mutate(nowMs, () => this.#ctx.keySwitch.kept(ticket, nowMs));
  }

  keys(): KeysView {
    return keysView(this.#ctx, this.#ctx.keys);
  }

  proclaim(nowMs: number, signed: Uint8Array): Proclaimed {
    const { warden } = this.#ctx;
    if (warden === undefined)
      throw new GridvineError(
        'E_CERTIFICATE',
        'this cluster has a pre-shared key and no certificates: there is nothing that a root could tell it. See `gridvine keys`.',
      );
    return this.#mutate(nowMs, () => warden.proclaim(signed, nowMs));
  }

  tellTime(nowMs: number, unixSeconds: number): void {
    this.#mutate(nowMs, () => this.#ctx.warden?.renewals.tellTime(unixSeconds, nowMs));
  }

  trust(): TrustView | undefined {
    return this.#ctx.warden?.view;
  }

  certified(): CertifiedView | undefined {
    return this.#ctx.warden?.certified;
  }

  trustState(): TrustState | undefined {
    return this.#ctx.warden?.state;
  }

  observeHost(nowMs: number, { lagMs = 0, socketDrops = 0 }: HostObservation): void {
    if (lagMs < LAG_MS && socketDrops === 0) return;
    this.#mutate(nowMs, () => {
      this.#ctx.health.change(1);
      if (lagMs < LAG_MS) return;
      this.#ctx.accuser.hold(nowMs + Math.min(lagMs, HOLD_MS_MAX));
    });
  }

  handleUnreachable(nowMs: number, endpoint: Endpoint): void {
    this.#mutate(nowMs, () => {
      const key = endpointKey(endpoint);
      if (this.#ctx.prober.onRefused(key, nowMs)) return;
      const member = this.#ctx.members.noteUnreachable(endpoint, key, nowMs);
      if (member?.present) this.#ctx.prober.probe(member, nowMs);
    });
  }

  isMemberAt(endpoint: Endpoint): boolean {
    return this.#ctx.members.atEndpoint(endpointKey(endpoint))?.isObservedAt(endpoint) ?? false;
  }

  handleDatagram(nowMs: number, path: Path, bytes: Uint8Array): void {
    this.#mutate(nowMs, () => this.#receive(nowMs, path, bytes));
  }

  handleTimeout(nowMs: number): void {
    this.#mutate(nowMs, () => {
      onTimers(this.#ctx, nowMs);
      this.#ctx.table.expire(nowMs);
    });
  }

  pollOutput(): Output {
    const output = this.#ctx.outbox.take();
    if (output !== undefined) return output;
    return { type: 'timeout', atMs: Math.min(this.#ctx.timers.nextMs, this.#ctx.table.nextExpiryMs) };
  }

  members(nowMs: number): MemberView[] {
    return memberViews(this.#ctx, nowMs);
  }

  why(nowMs: number, id: NodeId): WhyView | undefined {
    return whyView(this.#ctx, id, nowMs);
  }

  waiting(nowMs: number, overMs: number): WaitingView[] {
    return waitingViews(this.#ctx, overMs, nowMs);
  }

  records(nowMs: number, filter: RecordFilter = {}): RecordView[] {
    return recordViews(this.#ctx, filter, nowMs);
  }

  /** This node may speak: from the start, or once it was let in. */
  #begin(nowMs: number): void {
    this.#ctx.self.publish(nowMs);
    this.#ctx.keys.start(nowMs);
    this.#ctx.leases.start(nowMs);
    this.#ctx.prober.start(nowMs);
    this.#ctx.sync.start(nowMs);
    this.#ctx.presence.start(nowMs);
    this.#ctx.joiner.start(nowMs);
  }

  /** Runs one mutation: time never goes back, and what it staged leaves with it. */
  #mutate<T>(nowMs: number, change: () => T): T {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    this.#ctx.warden?.introduce(this.#nowMs);
    try {
      return change();
    } finally {
      settleMachines(this.#ctx, this.#nowMs);
      this.#ctx.outbox.settle(this.#piggyback);
    }
  }

  #receive(nowMs: number, path: Path, bytes: Uint8Array): void {
    this.#ctx.counters.rxDatagrams++;
    this.#ctx.counters.rxBytes += bytes.length;
    const { warden } = this.#ctx;
    if (warden !== undefined && looksLikeAdmission(bytes)) {
      warden.receive(path, bytes, nowMs);
      return;
    }
    const opened = this.#opener.open(nowMs, bytes, sourceOf(path.address, path.port), path.transport);
    if ('refusal' in opened) {
      if (this.#ctx.joiner.takeJoinNonce(opened.refusal.nonce, nowMs))
        this.#refuser.report(opened.refusal, path);
      return;
    }
    if ('drop' in opened) {
      this.#ctx.counters.drops[opened.drop]++;
      if (warden !== undefined && opened.drop === 'unknown-key') warden.onStranger(path, bytes.length, nowMs);
      else this.#refuser.onDrop(opened, path, { bytes, nowMs });
      return;
    }
    const { session, body, sealedToAny } = opened;
    this.#ctx.keys.noteHeard(body.sender, session.groupKey);
    const isOwn = body.sender === this.id;
    if (!isOwn && warden?.isRevoked(body.sender)) {
      this.#ctx.counters.drops.revoked++;
      return;
    }
    if (!isOwn && warden?.knows(body.sender) === false) warden.onStranger(path, bytes.length, nowMs);
    this.#ctx.counters.drops['unknown-message'] += body.unknown;
    const from: Inbound = {
      nowMs,
      path,
      sender: body.sender,
      boot: body.boot,
      session,
      sealedToAny,
      bytes: bytes.length,
      lives: false,
    };
    limitAnswers(this.#ctx, from);
    if (isOwn) {
      this.#ctx.twins.onOwnIdentity(body.messages, from);
      return;
    }
    proveMoved(this.#ctx, body.messages, from);
    let questions = 0;
    for (const message of body.messages) {
      if (QUESTIONS.has(message.type) && ++questions > QUESTIONS_PER_DATAGRAM) {
        this.#ctx.counters.drops.budget++;
        continue;
      }
      handleMessage(this.#ctx, message, from);
    }
    this.#noteHeard(from);
    if (session.rival !== undefined) this.#ctx.twins.onRival(from, session.rival);
  }

  /** A datagram of a proven session whose counter advances is evidence that its sender lives, and shows where it is [P-3.8]. */
  #noteHeard(from: Inbound): void {
    const { session } = from;
    const member = this.#ctx.members.get(from.sender);
    const isEvidence = this.#ctx.life.demanded ? from.lives : session.proven && session.advanced;
    if (member === undefined || !isEvidence || from.boot !== member.boot) return;
    member.arrivals.add(from.nowMs);
    member.heardBy = from.path.multicast ? 'multicast' : 'unicast';
    // What anybody could have copied from elsewhere moves no address, and a key holder may name any as its own [P-3.13].
    if (from.sealedToAny || from.path.multicast || !isProvenPlace(from)) return;
    const endpoint = replyEndpoint(from.path);
    if (member.isObservedAt(endpoint)) return;
    this.#ctx.members.observe(member, endpoint, endpointKey(endpoint));
    // It comes by HTTP though UDP is taken to reach it: whether it does is asked now, not when its turn comes.
    if (endpoint.transport === 'http' && member.endpoint?.transport === 'udp')
      this.#ctx.prober.probe(member, from.nowMs);
  }

  #onMemberState(member: Member, from: MemberState | undefined, nowMs: number): void {
    const { id, facts, boot, state: to } = member;
    this.#ctx.prober.noteState(member);
    this.#ctx.accuser.noteState(member, nowMs);
    this.#ctx.watch.noteState(member, nowMs);
    if (to === 'suspect') {
      this.#ctx.counters.suspicions++;
      this.#ctx.accuser.schedule(member, nowMs);
    } else if (to === 'leaving') this.#ctx.accuser.schedule(member, nowMs);
    else if (from !== undefined) this.#ctx.timers.clear(`suspicion/${id}`);
    if (to === 'down') {
      this.#ctx.counters.downs++;
      this.#ctx.accuser.noteDown(member, nowMs);
    }
    this.#ctx.warden?.onMembers();
    this.#ctx.outbox.event({
      type: 'member',
      id,
      name: facts.name,
      from,
      to: this.#ctx.members.get(id) === undefined ? undefined : to,
      boot,
      incarnation: facts.incarnation,
    });
  }

  #spreadOwn(record: StoredRecord, nowMs: number): Version {
    if (record.priority !== 'lazy')
      this.#ctx.spreader.add(this.id, record.key, { urgent: record.priority === 'urgent', nowMs });
    return record.version;
  }

  /**
   * Whom it concerns hears first of accusations against itself, then of other news (B-10, B-54). Who hasn't proven itself gets
   * nothing besides its answer: it may not be where it seems to be, and would be sent more than it asked for (B-55).
   */
  readonly #piggyback = (staged: Staged): void => {
    const { peer, to } = staged;
    if (peer === undefined || !this.#ctx.isProven(peer) || this.#ctx.outbox.isLimited(to)) return;
    const member = this.#ctx.members.get(peer);
    if (member !== undefined && (member.state === 'suspect' || member.state === 'down')) {
      const blocks = this.#ctx.accuser.blocksAbout(member.id, this.#nowMs);
      if (blocks.length > 0) staged.builder.tryAdd({ type: 'blocks', blocks });
    }
    this.#ctx.spreader.piggyback(staged, this.#nowMs);
  };
}
