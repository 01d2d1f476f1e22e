import { isDeepStrictEqual } from 'node:util';
import { InvalidArgumentError } from 'commander';
import { keyMatches } from '#bridge/pipeline/key-glob.ts';
import { LineJsonDecoder } from '#bridge/protocols/line-json.ts';
import {
  parseCpuTimes,
  parseLoad1,
  parseMemory,
  parseMilliCelsius,
  parseUptimeSeconds,
} from '#bridge/sources/system/proc.ts';
import { parseThrottling } from '#bridge/sources/system/throttling.ts';
import { parseValidity } from '#device/ca/validity.ts';
import { durationArgument, sendable, valueArgument, wholeNumberArgument } from '#device/cli/arguments.ts';
import {
  bandwidthArgument,
  delayArgument,
  rateArgument,
  setArgument,
  shareArgument,
  spanArgument,
} from '#device/cli/commands/simulate-flags.ts';
import { findMember } from '#device/cli/find-member.ts';
import { CliError } from '#device/cli/io.ts';
import { plain } from '#device/cli/output.ts';
import { SseParser } from '#device/cli/sse-parser.ts';
import { decodeLevel, encodeKey, encodeLevel, nodeLevels, Topics } from '#device/mqtt/topics.ts';
import { addressScope } from '#profiles/addresses.ts';
import { checkPattern, testPattern } from '#profiles/pattern.ts';
import { decodePiRevision } from '#profiles/pi-revision.ts';
import { formatAddress, parseAddress } from '#runtime/core/address.ts';
import { formatByteRate, parseByteRate } from '#runtime/core/byte-rates.ts';
import { parseDuration } from '#runtime/core/durations.ts';
import { formatAuthority, parseAuthority } from '#runtime/core/endpoint.ts';
import { valueFromJson } from '#runtime/core/value-json.ts';
import { type FuzzTarget, promise, textOf, utf8 } from '../contract.ts';
import { PEER, SELF } from '../fixtures.ts';
import { joined } from '../mutator.ts';

/** What people type: each is a value in its range, or undefined, or an InvalidArgumentError for commander. */
export const typedText: FuzzTarget = {
  name: 'typed-text',
  about: 'addresses, durations, rates, shares, validities and values as people type them',
  shape: 'text',
  bytesMax: 120,
  weight: 15,
  words: [
    '10.0.0.1',
    'fd00::1',
    '::ffff:1.2.3.4',
    '[',
    ']:9000',
    '1.5h',
    '500ms',
    '64kB/s',
    '10%',
    '2y',
    'settings.probeIntervalMs=',
    'preset=wan',
    '{"$int":"',
    '1e999',
  ],
  reaches: ['address', 'authority', 'duration', 'rate', 'share', 'validity', 'setting', 'value', 'nothing'],
  seeds: () =>
    [
      '10.0.0.7',
      'fe80::1%eth0',
      '::ffff:10.0.0.7',
      '[fd00::1]:9000',
      '10.0.0.7:0',
      '1.5h',
      '500ms',
      '20kB/s',
      '1.25MB/s',
      '10%',
      '0.1',
      '2y',
      '90d',
      '42',
      'settings.probeIntervalMs=500ms',
      'preset=wan',
      '{"a":[1,2,{"$int":"18446744073709551615"}]}',
      'word',
      '"text"',
      '-',
    ].map(utf8),
  prepare: () => (input) => {
    const text = textOf(input);
    for (const outcome of [readAddresses(text), readNumbers(text), readSettings(text)])
      if (outcome !== undefined) return outcome;
    return 'nothing';
  },
};

function readAddresses(text: string): string | undefined {
  const bytes = parseAddress(text);
  addressScope(text);
  if (bytes !== undefined) {
    promise(bytes.length === 4 || bytes.length === 16, 'an address of another length');
    promise(isDeepStrictEqual(parseAddress(formatAddress(bytes)), bytes), 'an address with two spellings');
    return 'address';
  }
  const authority = parseAuthority(text);
  if (authority === undefined) return undefined;
  promise(authority.port >= 0 && authority.port <= 65_535, 'a port out of range');
  promise(
    isDeepStrictEqual(parseAuthority(formatAuthority(authority)), authority),
    'an authority with two spellings',
  );
  return 'authority';
}

