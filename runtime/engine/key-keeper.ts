import type { NodeId } from '../core/ids.ts';
import type { Fingerprint, KeyOperation, KeyWaitReason } from '../core/key-views.ts';
import { TokenBucket } from '../core/token-bucket.ts';
import type { AppValue } from '../core/value.ts';
import type { Priority } from '../core/views.ts';
import { fingerprintOf, type NamedKey } from '../crypto/fingerprint.ts';
import { encodeKeptKeys } from '../crypto/kept-keys.ts';
import {
  decodeKeyring,
  decodeWraps,
  encodeKeyring,
  encodeWraps,
  KEYRING_KEY,
  type KeyringReport,
  keyRecordKey,
} from '../crypto/key-records.ts';
import type { KeySet } from '../crypto/key-set.ts';
import type { KeyChange, KeyUse } from '../crypto/key-state.ts';
import { unwrapKey, WRAP_NONCE_BYTES, wrapKey } from '../crypto/key-wrap.ts';
import { type GroupKey, groupKeyOf } from '../crypto/keyring.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { isLive } from '../data/stored-record.ts';
import type { EngineContext } from './context.ts';
import { checkOperation } from './key-checks.ts';
import type { PeerKeys } from './peer-keys.ts';

/** Writes of the keys: a rotation's leave at once, thousands of operations cost the medium one a second. */
const SAVES_PER_SECOND = 1;
const SAVES_BURST = 8;
const RETRY_MS = 1_000;
/** So long after a change whoever didn't give it out tells the keys too, for those that come when the giver is gone. */
const KEYS_LATER_MS = 10_000;
/** Wraps that are tried a second, for this node and all owners together; each costs a derivation and an opening. */
const UNWRAPS_PER_SECOND = 50;
const UNWRAPS_BURST = 200;
/** Installs that wait, of which it is remembered why. */
const WAITING_MAX = 16;

export interface KeyKeeperParts {
  readonly ctx: EngineContext;
  readonly provider: CryptoProvider;
  readonly cluster: string;
  readonly keys: KeySet;
  readonly peerKeys: PeerKeys;
  /** The key of the last session of a peer. */
  readonly heardWith: (peer: NodeId) => GroupKey | undefined;
}

/**
 * Keeps the cluster's keys in step [P-10]: merges what the members' records say of them, has each change kept before it counts, and
 * tells what this node follows. A cluster on whose keys nobody ever operated has no such records.
 */
export class KeyKeeper {
  readonly #parts: KeyKeeperParts;
  readonly #ctx: EngineContext;
  readonly #reports = new Map<NodeId, KeyringReport>();
  readonly #dirty = new Set<NodeId>();
  readonly #waiting = new Map<Fingerprint, KeyWaitReason>();
  readonly #unwraps = new TokenBucket({ perSecond: UNWRAPS_PER_SECOND, burst: UNWRAPS_BURST });
  /** What counts now: it is on the medium, and what others are told. */
  #current: KeySet;
  /** What shall count. */
  #next: KeySet;
  /** What all was last looked through with. */
  #lookedWith: KeySet;
  /** What is being kept. */
  #requested: KeySet;
  readonly #saves = new TokenBucket({ perSecond: SAVES_PER_SECOND, burst: SAVES_BURST });
  /** When this node tells the keys of others' operations. */
  #keysDueMs = Number.POSITIVE_INFINITY;
  /** An operation of this node's own leaves in a hurry. */
  #operated = false;

  constructor(parts: KeyKeeperParts) {
    this.#parts = parts;
    this.#ctx = parts.ctx;
    this.#current = parts.keys;
    this.#next = parts.keys;
    this.#requested = parts.keys;
    this.#lookedWith = parts.keys;
  }

  get current(): KeySet {
    return this.#current;
  }

  get saving(): boolean {
    return this.#next !== this.#current;
  }

