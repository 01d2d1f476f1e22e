import { type Endpoint, isNamed } from '../core/endpoint.ts';
import { fromHex, NODE_ID_BYTES, type NodeId, toHex } from '../core/ids.ts';
import { ENDPOINTS_PER_NODE_MAX, NAME_BYTES_MAX, TAG_BYTES_MAX, TAGS_PER_NODE_MAX } from '../core/limits.ts';
import type { AppValue } from '../core/value.ts';
import { endpointFromValue, endpointToValue } from '../wire/endpoint.ts';

/** What a node says of itself, in its record `node` [P-5.9]. */
export interface NodeFacts {
  readonly name: string;
  readonly incarnation: number;
  readonly state: DeclaredState;
  readonly endpoints: readonly Endpoint[];
  /** Through whom it is reached, where nobody can send to it by itself [P-19.11]; absent: nobody was named. */
  readonly relays?: readonly NodeId[];
  readonly tags: Readonly<Record<string, string>>;
  readonly protocol: number;
}

export type DeclaredState = 'joining' | 'alive' | 'leaving' | 'left';

const STATES: readonly DeclaredState[] = ['joining', 'alive', 'leaving', 'left'];

export const NODE_KEY = 'node';
export const INCARNATION_MAX = 0xffff_ffff;

export function encodeNodeFacts(facts: NodeFacts): AppValue {
  return [
    facts.name,
    facts.incarnation,
    STATES.indexOf(facts.state),
    [...facts.endpoints.map(endpointToValue), ...(facts.relays ?? []).map(relayToValue)],
    facts.tags,
    facts.protocol,
  ];
}

/** @returns undefined where the value isn't one of a `node` record; endpoints nobody could send to are left out. */
export function decodeNodeFacts(value: AppValue): NodeFacts | undefined {
  if (!Array.isArray(value) || value.length < 6) return undefined;
  const [name, incarnation, state, endpoints, tags, protocol] = value as AppValue[];
  if (!isLabel(name, NAME_BYTES_MAX)) return undefined;
  if (!isCount(incarnation, INCARNATION_MAX) || !isCount(state, STATES.length - 1) || !isCount(protocol, 255))
    return undefined;
  if (!Array.isArray(endpoints) || endpoints.length > ENDPOINTS_PER_NODE_MAX) return undefined;
  const readTags = decodeTags(tags);
  if (readTags === undefined) return undefined;
  const relays = decodeRelays(endpoints as AppValue[]);
  return {
    name,
    incarnation,
    state: STATES[state],
    endpoints: decodeEndpoints(endpoints as AppValue[]),
    ...(relays.length > 0 && { relays }),
    tags: readTags,
    protocol,
  };
}

/** Listeners keep so many of the places in a record, where there are that many. */
const LISTENERS_MIN = 3;

/** The first of both that fit a record. */
export function fitEndpoints(
  udp: readonly Endpoint[],
  http: readonly Endpoint[],
  max: number,
): { readonly kept: Endpoint[]; readonly cut: readonly Endpoint[] } {
  const listeners = Math.min(http.length, Math.max(max - udp.length, LISTENERS_MIN));
  const others = Math.min(udp.length, max - listeners);
  return {
    kept: [...udp.slice(0, others), ...http.slice(0, listeners)],
    cut: [...udp.slice(others), ...http.slice(listeners)],
  };
}

function decodeEndpoints(values: readonly AppValue[]): Endpoint[] {
  // A list that grows has room to spare, and there may be thousands: this one has its length from the start.
  const endpoints = values.map(decodeEndpoint);
  return endpoints.every((endpoint) => endpoint !== undefined)
    ? endpoints
    : endpoints.filter((endpoint) => endpoint !== undefined);
}

function decodeEndpoint(value: AppValue): Endpoint | undefined {
  const endpoint = endpointFromValue(value);
  const isOne = endpoint !== undefined && endpoint.port > 0 && isUsable(endpoint.address);
  // Else a member could pass for a listener that a person named here.
  return isOne && !isNamed(endpoint) ? endpoint : undefined;
}

/** Stands among the endpoints: who doesn't know it passes it over, as it does every transport that it doesn't know [P-5.16]. */
const RELAY = 3;

function relayToValue(id: NodeId): AppValue {
  return [RELAY, fromHex(id), 0];
}

function decodeRelays(values: readonly AppValue[]): NodeId[] {
  const relays: NodeId[] = [];
  for (const value of values) {
    if (!Array.isArray(value) || value[0] !== RELAY) continue;
    const id: unknown = value[1];
    if (id instanceof Uint8Array && id.length === NODE_ID_BYTES) relays.push(toHex(id));
  }
  return relays;
}

/** Unspecified and multicast addresses are no place to send to. */
function isUsable(address: string): boolean {
  const isMulticast = address.includes(':') ? /^ff/i.test(address) : Number.parseInt(address, 10) >= 224;
  return !isMulticast && address !== '0.0.0.0' && address !== '::';
}

const NO_TAGS: Readonly<Record<string, string>> = Object.freeze({});

function decodeTags(value: AppValue): Readonly<Record<string, string>> | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof Uint8Array)
    return undefined;
  const entries = Object.entries(value);
  if (entries.length === 0) return NO_TAGS;
  if (
    entries.length > TAGS_PER_NODE_MAX ||
    !entries.every(([key, tag]) => isLabel(key, TAG_BYTES_MAX) && isLabel(tag, TAG_BYTES_MAX))
  )
    return undefined;
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Text for a person's screen: not empty, at most `max` bytes, no control characters that could speak to a terminal. */
export function isLabel(text: unknown, max: number): text is string {
  if (typeof text !== 'string' || text === '') return false;
  if (PRINTABLE.test(text)) return text.length <= max;
  return encoder.encode(text).length <= max && !/\p{Cc}/u.test(text);
}

const PRINTABLE = /^[\x20-\x7e]+$/;
const encoder = new TextEncoder();

function isCount(value: AppValue | undefined, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;
}
