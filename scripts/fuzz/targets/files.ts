import { isDeepStrictEqual } from 'node:util';
import { decodeBundle, encodeBundle } from '#device/ca/bundle.ts';
import { decodeIndex, encodeEntry, toBase64 } from '#device/ca/ca-index.ts';
import { stateOf } from '#device/ca/ca-state.ts';
import { decodeRootKey, encodeRootKey } from '#device/ca/root-key-file.ts';
import { FleetFile, type FleetState, NO_STATE } from '#device/fleet/fleet-file.ts';
import { encodeEventState, withChanges } from '#runtime/coordination/events/event-state.ts';
import { parseAddress } from '#runtime/core/address.ts';
import { GridvineError } from '#runtime/core/errors.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { BOOT_MAX } from '#runtime/core/version.ts';
import { BootCounter } from '#runtime/storage/boot-counter.ts';
import { decodeChecked, encodeChecked } from '#runtime/storage/checked-json.ts';
import { EventFile } from '#runtime/storage/event-file.ts';
import type { FilePort } from '#runtime/storage/file-port.ts';
import { loadOrCreateSeed } from '#runtime/storage/identity-file.ts';
import { KeyringFile } from '#runtime/storage/keyring-file.ts';
import { KNOWN_PEERS_MAX, KnownPeers } from '#runtime/storage/known-peers.ts';
import { readOldRecords } from '#runtime/storage/old-records.ts';
import { type FuzzTarget, promise, textOf, utf8 } from '../contract.ts';
import { joined } from '../mutator.ts';
import { claimsOf, DEVICE, quick, ROOT, rootBytes, signAnything } from './pki-fixture.ts';

const DIRECTORY = '/data';

/** A medium that is a map. */
export function memoryFiles(
  content: ReadonlyMap<string, Uint8Array>,
): FilePort & { readonly content: Map<string, Uint8Array> } {
  const files = new Map(content);
  return {
    content: files,
    read: async (path) => files.get(path),
    writeSynced: async (path, bytes) => void files.set(path, bytes),
    overwriteSynced: async (path, bytes) => void files.set(path, bytes),
    rename: async (from, to) => {
      const bytes = files.get(from);
      if (bytes !== undefined) files.set(to, bytes);
      files.delete(from);
    },
    remove: async (path) => void files.delete(path),
    list: async (directory) => [...files.keys()].map((path) => path.slice(directory.length + 1)),
    modeOf: async (path) => (files.has(path) ? 0o600 : undefined),
  };
}

