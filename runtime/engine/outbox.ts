import type { Counters } from '../core/counters.ts';
import { type Endpoint, isSameEndpoint } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import { DATAGRAM_HEADER_BYTES, EVENT_QUEUE_MAX, OUTBOX_MAX, SEAL_TAG_BYTES } from '../core/limits.ts';
import type { Destination, EngineEvent, Output, TrafficClass } from '../core/outputs.ts';
import { BodyBuilder } from '../wire/body.ts';
import type { Message, Ping } from '../wire/message.ts';
import { NONCE_BYTES } from '../wire/refusal.ts';
import { TOUCH } from '../wire/touch.ts';
import { bytesOfPadding, paddingFor } from './answer-size.ts';

/** What sealing adds to a body. */
export const SEALED_BYTES = DATAGRAM_HEADER_BYTES + SEAL_TAG_BYTES;
const NO_PINGS: readonly Ping[] = [];

/** A datagram being filled. */
export interface Staged {
  readonly to: Destination;
  /** Whom it is sealed to; undefined: to anybody. */
  readonly peer: NodeId | undefined;
  readonly builder: BodyBuilder;
  readonly trafficClass: TrafficClass;
  /** The pings in it: it is padded for their answers. */
  pings: readonly Ping[];
  /** Bytes that their answer may hold besides. */
  roomBytes: number;
}

/** How much may be answered to a sender that hasn't shown that it is where its datagram seems to come from [P-7.11]. */
export interface AnswerLimit {
  readonly endpoint: Endpoint;
  /** Bytes of datagrams that may still go there. */
  left: number;
  /** Whether it has shown that meanwhile. */
  readonly isLifted: () => boolean;
}

/** Seals bodies, to one node or to any. */
export interface BodySealer {
  sealTo(dest: NodeId, body: Uint8Array, transport: Endpoint['transport']): Uint8Array;
  sealToAny(body: Uint8Array, transport: Endpoint['transport']): Uint8Array;
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
  #limit: AnswerLimit | undefined;

  constructor(parts: { sender: NodeId; boot: number; sealer: BodySealer; counters: Counters }) {
    this.#sender = parts.sender;
    this.#boot = parts.boot;
    this.#sealer = parts.sealer;
    this.#counters = parts.counters;
  }

  set boot(boot: number) {
    this.#boot = boot;
  }

  /** Until the mutation ends, no more than this goes to that endpoint. */
  limitAnswers(limit: AnswerLimit): void {
    this.#limit = limit;
  }

  /** Whether what goes there is limited now. */
  isLimited(to: Destination): boolean {
    return this.#limitFor(to) !== undefined;
  }

  /** Whether a message could go there now: who isn't shown to be there is answered by no more than it sent. */
  hasRoomFor(to: Destination, peer: NodeId, message: Message): boolean {
    const limit = this.#limitFor(to);
    return (
      limit === undefined || this.#tryWithin(limit, { to, peer, message, trafficClass: 'liveness' }, 'try')
    );
  }

  /** Makes the datagram for this destination so much longer than the longest answer to its pings. */
  leaveRoom(to: Destination, peer: NodeId, bytes: number): void {
    const place = this.#placeOf(to, peer);
    if (place >= 0) this.#staged[place].roomBytes += bytes;
  }

