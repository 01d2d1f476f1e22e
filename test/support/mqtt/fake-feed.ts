import type { RecordFeed } from '#device/mqtt/record-feed.ts';
import type { EngineEvent } from '#runtime/core/outputs.ts';
import type { AppValue, Quality } from '#runtime/core/value.ts';
import { makeVersion } from '#runtime/core/version.ts';
import type { MemberState, MemberView, RecordView } from '#runtime/core/views.ts';

export const OWN_ID = 'a'.repeat(32);
export const PEER_ID = 'b'.repeat(32);

/** A node's table by hand: what is put, deleted or said of a member is there at once, and is told as an event. */
export class FakeFeed implements RecordFeed {
  readonly id = OWN_ID;
  readonly name = 'roof';
  readonly cluster: string;
  readonly boot = 3;
  readonly #records = new Map<string, RecordView>();
  readonly #members = new Map<string, MemberView>();
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  #sequence = 0;

  constructor(options: { readonly cluster?: string } = {}) {
    this.cluster = options.cluster ?? 'site';
    this.member(OWN_ID, { name: this.name, state: 'alive' });
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  records(): RecordView[] {
    return [...this.#records.values()];
  }

  members(): MemberView[] {
    return [...this.#members.values()];
  }

  onEvent(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  put(
    key: string,
    value: AppValue,
    options: {
      readonly owner?: string;
      readonly unit?: string;
      readonly quality?: Quality;
      readonly ageMs?: number;
    } = {},
  ): RecordView {
    const owner = options.owner ?? OWN_ID;
    this.#sequence += 1;
    const record: RecordView = {
      owner,
      node: this.#members.get(owner)?.name ?? owner,
      key,
      value,
      unit: options.unit ?? null,
      quality: options.quality ?? 'good',
      version: makeVersion(3, this.#sequence),
      ageMs: options.ageMs ?? 0,
      ageBoundMs: null,
      ttlMs: null,
    };
    this.#records.set(`${owner} ${key}`, record);
    this.#tell({ type: 'record', change: 'put', record });
    return record;
  }

  remove(
    key: string,
    options: { readonly owner?: string; readonly change?: 'delete' | 'expire' } = {},
  ): void {
    const id = `${options.owner ?? OWN_ID} ${key}`;
    const record = this.#records.get(id);
    if (record === undefined) throw new Error(`no record ${id}`);
    this.#records.delete(id);
    this.#tell({ type: 'record', change: options.change ?? 'delete', record });
  }

  member(id: string, { name, state }: { readonly name: string; readonly state: MemberState }): void {
    const from = this.#members.get(id)?.state;
    this.#members.set(id, {
      id,
      name,
      state,
      boot: 1,
      incarnation: 0,
      endpoints: [],
      tags: {},
      lastHeardMs: 0,
      phi: null,
      rttMs: null,
      accusers: [],
      segment: null,
      path: null,
      twin: false,
      flags: [],
    });
    this.#tell({ type: 'member', id, name, from, to: state, boot: 1, incarnation: 0 });
  }

  /** This node has said goodbye. */
  leave(): void {
    this.#tell({ type: 'left' });
  }

  forget(id: string): void {
    const member = this.#members.get(id);
    if (member === undefined) throw new Error(`no member ${id}`);
    this.#members.delete(id);
    for (const [key, record] of this.#records) {
      if (record.owner !== id) continue;
      this.#records.delete(key);
      this.#tell({ type: 'record', change: 'forget', record });
    }
    const { name, state } = member;
    this.#tell({ type: 'member', id, name, from: state, to: undefined, boot: 1, incarnation: 0 });
  }

  #tell(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