/** Each file, and what reads it; the content is as damaged as can be, or whole and senseless. */
const FILES: readonly {
  readonly name: string;
  readonly schema: string;
  readonly seeds: readonly unknown[];
  readonly load: (files: FilePort) => Promise<string>;
}[] = [
  {
    name: 'identity.json',
    schema: 'gridvine.identity/1',
    seeds: [{ seed: '07'.repeat(32) }, { seed: 7 }, null],
    async load(files) {
      const random = new SeededRandom(1);
      const { seed } = await loadOrCreateSeed({
        files,
        directory: DIRECTORY,
        randomBytes: (length) => random.bytes(length),
      });
      promise(seed.length === 32, 'an identity of another length');
      return 'identity';
    },
  },
  {
    name: 'boot-a.json',
    schema: 'gridvine.boot/1',
    seeds: [{ boot: '0000041' }, { boot: String(BOOT_MAX) }, { boot: '-1' }],
    async load(files) {
      const { boot } = await new BootCounter({ files, directory: DIRECTORY }).advance('known');
      promise(Number.isInteger(boot) && boot >= 1 && boot <= BOOT_MAX, 'a boot out of range');
      return boot === 1 ? 'boot anew' : 'boot';
    },
  },
  {
    name: 'keyring.json',
    schema: 'gridvine.keyring/1',
    seeds: [{ keys: toBase64(utf8('{}')) }, { keys: 1 }],
    async load(files) {
      const { kept, notice } = await new KeyringFile({ files, directory: DIRECTORY }).load();
      promise(kept === undefined || notice === undefined, 'kept, and damaged');
      return kept === undefined ? 'no keys' : 'keys';
    },
  },
  {
    name: 'events.json',
    schema: 'gridvine.events/1',
    seeds: [{ events: toBase64(encodeEventState({ last: 1, cursors: [] })) }, { events: 1 }],
    async load(files) {
      const { kept, notice } = await new EventFile({ files, directory: DIRECTORY }).load();
      promise(kept === undefined || notice === undefined, 'kept, and damaged');
      return kept === undefined ? 'no events' : 'events';
    },
  },
  {
    name: 'events-a.json',
    schema: 'gridvine.event-changes/1',
    seeds: [
      { events: toBase64(encodeEventState({ last: 2, cursors: [] })), at: 2, base: 1, pad: ' ' },
      { events: 1, at: -1 },
    ],
    async load(files) {
      const all = toBase64(encodeEventState({ last: 1, cursors: [] }));
      const body = encodeChecked('gridvine.events/1', { events: all, at: 1 });
      await files.writeSynced(`${DIRECTORY}/events.json`, body);
      const { kept, changes } = await new EventFile({ files, directory: DIRECTORY }).load();
      promise(kept !== undefined, 'whatever changed, what was before is there');
      if (kept !== undefined && changes !== undefined) withChanges(kept, changes);
      return changes === undefined ? 'no changes' : 'changes';
    },
  },
  {
    name: 'peers.json',
    schema: 'gridvine.peers/1',
    seeds: [
      [
        { transport: 'udp', address: '10.0.0.7', port: 18_262 },
        { transport: 'http', address: 'fd00::7', port: 1 },
      ],
      {},
    ],
    async load(files) {
      const peers = await new KnownPeers({
        files,
        directory: DIRECTORY,
        after: () => () => undefined,
        notify: () => undefined,
      }).load();
      promise(peers.length <= KNOWN_PEERS_MAX, 'more peers than are kept');
      promise(
        peers.every(({ address, port }) => parseAddress(address) !== undefined && port > 0 && port < 65_536),
        'a peer that is nowhere',
      );
      return peers.length > 0 ? 'peers' : 'no peers';
    },
  },
  {
    name: 'records.json',
    schema: 'gridvine.own-records/1',
    seeds: [
      [
        { key: 'pump/target', value: 40, unit: '%', quality: 'good', priority: 'lazy' },
        { key: 'a', value: { $bytes: 'AAEC' } },
      ],
      [{ key: 1 }, null],
    ],
    async load(files) {
      const { records = [], notice } = await readOldRecords(files, DIRECTORY);
      promise(records.length === 0 || notice === undefined, 'records, and damaged');
      return records.length > 0 ? 'records' : 'no records';
    },
  },
  {
    name: 'fleet.json',
    schema: 'gridvine.fleet/1',
    seeds: [
      {
        running: { counter: 2, setter: '0f'.repeat(16), config: { preset: 'wan' }, stage: null },
        isProven: true,
        starts: 0,
        before: null,
        machine: 'm',
        crashed: ['1/x'],
        faltered: [],
        history: [],
        own: null,
      },
      { running: null },
    ],
    async load(files) {
      const fleet = new FleetFile({ files, directory: DIRECTORY });
      const { state, damage } = await fleet.load();
      promise(damage === undefined || state === NO_STATE, 'kept, and damaged');
      await fleet.save(state);
      promise(
        isDeepStrictEqual((await fleet.load()).state, limited(state)),
        'another state on a second reading',
      );
      return state === NO_STATE ? 'no fleet' : 'fleet';
    },
  },
];

/** What a file keeps of it. */
function limited(state: FleetState): FleetState {
  return {
    ...state,
    crashed: state.crashed.slice(0, 8),
    faltered: state.faltered.slice(0, 8),
    history: state.history.slice(0, 8),
  };
}

