import { isDeepStrictEqual } from 'node:util';
import { decodeEvent, encodeEvent } from '#runtime/coordination/events/event-record.ts';
import { decodeEventState, encodeEventState } from '#runtime/coordination/events/event-state.ts';
import { fits } from '#runtime/coordination/events/filter.ts';
import { EVENT_NAME_BYTES_MAX, EVENT_WINDOW_MS_MAX } from '#runtime/core/limits.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { decodeCbor, encodeValue, toAppValue } from '#runtime/wire/cbor.ts';
import { type FuzzTarget, promise, utf8 } from '../contract.ts';
import { PEER } from '../fixtures.ts';

const VERSION = makeVersion(3, 9);
const NUMBER = makeVersion(3, 2);
const QUESTION = {
  ack: true,
  nodes: ['roof-*', 'b?rn'],
  tags: [['role', '*']],
  groups: ['controller'],
} as const;
const ABOUT = {
  number: NUMBER,
  life: 7,
  told: 1,
  before: makeVersion(3, 1),
  windowMs: 60_000,
  name: 'deploy/a',
  payload: { a: [1] },
};

/** Events and queries as records hold them: within their limits, the same on a second reading, and patterns that end. */
export const eventValues: FuzzTarget = {
  name: 'event-values',
  about: 'values of the records sys/event/..., and the patterns of queries',
  shape: 'cbor',
  bytesMax: 1_000,
  weight: 30,
  reaches: ['no value', 'neither', 'event', 'query'],
  words: ['deploy/a', '*', '?', 'a*b*c'],
  seeds: () => [
    encodeValue(encodeEvent({ ...ABOUT, question: undefined })),
    encodeValue(encodeEvent({ ...ABOUT, question: QUESTION })),
    encodeValue(encodeEvent({ ...ABOUT, question: { ack: false, nodes: [], tags: [], groups: [] } })),
  ],
  prepare: () => (input) => {
    const decoded = decodeCbor(input);
    const value = 'value' in decoded ? toAppValue(decoded.value) : undefined;
    if (value === undefined) return 'no value';
    const event = decodeEvent(value, VERSION);
    if (event === undefined) return 'neither';
    const { number, before, told, windowMs, name, question } = event;
    promise(number <= makeVersion(3, 0xffff_ffff), 'a number of a life to come');
    promise(before < number && told < number % 2 ** 32, 'an elder one that is younger');
    promise(windowMs <= EVENT_WINDOW_MS_MAX, 'a window too long');
    promise(name.length >= 1 && utf8(name).length <= EVENT_NAME_BYTES_MAX, 'a name of another length');
    promise(
      isDeepStrictEqual(decodeEvent(encodeEvent(event), VERSION), event),
      'another event on a second reading',
    );
    for (const pattern of question?.nodes ?? []) fits(pattern, 'a'.repeat(128));
    return question === undefined ? 'event' : 'query';
  },
};

/** How far a node got with events, as its medium holds it. */
export const eventState: FuzzTarget = {
  name: 'event-state',
  about: 'what a node keeps of events',
  shape: 'bytes',
  bytesMax: 600,
  weight: 10,
  reaches: ['refused', 'state'],
  seeds: () => [
    encodeEventState({ last: 0, cursors: [] }),
    encodeEventState({ last: NUMBER, cursors: [[PEER, { number: NUMBER, life: 7, told: 1 }]] }),
    joinedTwice(encodeEventState({ last: NUMBER, cursors: [[PEER, { number: NUMBER, life: 7, told: 1 }]] })),
  ],
  prepare: () => (input) => {
    const state = decodeEventState(input);
    if (state === undefined) return 'refused';
    promise(
      isDeepStrictEqual(decodeEventState(encodeEventState(state)), state),
      'another state on a second reading',
    );
    return 'state';
  },
};

function joinedTwice(chunk: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 * chunk.length);
  bytes.set(chunk);
  bytes.set(chunk, chunk.length);
  return bytes;
}
