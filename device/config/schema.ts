import * as v from 'valibot';
import { sourcesSchema } from '#bridge/config.ts';
import { parseAddress } from '#runtime/core/address.ts';
import { formatByteRate, parseByteRate } from '#runtime/core/byte-rates.ts';
import { parseAuthority } from '#runtime/core/endpoint.ts';
import { isNodeId } from '#runtime/core/ids.ts';
import {
  CLUSTER_NAME_BYTES_MAX,
  NAME_BYTES_MAX,
  TAGS_PER_NODE_MAX,
  VOTERS_MAX,
} from '#runtime/core/limits.ts';
import { PRESETS, type PresetName } from '#runtime/engine/settings.ts';
import { LINK_BYTES_PER_SECOND_MAX, LINK_BYTES_PER_SECOND_MIN } from '#runtime/transport/link-budget.ts';
import { handlersSchema } from '../handlers/config.ts';
import { MqttConfigSchema } from '../mqtt/config.ts';
import { httpSchema, seedSchema } from './http-schema.ts';
import { securitySchema } from './security-schema.ts';
import { settingsSchema } from './settings-schema.ts';

/** Longest path that Linux takes for a unix socket, without the NUL at its end. */
const SOCKET_PATH_BYTES_MAX = 107;
const LIST_MAX = 64;
const TAG_CHARS_MAX = 64;
const PATH = 'the path of a file';

const byteLength = (text: string) => Buffer.byteLength(text);

const label = (bytesMax: number) => {
  const expected = `1 to ${bytesMax} bytes of text without control characters`;
  return v.pipe(
    v.string(expected),
    v.check((text) => byteLength(text) <= bytesMax && /^[^\p{Cc}]+$/u.test(text), expected),
  );
};

const path = (expected: string) =>
  v.pipe(
    v.string(expected),
    v.check((text) => /^[^\0]+$/.test(text), expected),
  );

const authority = (expected: string) =>
  v.pipe(
    v.string(expected),
    v.check((text) => parseAuthority(text) !== undefined, expected),
    v.transform((text) => parseAuthority(text) as { address: string; port: number }),
  );

const list = <T extends v.GenericSchema>(item: T, expected: string) =>
  v.pipe(v.array(item, expected), v.maxLength(LIST_MAX, `at most ${LIST_MAX} entries`));

const onOff = (expected: string) =>
  v.pipe(
    v.union([v.picklist(['on', 'off', 'true', 'false']), v.boolean()], expected),
    v.transform((value) => value === 'on' || value === true || value === 'true'),
  );

const ADDRESS = 'ADDR[:PORT] with a literal address, such as 10.0.0.7, 10.0.0.7:9000 or [fd00::1]:9000';
const PEER_ADDRESS = `${ADDRESS}, and a port other than 0`;

const peer = v.pipe(
  authority(PEER_ADDRESS),
  v.check(({ port }) => port !== 0, PEER_ADDRESS),
);

const PORT = 'a UDP port from 1 to 65535';
const port = v.pipe(
  v.number(PORT),
  v.check((value) => Number.isInteger(value) && value >= 1 && value <= 65_535, PORT),
);

const group = (expected: string, isGroup: (bytes: Uint8Array) => boolean) =>
  v.pipe(
    v.string(expected),
    v.check((text) => isGroup(parseAddress(text) ?? new Uint8Array()), expected),
  );

const interfaceName = v.pipe(
  v.string('the name of an interface, such as eth0 or wlan*'),
  v.regex(/^[^\s/]{1,15}$/, 'the name of an interface, such as eth0 or wlan*'),
);

const BUDGET = `a budget such as 500B/s, 20kB/s or 1.5MB/s, from ${formatByteRate(LINK_BYTES_PER_SECOND_MIN)} to ${formatByteRate(LINK_BYTES_PER_SECOND_MAX)}, or off`;
/** Bytes a second; null: no limit. */
const budget = v.pipe(
  v.union([v.string(), v.literal(false)], BUDGET),
  v.transform((value) => (value === 'off' || value === false ? null : (parseByteRate(value) ?? Number.NaN))),
  v.check(
    (value) => value === null || (value >= LINK_BYTES_PER_SECOND_MIN && value <= LINK_BYTES_PER_SECOND_MAX),
    BUDGET,
  ),
);

const tagText = v.pipe(
  v.string(`text of at most ${TAG_CHARS_MAX} characters`),
  v.check(
    (text) => text.length <= TAG_CHARS_MAX && !/\p{Cc}/u.test(text),
    `text of at most ${TAG_CHARS_MAX} characters`,
  ),
);