/** State files of a node, damaged in any way, and whole ones that hold nonsense: a defined error, or less than was there. */
export const stateFiles: FuzzTarget = {
  name: 'state-files',
  about: 'identity, boot counter, keyring, peers and own records as the medium gives them back',
  shape: 'text',
  prefixBytes: 2,
  bytesMax: 1_200,
  weight: 15,
  words: [
    '"seed":"',
    '"boot":"',
    '"keys":"',
    '{"$bytes":"',
    '{"$int":"',
    '{"$map":',
    '"key":"',
    '"value":',
    '"port":',
    '"address":"',
  ],
  reaches: [
    'identity',
    'E_IDENTITY',
    'boot',
    'boot anew',
    'keys',
    'no keys',
    'peers',
    'no peers',
    'events',
    'no events',
    'changes',
    'no changes',
    'records',
    'no records',
    'fleet',
    'no fleet',
  ],
  seeds: () =>
    FILES.flatMap(({ schema, seeds }, which) =>
      seeds.flatMap((body) => [
        joined(Uint8Array.of(which, 0), utf8(JSON.stringify(body))),
        joined(Uint8Array.of(which, 1), encodeChecked(schema, body)),
      ]),
    ),
  prepare: () => async (input) => {
    const { name, schema, load } = FILES[(input[0] ?? 0) % FILES.length];
    const rest = input.subarray(2);
    const bytes = (input[1] ?? 0) % 2 === 0 ? withSum(schema, rest) : rest;
    const files = memoryFiles(new Map([[`${DIRECTORY}/${name}`, bytes]]));
    try {
      return await load(files);
    } catch (error) {
      if (!(error instanceof GridvineError)) throw error;
      promise(error.message.includes(DIRECTORY), 'an error that names no file');
      return error.code;
    }
  },
};

/** A file with these bytes as its body and the right sum, where they are JSON; else as they are. */
function withSum(schema: string, body: Uint8Array): Uint8Array {
  try {
    return encodeChecked(schema, JSON.parse(textOf(body)));
  } catch {
    return body;
  }
}

const KEY_SEAL = { provider: quickScrypt(), passphrase: utf8('correct horse') };

/** A passphrase that costs nothing to try: what it costs isn't in question here. */
function quickScrypt() {
  return {
    ...quick,
    scrypt: (passphrase: Uint8Array, salt: Uint8Array) => quick.sha256(joined(passphrase, salt)),
  };
}

const KEY_SCHEMA = 'gridvine.ca-key/1';
const ENTRY_SCHEMA = 'gridvine.ca-entry/1';
const BUNDLE_SCHEMA = 'gridvine.provisioning/1';