function readNumbers(text: string): string | undefined {
  const duration = parseDuration(text);
  if (duration !== undefined) {
    promise(Number.isFinite(duration) && duration >= 0, 'a duration that is none');
    argument(durationArgument, text);
    argument(delayArgument, text);
    const span = argument(spanArgument, text);
    promise(span === undefined || span >= 1_000, 'a span too short');
    return 'duration';
  }
  const rate = parseByteRate(text);
  argument(bandwidthArgument, text);
  if (rate !== undefined) {
    promise(Number.isFinite(rate) && rate >= 0, 'a rate that is none');
    if (Number.isSafeInteger(rate) && rate < 1e12)
      promise(parseByteRate(formatByteRate(rate)) === rate, 'a rate with two spellings');
    return 'rate';
  }
  const share = argument(shareArgument, text);
  if (share !== undefined) {
    promise(share >= 0 && share <= 1, 'a share out of range');
    argument(rateArgument({ zero: true }), text);
    return 'share';
  }
  const validity = parseValidity(text);
  return validity === undefined ? undefined : 'validity';
}

function readSettings(text: string): string | undefined {
  if (argument((each) => setArgument(each, []), text) !== undefined) return 'setting';
  argument(wholeNumberArgument, text);
  const value = argument(valueArgument, text);
  if (value === undefined) return undefined;
  const read = valueFromJson(value);
  promise(read.problem === undefined, 'a value that is none');
  const sent = valueFromJson(JSON.parse(JSON.stringify(sendable(value))));
  promise(sent.problem === undefined, 'a value that does not reach the daemon');
  return 'value';
}

/** What commander does with it: the value, or a message for the user. */
function argument<T>(parse: (text: string) => T, text: string): T | undefined {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    return undefined;
  }
}

