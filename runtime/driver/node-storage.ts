import { randomBytes } from 'node:crypto';
import { decodeEventState, withChanges } from '../coordination/events/event-state.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { BOOT_MAX, bootOf } from '../core/version.ts';
import { BootCounter } from '../storage/boot-counter.ts';
import { DataDir } from '../storage/data-dir.ts';
import { EventFile } from '../storage/event-file.ts';
import { filePlace } from '../storage/file-place.ts';
import type { FilePort } from '../storage/file-port.ts';
import { loadOrCreateSeed } from '../storage/identity-file.ts';
import { KeyringFile } from '../storage/keyring-file.ts';
import { KnownPeers } from '../storage/known-peers.ts';
import { type KeptLeases, LeaseFile } from '../storage/lease-file.ts';
import { readMachineBoot } from '../storage/machine-boot.ts';
import { nodeFiles } from '../storage/node-files.ts';
import type { StorageNotice, StorageNoticeCode } from '../storage/notice.ts';
import { OLD_RECORDS_NAME, type OldRecords, readOldRecords } from '../storage/old-records.ts';
import { sqlitePlace } from '../storage/sqlite-store.ts';
import type { TablePlace } from '../storage/table-store.ts';
import { TrustFile } from '../storage/trust-file.ts';
import type { Clock } from './clock.ts';
import type { HealthBoard } from './health-board.ts';
import type { LogSink } from './log.ts';
import type { Scheduler } from './scheduler.ts';
import { TableKeeper } from './table-keeper.ts';

export interface NodeStorageOptions {
  readonly dataDir: string;
  readonly files: FilePort | undefined;
  /** Default: SQLite in the data directory, or, with `files`, one of those. */
  readonly table: TablePlace | undefined;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly health: HealthBoard;
  readonly log: LogSink;
}

/** What one node keeps between its lives, its directory locked. */
export interface NodeStorage {
  readonly seed: Uint8Array;
  /** This life's boot, on the medium already. */
  readonly boot: number;
  readonly counter: BootCounter;
  /** Others' records and own ones, not looked at yet. */
  readonly table: TableKeeper;
  readonly peers: KnownPeers;
  /** Own records that an earlier release kept, in their old place, and that place's sum. */
  readonly oldRecords: Pick<OldRecords, 'records' | 'sum'>;
  /** Once they are in the table's store: removes their old place. */
  readonly removeOldRecords: () => Promise<void>;
  readonly knownPeers: readonly Endpoint[];
  readonly keyring: KeyringFile;
  /** The keys that earlier lives kept, as bytes; undefined: none. */
  readonly keptKeys: Uint8Array | undefined;
  /** What it keeps of a cluster of certificates; not looked at yet. */
  readonly trust: TrustFile;
  readonly leases: LeaseFile;
  /** What earlier lives promised as a voter. */
  readonly keptLeases: KeptLeases;
  readonly events: EventFile;
  /** How far earlier lives got with events; undefined: nothing is known. */
  readonly keptEvents: Uint8Array | undefined;
  /** Tells people of a condition of the storage. */
  readonly notify: (notice: StorageNotice) => void;
  close(): void;
}

/** @throws GridvineError `E_DATA_DIR`, `E_DATA_DIR_IN_USE`, `E_IDENTITY`, `E_BOOT_COUNTER`, `E_KEY_FILE`; the lock is released then. */
export async function openNodeStorage(options: NodeStorageOptions): Promise<NodeStorage> {
  const dataDir = await DataDir.open(options.dataDir, options.files ?? nodeFiles);
  try {
    return await load(options, dataDir);
  } catch (error) {
    dataDir.close();
    throw error;
  }
}

async function load(options: NodeStorageOptions, dataDir: DataDir): Promise<NodeStorage> {
  const { health, clock, log } = options;
  const notify = (code: StorageNoticeCode, notice: StorageNotice | undefined) => {
    if (notice === undefined) {
      health.clear(code);
      return;
    }
    const { severity, title, text } = notice;
    health.raise(clock.nowMs(), code, { severity, title, text });
    log('warn', code, { text });
  };
  const place = { files: dataDir.files, directory: dataDir.path };
  const { seed, created } = await loadOrCreateSeed({ ...place, randomBytes });
  const counter = new BootCounter(place);
  const { notices } = await counter.advance(created ? 'new' : 'known');
  for (const notice of notices) notify(notice.code, notice);
  const { after } = options.scheduler;
  const table = new TableKeeper({
    place: options.table ?? defaultPlace(options.files, dataDir.path),
    clock,
    scheduler: options.scheduler,
    machineBoot: readMachineBoot(),
    notify,
  });
  const peers = new KnownPeers({ ...place, after, notify });
  const old = await readOldRecords(dataDir.files, dataDir.path);
  if (old.notice !== undefined) notify(old.notice.code, old.notice);
  const knownPeers = await peers.load();
  const keyring = new KeyringFile(place);
  const { kept: keptKeys, notice } = await keyring.load();
  if (notice !== undefined) notify(notice.code, notice);
  const leases = new LeaseFile(place);
  const promised = await leases.load(created ? 'new' : 'known');
  if (promised.notice !== undefined) notify(promised.notice.code, promised.notice);
  const events = new EventFile(place);
  const delivered = await events.load();
  if (delivered.notice !== undefined) notify(delivered.notice.code, delivered.notice);
  const { kept, changes } = delivered;
  const keptEvents = kept && changes ? withChanges(kept, changes) : kept;
  const boot = await bootAbove(keptEvents, counter);
  return {
    seed,
    boot,
    counter,
    table,
    peers,
    oldRecords: old,
    removeOldRecords: () =>
      dataDir.files
        .remove(`${dataDir.path}/${OLD_RECORDS_NAME}`)
        .catch((error: unknown) => log('warn', 'old-records-not-removed', { error: String(error) })),
    knownPeers,
    keyring,
    keptKeys,
    trust: new TrustFile(place),
    leases,
    keptLeases: promised.kept,
    events,
    keptEvents,
    notify: (each) => notify(each.code, each),
    close: () => dataDir.close(),
  };
}

/**
 * Where the boot counter was lost, the number of the last own event tells a boot that this node had: its events must not come under numbers
 * that others took long ago [P-18.6]. @throws GridvineError `E_BOOT_COUNTER`.
 */
async function bootAbove(keptEvents: Uint8Array | undefined, counter: BootCounter): Promise<number> {
  const last = keptEvents && decodeEventState(keptEvents)?.last;
  const seen = last === undefined ? 0 : bootOf(last);
  if (seen >= counter.boot && seen < BOOT_MAX) await counter.adopt(seen + 1);
  return counter.boot;
}

/** SQLite needs the file system; who brings files of its own may have none. */
function defaultPlace(files: FilePort | undefined, directory: string): TablePlace {
  return files === undefined ? sqlitePlace(directory) : filePlace(files, directory);
}