/** Files of the CA, which people carry on sticks. */
export const caFiles: FuzzTarget = {
  name: 'ca-files',
  about: "the CA's sealed key, its index, and provisioning bundles",
  shape: 'text',
  prefixBytes: 2,
  bytesMax: 4_000,
  weight: 10,
  words: [
    '"type":"root"',
    '"type":"certificate"',
    '"type":"policy"',
    '"number":1',
    '"chain":[',
    '"again":[]',
    '"endorsement":null',
    '"cost":',
    '"costLog2":',
    '"sealed":"',
  ],
  reaches: ['key', 'E_CA', 'E_PASSPHRASE', 'index', 'bundle', 'no bundle'],
  seeds: () => {
    const key = encodeRootKey(KEY_SEAL, {
      cluster: 'hillside',
      seed: new Uint8Array(32).fill(200),
      random: new SeededRandom(5),
      cost: { costLog2: 10, blockSize: 8, parallel: 1 },
    });
    const others = encodeRootKey(
      { ...KEY_SEAL, passphrase: utf8('another one') },
      {
        cluster: 'hillside',
        seed: new Uint8Array(32).fill(200),
        random: new SeededRandom(5),
        cost: { costLog2: 10, blockSize: 8, parallel: 1 },
      },
    );
    const entry = encodeEntry(1, { type: 'root', own: toBase64(rootBytes()), endorsement: null, again: [] });
    const certificate = {
      type: 'certificate',
      chain: [toBase64(signAnything(ROOT, 'certificate', claimsOf(DEVICE, { isRegistrar: false })))],
    } as const;
    const bundle = encodeBundle({
      cluster: 'hillside',
      name: 'roof',
      seed: new Uint8Array(32),
      chain: [new Uint8Array(9)],
      roots: [rootBytes()],
    });
    const body = (bytes: Uint8Array) =>
      utf8(JSON.stringify((JSON.parse(textOf(bytes)) as { body: unknown }).body));
    return [
      joined(Uint8Array.of(0, 0), body(key)),
      joined(Uint8Array.of(0, 1), key),
      joined(Uint8Array.of(0, 1), others),
      joined(Uint8Array.of(1, 0), body(entry)),
      joined(
        Uint8Array.of(1, 0),
        body(entry),
        utf8('\n'),
        utf8(JSON.stringify({ number: 2, ...certificate })),
      ),
      joined(Uint8Array.of(1, 1), entry, encodeEntry(2, certificate)),
      joined(Uint8Array.of(2, 0), body(bundle)),
      joined(Uint8Array.of(2, 1), bundle),
    ];
  },
  prepare: () => (input) => {
    const rest = input.subarray(2);
    const isWhole = (input[1] ?? 0) % 2 === 0;
    try {
      switch ((input[0] ?? 0) % 3) {
        case 0: {
          const bytes = isWhole ? withSum(KEY_SCHEMA, rest) : rest;
          const identity = decodeRootKey(KEY_SEAL, { path: 'ca.key', bytes, publicKey: ROOT.publicKey });
          promise(isDeepStrictEqual(identity.publicKey, ROOT.publicKey), "another root's key");
          return 'key';
        }
        case 1: {
          const bytes = isWhole
            ? joined(
                ...textOf(rest)
                  .split('\n')
                  .map((line) => withSum(ENTRY_SCHEMA, utf8(line))),
              )
            : rest;
          const { entries, wholeBytes, tornBytes } = decodeIndex('index', bytes);
          promise(wholeBytes + tornBytes === bytes.length, 'bytes that are neither whole nor torn');
          const state = stateOf(quick, 'index', entries);
          promise(state.roots.length >= 1, 'a CA without a root');
          return 'index';
        }
        default: {
          const bundle = decodeBundle(isWhole ? withSum(BUNDLE_SCHEMA, rest) : rest);
          if (bundle === undefined) return 'no bundle';
          promise(
            isDeepStrictEqual(decodeBundle(encodeBundle(bundle)), bundle),
            'another bundle on a second reading',
          );
          return 'bundle';
        }
      }
    } catch (error) {
      if (!(error instanceof GridvineError)) throw error;
      return error.code;
    }
  },
};

/** The one line that all state files are: whole, or not at all. */
export const checkedJson: FuzzTarget = {
  name: 'checked-json',
  about: 'the line with a checksum that state files are',
  shape: 'text',
  bytesMax: 600,
  weight: 30,
  reaches: ['whole', 'damaged'],
  seeds: () => [
    encodeChecked('s/1', { a: [1, 2, 'é'] }),
    encodeChecked('s/1', null),
    encodeChecked('s/2', 1),
  ],
  prepare: () => {
    const original = encodeChecked('s/1', { a: [1, 2, 'é'] });
    return (input) => {
      const decoded = decodeChecked('s/1', input);
      if (decoded === undefined) {
        promise(!isDeepStrictEqual(new Uint8Array(input), original), 'a whole file counts as damaged');
        return 'damaged';
      }
      promise(
        isDeepStrictEqual(decodeChecked('s/1', encodeChecked('s/1', decoded.body)), decoded),
        'another body on a second reading',
      );
      return 'whole';
    };
  },
};