/** Names that others chose, as parts of topics and as text on a terminal. */
export const names: FuzzTarget = {
  name: 'names',
  about: 'names and keys of others in topics, patterns of keys, and on a terminal',
  shape: 'text',
  bytesMax: 300,
  weight: 12,
  words: ['**', '*', '/', '%', '+', '#', '\u001b[2J'],
  reaches: ['names'],
  seeds: () => ['roof\nsensor/**\nsensor/a/b', 'a+b#c/d%\n*\n', '\n\n', 'x~aaaaaaaa\n**/x\na/b/x'].map(utf8),
  prepare: () => {
    const topics = new Topics({ base: 'gridvine', cluster: 'a/b' });
    return (input) => {
      const [name = '', glob = '', key = ''] = textOf(input).split('\n');
      const level = encodeLevel(name);
      promise(!/[+#/\p{Cc}]/u.test(level) && level !== '', 'a level that means something else');
      if (name.isWellFormed())
        promise(decodeLevel(level) === name || name === '\u0000', 'a name that does not come back');
      promise(!/[+#\p{Cc}]/u.test(topics.record(level, encodeKey(key))), 'a topic that means something else');
      const levels = nodeLevels([
        { id: SELF, name },
        { id: PEER, name },
        { id: 'cd'.repeat(16), name: `${name}~${PEER.slice(0, 8)}` },
      ]);
      promise(new Set(levels.values()).size === 3, 'two nodes under one topic');
      keyMatches(glob, key);
      promise(
        keyMatches('**', key) && keyMatches(key.replaceAll('*', '?'), key.replaceAll('*', '?')),
        'a key that does not match itself',
      );
      promise(!/\p{Cc}/u.test(plain(name)), 'a name that speaks to a terminal');
      try {
        findMember([], name);
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
      }
      return 'names';
    };
  },
};

/** Lines of programs that measure. */
export const lineJson: FuzzTarget = {
  name: 'line-json',
  about: 'readings as lines of JSON, in pieces as a pipe gives them',
  shape: 'text',
  prefixBytes: 1,
  bytesMax: 6_000,
  weight: 10,
  words: ['"key":"', '"value":', '"unit":"', '"quality":"good"', '"ageMs":', '\n', '{', '}'],
  reaches: ['nothing', 'reading', 'not-json', 'bad-key', 'bad-value', 'too-long'],
  seeds: () =>
    [
      '{"key":"tank/level","value":71.5,"unit":"%","quality":"good","ageMs":120}\n',
      '{"key":"a","value":{"$bytes":"AA=="}}\r\n\n',
      'x\n{"key":7}\n',
      '{"key":"a","value":1e999}\n',
      `${'y'.repeat(5_000)}\n{"key":"a","value":1}\n`,
      '{"key":"","value":1}\n',
      'true\n',
      '\n',
    ].map((text) => joined(Uint8Array.of(7), utf8(text))),
  prepare: () => (input) => {
    const bytes = input.subarray(1);
    const whole = new LineJsonDecoder().push(bytes, 1_000);
    const pieces = new LineJsonDecoder();
    const step = 1 + (input[0] ?? 0);
    const found = [];
    for (let at = 0; at < bytes.length; at += step)
      found.push(...pieces.push(bytes.subarray(at, at + step), 1_000));
    promise(isDeepStrictEqual(found, whole), 'another reading where the pipe cuts elsewhere');
    const [first] = whole;
    if (first === undefined) return 'nothing';
    if (first.kind === 'garbage') return first.fault;
    promise(first.reading.takenAtMs <= 1_000, 'a reading of the future');
    return 'reading';
  },
};

/** Events of the daemon as the command line reads them, in pieces. */
export const sse: FuzzTarget = {
  name: 'sse',
  about: 'the event stream as the command line reads it',
  shape: 'text',
  prefixBytes: 1,
  bytesMax: 2_000,
  weight: 30,
  words: ['id: ', 'event: ', 'data: ', '\n\n', '\r\n', '\r'],
  reaches: ['event', 'nothing'],
  seeds: () =>
    ['id: 3.1\nevent: record\ndata: {"a":1}\n\n', ': heartbeat\nid: 3.2\n\n', 'data\ndata:x\r\n\r\n'].map(
      (text) => joined(Uint8Array.of(3), utf8(text)),
    ),
  prepare: () => (input) => {
    const text = textOf(input.subarray(1)).replaceAll('\r', '');
    const whole = new SseParser();
    const events = whole.push(text);
    const pieces = new SseParser();
    const step = 1 + (input[0] ?? 0);
    const found = [];
    for (let at = 0; at < text.length; at += step) found.push(...pieces.push(text.slice(at, at + step)));
    promise(
      isDeepStrictEqual(found, events) && pieces.lastId === whole.lastId,
      'other events where the stream is cut elsewhere',
    );
    return events.length > 0 ? 'event' : 'nothing';
  },
};

/** What the kernel and the firmware print. */
export const systemText: FuzzTarget = {
  name: 'system-text',
  about: 'files of /proc and /sys, and board revisions',
  shape: 'text',
  bytesMax: 500,
  weight: 30,
  reaches: ['read', 'nothing'],
  words: ['cpu  ', 'MemTotal:', 'MemAvailable:', ' kB\n'],
  seeds: () =>
    [
      'cpu  10 20 30 40 50 60 70 80 90 100\n',
      'MemTotal:  1000 kB\nMemAvailable: 500 kB\n',
      '0.5 0.4 0.3 1/100 5\n',
      '12345.67 2345.6\n',
      '45123\n',
      '0x50005\n',
      'c03114',
    ].map(utf8),
  prepare: () => (input) => {
    const text = textOf(input);
    const numbers = [parseLoad1(text), parseUptimeSeconds(text), parseMilliCelsius(text)];
    promise(
      numbers.every((value) => value === undefined || Number.isFinite(value)),
      'a number that is none',
    );
    const found = [
      ...numbers,
      parseCpuTimes(text),
      parseMemory(text),
      parseThrottling(text),
      decodePiRevision(text) ?? undefined,
    ];
    return found.some((value) => value !== undefined) ? 'read' : 'nothing';
  },
};

/** Expressions of board profiles: whatever is allowed ends soon, on whatever text. */
export const pattern: FuzzTarget = {
  name: 'pattern',
  about: 'regular expressions of board profiles, on hostile text',
  shape: 'text',
  bytesMax: 400,
  weight: 20,
  words: ['(?:a|b)', '.*', '[a-z]+', '\\d{2,5}', '^', '$', '\\p{L}', '(a?)', 'a{1,100}'],
  reaches: ['matches', 'does not', 'not allowed'],
  seeds: () =>
    [
      '^My Board\nMy Board 4',
      '(eth|en)\\d+.*x\neth0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
      '.*.*x\naaaaaaaaaaaa',
      '(a+)+\na',
      'b\na',
    ].map(utf8),
  prepare: () => (input) => {
    const text = textOf(input);
    const end = text.indexOf('\n');
    const source = end < 0 ? text : text.slice(0, end);
    if (checkPattern(source) !== null) return 'not allowed';
    return testPattern(source, text.slice(end + 1)) ? 'matches' : 'does not';
  },
};