const NODE_ID = 'a node id of 32 hex digits, as gridvine status shows it';
const voters = v.pipe(
  v.array(v.pipe(v.string(NODE_ID), v.check(isNodeId, NODE_ID)), 'a list of node ids'),
  v.maxLength(VOTERS_MAX, `at most ${VOTERS_MAX} voters`),
  v.check((ids) => new Set(ids).size === ids.length, 'each voter once'),
);

const ROSTER_VERSION = 'a whole number from 1';

const presetNames = Object.keys(PRESETS) as PresetName[];

const sections = v.strictObject({
  name: label(NAME_BYTES_MAX),
  cluster: label(CLUSTER_NAME_BYTES_MAX),
  keyFile: v.optional(path(PATH)),
  security: securitySchema,
  dataDir: path('the path of a directory'),
  socket: v.pipe(
    path('the path of a unix socket'),
    v.check(
      (text) => byteLength(text) <= SOCKET_PATH_BYTES_MAX,
      `the path of a unix socket of at most ${SOCKET_PATH_BYTES_MAX} bytes`,
    ),
  ),
  bind: list(authority(ADDRESS), 'a list of ADDR[:PORT]'),
  interfaces: v.strictObject(
    {
      only: list(interfaceName, 'a list of interface names'),
      exclude: list(interfaceName, 'a list of interface names'),
      budgets: v.pipe(
        v.record(interfaceName, budget, 'a section with a budget for each interface'),
        v.check((budgets) => Object.keys(budgets).length <= LIST_MAX, `at most ${LIST_MAX} entries`),
      ),
    },
    'a section with only, exclude and budgets',
  ),
  advertise: list(peer, 'a list of ADDR[:PORT]'),
  join: list(seedSchema, 'a list of ADDR[:PORT], http://HOST[:PORT] or https://HOST[:PORT]'),
  udp: onOff('on or off'),
  http: httpSchema,
  multicast: onOff('on or off'),
  multicastPort: port,
  multicastGroups: v.strictObject(
    {
      ipv4: group(
        'an IPv4 multicast address, such as 239.255.71.86',
        (bytes) => bytes.length === 4 && bytes[0]! >> 4 === 14,
      ),
      ipv6: group(
        'an IPv6 multicast address, such as ff02::4756',
        (bytes) => bytes.length === 16 && bytes[0] === 0xff,
      ),
    },
    'a section with ipv4 and ipv6',
  ),
  profile: v.optional(
    v.pipe(
      v.string('the id of a board profile'),
      v.regex(/^[a-z0-9][a-z0-9-]{0,47}$/, 'the id of a board profile'),
    ),
  ),
  preset: v.picklist(presetNames, `one of ${presetNames.join(', ')}`),
  settings: v.optional(settingsSchema, {}),
  tags: v.pipe(
    v.record(tagText, tagText, 'a section with a text for each tag'),
    v.check((tags) => Object.keys(tags).length <= TAGS_PER_NODE_MAX, `at most ${TAGS_PER_NODE_MAX} tags`),
  ),
  log: v.strictObject(
    { level: v.picklist(['debug', 'info', 'warn', 'error'], 'one of debug, info, warn, error') },
    'a section with level',
  ),
  sources: sourcesSchema,
  fleet: v.strictObject({ accept: onOff('on or off') }, 'a section with accept'),
  leases: v.strictObject(
    {
      version: v.pipe(
        v.number(ROSTER_VERSION),
        v.check((n) => Number.isInteger(n) && n >= 1 && n < 2 ** 32, ROSTER_VERSION),
      ),
      voters,
      previous: voters,
    },
    'a section with version, voters and previous',
  ),
  handlers: handlersSchema,
  mqtt: v.optional(MqttConfigSchema),
  api: v.strictObject(
    {
      group: v.pipe(
        v.string('the name of a group'),
        v.regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'the name of a group'),
      ),
    },
    'a section with group',
  ),
});

/**
 * The whole configuration. The message of each rule is the phrase that follows "expected" in an error. A key that isn't
 * here is an error. `device/README.md` explains each key; a test holds the two equal.
 */
export const configSchema = v.pipe(
  sections,
  v.forward(
    v.check(
      ({ keyFile, security }) => keyFile === undefined || security.mode === 'psk',
      'nothing where security.mode is certificates: such a cluster has no key file',
    ),
    ['keyFile'],
  ),
  v.forward(
    v.check(
      ({ leases, security }) => leases.voters.length === 0 || security.mode === 'psk',
      'nothing where security.mode is certificates: there the root signs who votes; gridvine ca roster NAME..., then gridvine ca publish',
    ),
    ['leases', 'voters'],
  ),
);

/** A configuration that passed every check. */
export type GridvineConfig = v.InferOutput<typeof configSchema>;