  /** Keeps so many bytes for an answer that is sent later. @returns false where it would be too long an answer. */
  mayAnswerLater(endpoint: Endpoint, bytes: number): boolean {
    const limit = this.#limitFor({ kind: 'unicast', endpoint });
    if (limit === undefined) return true;
    if (limit.left < bytes) return false;
    limit.left -= bytes;
    return true;
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

  /** How far events were delivered has to be kept. */
  keepEvents(keep: Omit<Extract<Output, { type: 'keep-events' }>, 'type'>): void {
    this.#outputs.push({ type: 'keep-events', ...keep });
  }

  /** Adds a message to the datagram for this destination; a full one is closed and a new one begun. */
  stage(
    to: Destination,
    peer: NodeId | undefined,
    message: Message,
    trafficClass: TrafficClass = 'liveness',
  ): void {
    // A request that is repeated behind an answer was this node's own: nobody can draw more of them than it asked [P-6.2].
    const limit = message.type === 'ping-req' ? undefined : this.#limitFor(to);
    if (limit !== undefined) {
      // Whoever lost something by it asks again once it is known to be there.
      if (!this.#tryWithin(limit, { to, peer, message, trafficClass }, 'stage'))
        this.#counters.drops.budget++;
      return;
    }
    const place = this.#placeOf(to, peer);
    if (place >= 0) {
      const present = this.#staged[place];
      if (present.builder.tryAdd(message)) {
        if (message.type === 'ping') present.pings = [...present.pings, message];
        return;
      }
      this.#staged.splice(place, 1);
      this.#seal(present);
    }
    const builder = new BodyBuilder(this.#sender, this.#boot);
    if (!builder.tryAdd(message)) {
      this.#counters.drops['outbox-full']++;
      return;
    }
    this.#staged.push({ to, peer, builder, trafficClass, pings: pingsOf(message), roomBytes: 0 });
  }

  /** Closes all datagrams of this mutation. */
  settle(piggyback: Piggyback): void {
    if (this.#staged.length > 0) {
      for (const staged of this.#staged) {
        piggyback(staged);
        this.#seal(staged);
      }
      this.#staged.length = 0;
    }
    this.#limit = undefined;
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

  #placeOf(to: Destination, peer: NodeId | undefined): number {
    return this.#staged.findIndex((staged) => staged.peer === peer && isSamePlace(staged.to, to));
  }

  #limitFor(to: Destination): AnswerLimit | undefined {
    const limit = this.#limit;
    if (limit === undefined || to.kind === 'multicast' || limit.isLifted()) return undefined;
    return isSameEndpoint(to.endpoint, limit.endpoint) ? limit : undefined;
  }

  /** @returns whether it fits; else it is left away. */
  #tryWithin(
    limit: AnswerLimit,
    { message, ...about }: Pick<Staged, 'to' | 'peer' | 'trafficClass'> & { message: Message },
    purpose: 'stage' | 'try',
  ): boolean {
    const place = this.#placeOf(about.to, about.peer);
    const present = place < 0 ? undefined : this.#staged[place];
    const builder = present?.builder ?? new BodyBuilder(this.#sender, this.#boot);
    const before = present === undefined ? -SEALED_BYTES : paddedSize(present);
    const { mark } = builder;
    const isAdded = builder.tryAdd(message);
    const pings = [...(present?.pings ?? NO_PINGS), ...pingsOf(message)];
    const roomBytes = present?.roomBytes ?? 0;
    const bytes = paddedSize({ builder, pings, roomBytes }) - before;
    const fits = isAdded && bytes <= limit.left;
    if (!fits || purpose === 'try') {
      builder.rewind(mark);
      return fits;
    }
    limit.left -= bytes;
    if (present === undefined) this.#staged.push({ ...about, builder, pings, roomBytes });
    else present.pings = pings;
    return true;
  }

  #seal({ to, peer, builder, trafficClass, pings, roomBytes }: Staged): void {
    const padding = paddingFor(builder.size, pings, roomBytes);
    if (padding !== undefined) builder.tryAdd(padding);
    this.#transmit(to, peer, builder.finish(), trafficClass);
  }

  #transmit(
    to: Destination,
    peer: NodeId | undefined,
    body: Uint8Array,
    trafficClass: TrafficClass,
  ): Uint8Array | undefined {
    const transport = to.kind === 'multicast' ? 'udp' : to.endpoint.transport;
    const bytes =
      peer === undefined
        ? this.#sealer.sealToAny(body, transport)
        : this.#sealer.sealTo(peer, body, transport);
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

function pingsOf(message: Message): readonly Ping[] {
  return message.type === 'ping' ? [message] : NO_PINGS;
}

function paddedSize({ builder, pings, roomBytes }: Pick<Staged, 'builder' | 'pings' | 'roomBytes'>): number {
  return builder.size + bytesOfPadding(paddingFor(builder.size, pings, roomBytes));
}
