import type { Counters } from '../core/counters.ts';
import { type Endpoint, isSameEndpoint } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import { DATAGRAM_HEADER_BYTES, EVENT_QUEUE_MAX, OUTBOX_MAX } from '../core/limits.ts';
import type { Destination, EngineEvent, Output, TrafficClass } from '../core/outputs.ts';
import { BodyBuilder } from '../wire/body.ts';
import type { Message } from '../wire/message.ts';
import { NONCE_BYTES } from '../wire/refusal.ts';
import { TOUCH } from '../wire/touch.ts';

/** A datagram being filled. */
export interface Staged {
  readonly to: Destination;
  /** Whom it is sealed to; undefined: to anybody. */
  readonly peer: NodeId | undefined;
  readonly builder: BodyBuilder;
  readonly trafficClass: TrafficClass;
}

/** Seals bodies, to one node or to any. */
export interface BodySealer {
  sealTo(dest: NodeId, body: Uint8Array): Uint8Array;
  sealToAny(body: Uint8Array): Uint8Array;
}

/** Adds to a datagram what else its receiver should hear of. */
export type Piggyback = (staged: Staged) => void;

/**
 * What leaves the engine. Messages to one destination within one mutation share datagrams; they are sealed when the mutation ends,
 * after room left over was filled with news.
 */
export class Outbox {
  readonly #sender: NodeId;
  readonly #sealer: BodySealer;
  readonly #counters: Counters;
  /** In the order in which they were begun; few, so that looking through them is faster than a key for each. */
  readonly #staged: Staged[] = [];
  readonly #outputs: Output[] = [];
  #next = 0;
  #boot: number;

  constructor(parts: { sender: NodeId; boot: number; sealer: BodySealer; counters: Counters }) {
    this.#sender = parts.sender;
    this.#boot = parts.boot;
    this.#sealer = parts.sealer;
    this.#counters = parts.counters;
  }

  set boot(boot: number) {
    this.#boot = boot;
  }

  /** Datagrams being filled, and outputs that nobody has taken. */
  get waiting(): number {
    return this.#staged.length + this.#outputs.length - this.#next;
  }

  event(event: EngineEvent): void {
    if (this.#outputs.length - this.#next < EVENT_QUEUE_MAX) this.#outputs.push({ type: 'event', event });
  }

  /** This node's keys have to be kept. */
  keepKeys(ticket: number, kept: { reveal(): Uint8Array }): void {
    this.#outputs.push({ type: 'keep-keys', ticket, kept });
  }

  /** What this node promised has to be kept. */
  keepLeases(ticket: number, kept: Uint8Array): void {
    this.#outputs.push({ type: 'keep-leases', ticket, kept });
  }

  /** Adds a message to the datagram for this destination; a full one is closed and a new one begun. */
  stage(
    to: Destination,
    peer: NodeId | undefined,
    message: Message,
    trafficClass: TrafficClass = 'liveness',
  ): void {
    const place = this.#staged.findIndex((staged) => staged.peer === peer && isSamePlace(staged.to, to));
    if (place >= 0) {
      const present = this.#staged[place];
      if (present.builder.tryAdd(message)) return;
      this.#staged.splice(place, 1);
      this.#seal(present);
    }
    const builder = new BodyBuilder(this.#sender, this.#boot);
    if (!builder.tryAdd(message)) {
      this.#counters.drops['outbox-full']++;
      return;
    }
    this.#staged.push({ to, peer, builder, trafficClass });
  }

  /** Closes all datagrams of this mutation. */
  settle(piggyback: Piggyback): void {
    if (this.#staged.length === 0) return;
    for (const staged of this.#staged) {
      piggyback(staged);
      this.#seal(staged);
    }
    this.#staged.length = 0;
  }

  /** Seals one body to several peers: the same content, packed once. */
  sendBody(
    to: readonly { destination: Destination; peer: NodeId | undefined }[],
    body: Uint8Array,
    trafficClass: TrafficClass,
  ): void {
    for (const { destination, peer } of to) this.#transmit(destination, peer, body, trafficClass);
  }

  /** Seals one body to whoever is at this endpoint. @returns the datagram's nonce, which a refusal would echo. */
  sendToAny(endpoint: Endpoint, body: Uint8Array): Uint8Array | undefined {
    const bytes = this.#transmit({ kind: 'unicast', endpoint }, undefined, body, 'membership');
    return bytes?.slice(DATAGRAM_HEADER_BYTES - NONCE_BYTES, DATAGRAM_HEADER_BYTES);
  }

  /** Sends bytes that aren't sealed: a refusal. */
  sendPlain(endpoint: Endpoint, bytes: Uint8Array): void {
    this.#push({ type: 'transmit', to: { kind: 'unicast', endpoint }, bytes, trafficClass: 'membership' });
  }

  /** Asks the host there whether anybody listens. @returns whether it leaves. */
  touch(endpoint: Endpoint): boolean {
    return this.#push({ type: 'touch', endpoint, bytes: TOUCH });
  }

  newBuilder(): BodyBuilder {
    return new BodyBuilder(this.#sender, this.#boot);
  }

  /** The next output; undefined where all are taken. */
  take(): Output | undefined {
    if (this.#next >= this.#outputs.length) {
      this.#outputs.length = 0;
      this.#next = 0;
      return undefined;
    }
    return this.#outputs[this.#next++];
  }

  #seal({ to, peer, builder, trafficClass }: Staged): void {
    this.#transmit(to, peer, builder.finish(), trafficClass);
  }

  #transmit(
    to: Destination,
    peer: NodeId | undefined,
    body: Uint8Array,
    trafficClass: TrafficClass,
  ): Uint8Array | undefined {
    const bytes = peer === undefined ? this.#sealer.sealToAny(body) : this.#sealer.sealTo(peer, body);
    return this.#push({ type: 'transmit', to, bytes, trafficClass }) ? bytes : undefined;
  }

  #push(output: Extract<Output, { bytes: Uint8Array }>): boolean {
    if (this.#outputs.length - this.#next >= OUTBOX_MAX) {
      this.#counters.drops['outbox-full']++;
      return false;
    }
    this.#counters.txDatagrams++;
    this.#counters.txBytes += output.bytes.length;
    this.#outputs.push(output);
    return true;
  }
}

function isSamePlace(a: Destination, b: Destination): boolean {
  if (a.kind === 'multicast') return b.kind === 'multicast' && a.link === b.link;
  return b.kind === 'unicast' && isSameEndpoint(a.endpoint, b.endpoint);
}
