import { encodeChecked, readChecked } from '#runtime/storage/checked-json.ts';
import { type FilePort, replaceFile, setAside } from '#runtime/storage/file-port.ts';
import { fileErrorCode } from '#runtime/storage/notice.ts';
import { isTree } from '../config/config-path.ts';
import { documentFromJson, documentToJson, type FleetDocument } from './document.ts';

const NAME = 'fleet.json';
const SCHEMA = 'gridvine.fleet/1';
/** Documents for all that are remembered, to go back to. */
export const HISTORY_MAX = 8;
const CRASHED_MAX = 8;
/**
 * A document is blamed where so many lives in a row ended within the trial. That the machine ended as well says little, since supplies flap;
 * only one that never got through the trial is blamed for that, because a watchdog may have ended it.
 */
const STARTS_MAX = { onTrial: 1, onTrialByMachine: 3, proven: 3 } as const;

/** What a board remembers of the fleet's settings, over restarts and crashes. */
export interface FleetState {
  /** What it runs; undefined: only what it says itself. */
  readonly running: FleetDocument | undefined;
  /** Whether it has lived with it for the time of the trial. */
  readonly isProven: boolean;
  /** Lives that began with it and have neither got through the trial nor ended as they should. */
  readonly starts: number;
  /** What it ran before and was proven. */
  readonly before: FleetDocument | undefined;
  /** The run of the machine in which the last of these lives began; null: not known. */
  readonly machine: string | null;
  /** Versions that it is believed to have died of. */
  readonly crashed: readonly string[];
  /** Versions that it bore for a while before several lives in a row ended early. */
  readonly faltered: readonly string[];
  /** Documents for all, the newest first. */
  readonly history: readonly FleetDocument[];
  /** What was set on this board last. */
  readonly own: FleetDocument | undefined;
}

export const NO_STATE: FleetState = {
  running: undefined,
  isProven: false,
  starts: 0,
  before: undefined,
  machine: null,
  crashed: [],
  faltered: [],
  history: [],
  own: undefined,
};

/**
 * Whether the life before this one, or several, ended because of what it ran, as far as can be told.
 * @param machineBoot the run of the machine that goes on now.
 */
export function hasCrashed(
  { running, isProven, starts, machine }: FleetState,
  machineBoot: string | null,
): boolean {
  if (running === undefined) return false;
  if (machine === machineBoot) return starts >= (isProven ? STARTS_MAX.proven : STARTS_MAX.onTrial);
  return !isProven && starts >= STARTS_MAX.onTrialByMachine;
}

/** What the data directory held. */
export interface LoadedFleet {
  readonly state: FleetState;
  /** Where a damaged file was set aside, or why it can't be read. */
  readonly damage: string | undefined;
}

/** The fleet's settings in the data directory: `fleet.json`. */
export class FleetFile {
  readonly #files: FilePort;
  readonly #directory: string;

  constructor({ files, directory }: { readonly files: FilePort; readonly directory: string }) {
    this.#files = files;
    this.#directory = directory;
  }

  get path(): string {
    return `${this.#directory}/${NAME}`;
  }

  /** Never rejects: where nothing can be read the board goes by what it says itself, and hears the rest again. */
  async load(): Promise<LoadedFleet> {
    try {
      const content = await readChecked(this.#files, this.path, SCHEMA);
      if (content.status === 'absent') return { state: NO_STATE, damage: undefined };
      const state = content.status === 'ok' ? stateOf(content.body) : undefined;
      if (state !== undefined) return { state, damage: undefined };
      const aside = await setAside(this.#files, this.#directory, NAME);
      return { state: NO_STATE, damage: `was damaged and was set aside as ${aside}` };
    } catch (error) {
      return { state: NO_STATE, damage: `can't be read (${fileErrorCode(error)})` };
    }
  }

  /** What it holds, left where it is, for commands beside a daemon. Rejects with the platform's error; undefined: nothing, or damaged. */
  async peek(): Promise<FleetState | undefined> {
    const content = await readChecked(this.#files, this.path, SCHEMA);
    return content.status === 'ok' ? stateOf(content.body) : undefined;
  }

  /** Returns once it is on the medium. Rejects with the platform's error; the old content stands then. */
  async save(state: FleetState): Promise<void> {
    const { running, before, isProven, starts, machine, crashed, faltered, history, own } = state;
    const body = {
      running: running === undefined ? null : documentToJson(running),
      isProven,
      starts,
      before: before === undefined ? null : documentToJson(before),
      machine,
      crashed: crashed.slice(0, CRASHED_MAX),
      faltered: faltered.slice(0, CRASHED_MAX),
      history: history.slice(0, HISTORY_MAX).map(documentToJson),
      own: own === undefined ? null : documentToJson(own),
    };
    await replaceFile(this.#files, this.path, encodeChecked(SCHEMA, body));
  }
}

function stateOf(body: unknown): FleetState | undefined {
  if (!isTree(body)) return undefined;
  const { isProven, starts, machine = null, crashed, faltered = [], history } = body;
  const running = optionalDocument(body.running);
  const before = optionalDocument(body.before);
  const own = optionalDocument(body.own ?? null);
  if (running === null || before === null || own === null || typeof isProven !== 'boolean') return undefined;
  if (typeof starts !== 'number' || !Number.isInteger(starts) || starts < 0) return undefined;
  if (machine !== null && typeof machine !== 'string') return undefined;
  if (!isTexts(crashed) || !isTexts(faltered) || !Array.isArray(history)) return undefined;
  const documents = history.map(documentFromJson);
  if (!documents.every((document) => document !== undefined)) return undefined;
  return { running, isProven, starts, before, machine, crashed, faltered, history: documents, own };
}

/** null: something else stands there. */
function optionalDocument(raw: unknown): FleetDocument | undefined | null {
  return raw === null ? undefined : (documentFromJson(raw) ?? null);
}

function isTexts(raw: unknown): raw is string[] {
  return Array.isArray(raw) && raw.every((one) => typeof one === 'string');
}
