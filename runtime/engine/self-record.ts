import { GridvineError } from '../core/errors.ts';
import { ENDPOINTS_PER_NODE_MAX, NAME_BYTES_MAX, TAG_BYTES_MAX, TAGS_PER_NODE_MAX } from '../core/limits.ts';
import { freshBlock } from '../data/delta.ts';
import type { StoredRecord } from '../data/stored-record.ts';
import {
  type DeclaredState,
  encodeNodeFacts,
  INCARNATION_MAX,
  isLabel,
  NODE_KEY,
} from '../membership/node-facts.ts';
import type { Block } from '../wire/message.ts';
import type { EngineContext } from './context.ts';

/** This node's record `node`: what it says of itself, put again whenever that changes. */
export class SelfRecord {
  readonly #ctx: EngineContext;
  readonly #name: string;
  readonly #protocol: number;
  #incarnation = 0;
  #state: DeclaredState = 'alive';
  #tags: Readonly<Record<string, string>>;

  constructor(
    ctx: EngineContext,
    about: { name: string; protocol: number; tags: Readonly<Record<string, string>> },
  ) {
    this.#ctx = ctx;
    this.#name = about.name;
    this.#protocol = about.protocol;
    checkTags(about.tags);
    if (!isLabel(about.name, NAME_BYTES_MAX))
      throw new GridvineError(
        'E_CONFIG',
        `name: expected 1 to ${NAME_BYTES_MAX} bytes of text; got ${JSON.stringify(about.name)}`,
      );
    this.#tags = about.tags;
  }

  get name(): string {
    return this.#name;
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  get state(): DeclaredState {
    return this.#state;
  }

  get tags(): Readonly<Record<string, string>> {
    return this.#tags;
  }

  get record(): StoredRecord | undefined {
    return this.#ctx.own.get(NODE_KEY);
  }

  /** The record as a block, to be sent along. */
  block(nowMs: number): Block | undefined {
    const records = this.#ctx.table.owner(this.#ctx.id);
    const record = this.record;
    return records === undefined || record === undefined ? undefined : freshBlock(records, record, nowMs);
  }

  publish(nowMs: number): void {
    const { relays } = this.#ctx;
    const value = encodeNodeFacts({
      name: this.#name,
      incarnation: this.#incarnation,
      state: this.#state,
      endpoints: relays.endpoints.slice(0, ENDPOINTS_PER_NODE_MAX - relays.named.length),
      relays: relays.named,
      tags: this.#tags,
      protocol: this.#protocol,
    });
    this.#ctx.own.putReserved(NODE_KEY, value, nowMs);
    this.#ctx.spreader.add(this.#ctx.id, NODE_KEY, { urgent: true, nowMs });
  }

  /** Its record was put again, as it is: others should know it by its new version. */
  announce(nowMs: number): void {
    this.#ctx.spreader.add(this.#ctx.id, NODE_KEY, { urgent: true, nowMs });
  }

  enter(state: DeclaredState, nowMs: number): void {
    this.#state = state;
    this.publish(nowMs);
  }

  setTags(tags: Readonly<Record<string, string>>, nowMs: number): void {
    checkTags(tags);
    const before = this.#tags;
    this.#tags = tags;
    try {
      this.publish(nowMs);
    } catch (error) {
      this.#tags = before;
      throw error;
    }
  }

  /** Answers an accusation of the present incarnation; one of another changes nothing (B-30, B-31). At the ceiling a new boot is asked
   * for (B-32). @returns whether it did. */
  refute(accused: { boot: number; incarnation: number }, nowMs: number): boolean {
    if (
      accused.boot !== this.#ctx.own.boot ||
      accused.incarnation !== this.#incarnation ||
      this.#state === 'left'
    )
      return false;
    if (this.#incarnation === INCARNATION_MAX) {
      this.#ctx.follower.needBoot(nowMs);
      return false;
    }
    this.#incarnation++;
    this.#ctx.counters.refutations++;
    this.#ctx.health.change(1);
    this.publish(nowMs);
    return true;
  }

  /** A new boot: its incarnations begin again. */
  renew(nowMs: number): void {
    this.#incarnation = 0;
    this.publish(nowMs);
  }
}

/** @throws GridvineError `E_VALUE_INVALID` for tags that no peer would take. */
function checkTags(tags: Readonly<Record<string, string>>): void {
  const entries = Object.entries(tags);
  if (entries.length > TAGS_PER_NODE_MAX)
    throw new GridvineError(
      'E_VALUE_INVALID',
      `tags: expected at most ${TAGS_PER_NODE_MAX}; got ${entries.length}`,
    );
  const bad = entries.find(([key, value]) => !isLabel(key, TAG_BYTES_MAX) || !isLabel(value, TAG_BYTES_MAX));
  if (bad !== undefined)
    throw new GridvineError(
      'E_VALUE_INVALID',
      `tags: expected names and values of 1 to ${TAG_BYTES_MAX} bytes of text; got ${JSON.stringify(bad.join('=').slice(0, 160))}`,
    );
}