  get waiting(): ReadonlyMap<Fingerprint, KeyWaitReason> {
    return this.#waiting;
  }

  /** What a member says of its keys. */
  reportOf(member: NodeId): KeyringReport | undefined {
    return this.#reports.get(member);
  }

  /** The name of a key that this node holds. */
  nameOf(key: GroupKey): Fingerprint | undefined {
    return this.#current.held.find((held) => held.key === key)?.fingerprint;
  }

  /** The key that a member is heard with. */
  heardWith(member: NodeId): Fingerprint | undefined {
    const key = this.#parts.heardWith(member);
    return key === undefined ? undefined : this.nameOf(key);
  }

  start(nowMs: number): void {
    if (!this.#current.isPlain) this.#publish(nowMs, 'later');
  }

  /** An operator's command. @throws GridvineError `E_KEYS`, `E_QUOTA`, `E_NOT_FOUND`; nothing has changed then. */
  operate(operation: KeyOperation): Fingerprint {
    const { provider, cluster } = this.#parts;
    const next = this.#next;
    const stamp = next.state.nextStamp(this.#ctx.id);
    if (operation.type !== 'install') {
      checkOperation(this.#ctx, this, next, operation);
      const { fingerprint } = operation;
      const state =
        operation.type === 'use'
          ? next.state.withUse({ fingerprint, stamp })
          : next.state.with({ fingerprint, stamp, state: 'removed' });
      this.#next = next.withState(state);
    } else {
      const key = groupKeyOf(provider, operation.psk, cluster);
      const named: NamedKey = { fingerprint: fingerprintOf(provider, key), key };
      checkOperation(this.#ctx, this, next, { type: 'install', fingerprint: named.fingerprint });
      const { fingerprint } = named;
      const state = next.state.with({ fingerprint, stamp, state: 'installed' });
      this.#next = next.withState(state).withKey(next.find(fingerprint) ?? named);
      this.#operated = true;
      return fingerprint;
    }
    this.#operated = true;
    return operation.fingerprint;
  }

  /** A record about keys of another owner came, changed or went. */
  noteRecord(owner: NodeId): void {
    this.#dirty.add(owner);
  }

  /** A datagram of a peer was opened: whoever writes with a key reads it. */
  noteHeard(peer: NodeId, key: GroupKey | undefined): void {
    const { peerKeys } = this.#parts;
    if (key === undefined || (key === peerKeys.writing && peerKeys.exceptionCount === 0)) return;
    const reads = this.#reports.get(peer)?.reads;
    if (key !== peerKeys.writing && reads?.includes(this.#current.writing.fingerprint)) return;
    peerKeys.note(peer, key);
  }

  /** At the end of each mutation: takes in what came, and asks for what has changed to be kept. */
  settle(nowMs: number): void {
    if (this.#dirty.size > 0) {
      for (const owner of this.#dirty) this.#fold(owner, nowMs);
      this.#dirty.clear();
    }
    if (this.#next === this.#requested) return;
    // A key more opens more wraps, a key less makes room.
    if (this.#waiting.size > 0 && this.#next !== this.#lookedWith)
      this.#ctx.timers.setEarlier('keys', nowMs + 1);
    this.#lookedWith = this.#next;
    this.#save(nowMs);
  }

  /** The time has come to look at all again, or to write. */
  onTimer(nowMs: number): void {
    if (this.#waiting.size > 0) for (const owner of this.#reports.keys()) this.#dirty.add(owner);
    if (this.#keysDueMs === Number.POSITIVE_INFINITY) return;
    if (nowMs < this.#keysDueMs) {
      this.#ctx.timers.setEarlier('keys', this.#keysDueMs);
      return;
    }
    this.#keysDueMs = Number.POSITIVE_INFINITY;
    this.#publishKeys(nowMs, 'lazy');
  }

  #save(nowMs: number): void {
    const { keySwitch } = this.#ctx;
    if (keySwitch.busy) return;
    if (!this.#saves.tryTake(nowMs)) {
      this.#ctx.timers.setEarlier('keys', nowMs + RETRY_MS);
      return;
    }
    const keys = this.#next;
    const operated = this.#operated;
    this.#operated = false;
    this.#requested = keys;
    keySwitch.request({
      keyring: keys.keyring(),
      kept: encodeKeptKeys(keys),
      done: (atMs) => {
        this.#current = keys;
        this.#noteAll();
        this.#publish(atMs, operated ? 'first' : 'later');
      },
    });
  }

  /** Merges what one owner's records say. */
  #fold(owner: NodeId, nowMs: number): void {
    const record = this.#ctx.table.owner(owner)?.get(KEYRING_KEY);
    const report = record === undefined || !isLive(record) ? undefined : decodeKeyring(record.value);
    if (report === undefined) {
      if (record !== undefined && isLive(record)) this.#ctx.counters.drops.malformed++;
      this.#reports.delete(owner);
      return;
    }
    this.#reports.set(owner, report);
    this.#noteReport(owner, report);
    for (const change of report.changes) this.#takeChange(owner, change, nowMs);
    if (report.use !== undefined) this.#takeUse(report.use);
    // Also keys that nobody had to install, of a key file; and one that is named though removed: whoever dropped it takes it up again.
    for (const fingerprint of report.reads) {
      if (this.#next.find(fingerprint) !== undefined || !this.#next.state.wants(fingerprint)) continue;
      const key = this.#acquire(owner, fingerprint, nowMs);
      if (key !== undefined) this.#next = this.#next.withKey(key);
    }
  }

  #takeChange(owner: NodeId, change: KeyChange, nowMs: number): void {
    const { fingerprint } = change;
    const next = this.#next;
    if (!next.state.isNews(change)) return;
    if (!next.state.believes(change.stamp)) {
      this.#refuse(fingerprint, 'stamp');
      return;
    }
    if (change.state === 'removed') {
      this.#waiting.delete(fingerprint);
      this.#next = next.withState(next.state.with(change));
      return;
    }
    const key = this.#acquire(owner, fingerprint, nowMs);
    if (key === undefined) return;
    this.#next = next.withState(next.state.with(change)).withKey(key);
  }

  #takeUse(use: KeyUse): void {
    const { state } = this.#next;
    if (!state.isNewUse(use)) return;
    if (state.believes(use.stamp)) this.#next = this.#next.withState(state.withUse(use));
    else this.#refuse(use.fingerprint, 'stamp');
  }

  /** The key of this name: held, or out of the owner's record; undefined where there is none, or no room for it. */
  #acquire(owner: NodeId, fingerprint: Fingerprint, nowMs: number): NamedKey | undefined {
    const held = this.#next.find(fingerprint);
    if (held !== undefined) return held;
    const record = this.#ctx.table.owner(owner)?.get(keyRecordKey(fingerprint));
    // It may still be under way, or this owner has no other key to seal it with.
    if (record === undefined || !isLive(record)) return undefined;
    if (this.#next.isFull) {
      this.#refuse(fingerprint, 'full');
      return undefined;
    }
    const wraps = decodeWraps(record.value);
    if (wraps === undefined) {
      this.#ctx.counters.drops.malformed++;
      return undefined;
    }
    for (const wrap of wraps) {
      const under = this.#next.find(wrap.under);
      if (under === undefined) continue;
      if (!this.#unwraps.tryTake(nowMs)) {
        this.#ctx.counters.drops.budget++;
        this.#ctx.timers.setEarlier('keys', nowMs + RETRY_MS);
        break;
      }
      const { provider, cluster } = this.#parts;
      const key = unwrapKey(provider, { cluster, under, fingerprint, wrap });
      if (key === undefined) continue;
      this.#waiting.delete(fingerprint);
      return key;
    }
    this.#refuse(fingerprint, 'sealed');
    return undefined;
  }

  #refuse(fingerprint: Fingerprint, reason: KeyWaitReason): void {
    if (this.#waiting.get(fingerprint) === reason) return;
    this.#ctx.counters.drops['key-refused']++;
    if (this.#waiting.size < WAITING_MAX || this.#waiting.has(fingerprint))
      this.#waiting.set(fingerprint, reason);
  }

  /** Which key this peer is sealed to with, by what it says. */
  #noteReport(owner: NodeId, { reads, writes }: KeyringReport): void {
    const { peerKeys } = this.#parts;
    if (reads.includes(this.#current.writing.fingerprint)) {
      peerKeys.note(owner, undefined);
      return;
    }
    const common = [writes, ...reads].map((each) => this.#current.find(each)?.key);
    const heard = this.#parts.heardWith(owner);
    peerKeys.note(owner, heard ?? common.find((key) => key !== undefined));
  }

  /** This node's keys have changed: whom it seals to with what is decided anew. */
  #noteAll(): void {
    for (const [owner, report] of this.#reports) this.#noteReport(owner, report);
    for (const { id } of this.#ctx.members.all()) {
      if (!this.#reports.has(id)) this.#parts.peerKeys.note(id, this.#parts.heardWith(id));
    }
  }

  /**
   * Tells what counts here. Who gave an operation out tells it at once, and the keys before it; others have them from there, so theirs
   * can wait: most rotations are over by then.
   */
  #publish(nowMs: number, keysLeave: 'first' | 'later'): void {
    const { state, writing, held, fingerprints: reads } = this.#current;
    const { use, changes } = state;
    const report = encodeKeyring({ writes: writing.fingerprint, reads, use, changes });
    this.#takeBackKeys(nowMs);
    this.#keysDueMs = Number.POSITIVE_INFINITY;
    if (keysLeave === 'first') this.#publishKeys(nowMs, 'urgent');
    else if (held.length > 1) {
      this.#keysDueMs = nowMs + KEYS_LATER_MS;
      this.#ctx.timers.setEarlier('keys', this.#keysDueMs);
    }
    this.#put(KEYRING_KEY, report, { nowMs, priority: keysLeave === 'first' ? 'urgent' : 'normal' });
  }

  /** Tells the keys, sealed with each other key that this node holds: whoever has one of them gets all [P-10.3]. */
  #publishKeys(nowMs: number, priority: Priority): void {
    const { provider, cluster } = this.#parts;
    const { held } = this.#current;
    for (const key of held.length > 1 ? held : []) {
      const others = held.filter((other) => other !== key);
      const wraps = others.map((under) => {
        const nonce = new Uint8Array(this.#ctx.random.bytes(WRAP_NONCE_BYTES));
        return wrapKey(provider, { cluster, under, key, nonce });
      });
      this.#put(keyRecordKey(key.fingerprint), encodeWraps(wraps), { nowMs, priority });
    }
  }

  /** Takes back the records of keys that this node doesn't hold any more, or has no other key for. */
  #takeBackKeys(nowMs: number): void {
    const { held } = this.#current;
    const told = held.length > 1 ? held.map(({ fingerprint }) => keyRecordKey(fingerprint)) : [];
    const own = [...(this.#ctx.table.owner(this.#ctx.id)?.values() ?? [])];
    for (const { key } of own) {
      if (key.startsWith(keyRecordKey('')) && !told.includes(key)) this.#ctx.own.deleteReserved(key, nowMs);
    }
  }

  #put(
    key: string,
    value: AppValue,
    { nowMs, priority }: { readonly nowMs: number; readonly priority: Priority },
  ): void {
    this.#ctx.own.putReserved(key, value, nowMs, { priority });
    if (priority !== 'lazy')
      this.#ctx.spreader.add(this.#ctx.id, key, { urgent: priority === 'urgent', nowMs });
  }
}
