import type { MemberJson, RecordJson } from '../cli/documents.ts';
import type { DaemonClient } from './daemon-client.ts';
import type { DaemonProcess, Ending } from './daemon-process.ts';
import type { DemoBroker } from './demo-broker.ts';
import { readingRows } from './readings.ts';
import type { DaemonRow, DemoSnapshot, Hint } from './snapshot.ts';

/** A daemon of the demo: its process, and how to ask it. */
export interface Daemon {
  readonly process: DaemonProcess;
  readonly client: DaemonClient;
}

interface View {
  readonly viewer: Daemon;
  readonly members: readonly MemberJson[];
  readonly records: readonly RecordJson[];
}

/** Looks at the demo with the eyes of the first of its daemons that answers. */
export class Observer {
  readonly #daemons: readonly Daemon[];
  readonly #broker: DemoBroker;
  readonly #cluster: string;
  readonly #command: string;
  readonly #startedAtMs = performance.now();

  constructor(options: {
    readonly daemons: readonly Daemon[];
    readonly broker: DemoBroker;
    readonly cluster: string;
    /** How a person calls this program. */
    readonly command: string;
  }) {
    this.#daemons = options.daemons;
    this.#broker = options.broker;
    this.#cluster = options.cluster;
    this.#command = options.command;
  }

  /** `hints`: whether there is still time to try something. */
  async look({
    phase,
    hints,
  }: {
    readonly phase: DemoSnapshot['phase'];
    readonly hints: boolean;
  }): Promise<DemoSnapshot> {
    const view = await this.#view();
    const members = new Map(view?.members.map((member) => [member.name, member]));
    const names = this.#daemons.map(({ process }) => process.name);
    const { messages, lastTopic, bridgeState } = this.#broker.counts;
    return {
      cluster: this.#cluster,
      elapsedMs: performance.now() - this.#startedAtMs,
      phase,
      viewer: view?.viewer.process.name ?? null,
      daemons: this.#daemons.map((daemon) => rowOf(daemon, members.get(daemon.process.name), view?.viewer)),
      readings: readingRows(view?.records ?? [], names),
      broker: {
        url: this.#broker.url,
        publisher: names[0] ?? '',
        publisherState: bridgeState,
        messages,
        lastTopic,
      },
      hints: hints ? this.#hints(view?.viewer) : [],
    };
  }

  async #view(): Promise<View | undefined> {
    for (const viewer of this.#daemons) {
      if (!viewer.process.running) continue;
      const [members, records] = await Promise.all([viewer.client.members(), viewer.client.records()]);
      if (members !== undefined && records !== undefined) {
        return { viewer, members: members.members, records };
      }
    }
    return undefined;
  }

  #hints(viewer: Daemon | undefined): readonly Hint[] {
    if (viewer === undefined) return [];
    const victim = this.#daemons.find((daemon) => daemon !== viewer && daemon.process.running)?.process;
    return [
      ...(victim?.pid === undefined
        ? []
        : [{ command: `kill -9 ${victim.pid}`, effect: `${victim.name} is suspected, then down` }]),
      { command: `export GRIDVINE_SOCKET=${viewer.process.socket}`, effect: '' },
      { command: `${this.#command} status`, effect: 'also members, get, watch, put KEY VALUE' },
    ];
  }
}

function rowOf(daemon: Daemon, member: MemberJson | undefined, viewer: Daemon | undefined): DaemonRow {
  const { name, pid, ending } = daemon.process;
  const endpoint = member?.path ?? member?.endpoints[0];
  return {
    name,
    state: member?.state ?? null,
    pid: ending === undefined ? (pid ?? null) : null,
    ended: ending === undefined ? null : endingText(ending),
    isViewer: daemon === viewer,
    heardMs: member?.lastHeardMs ?? null,
    rttMs: member?.rttMs ?? null,
    address: endpoint === undefined ? null : `${endpoint.address}:${endpoint.port}`,
  };
}

/** How a process ended, in two words. */
export function endingText({ code, signal }: Ending): string {
  if (signal !== null) return `killed by ${signal}`;
  return code === null ? 'could not be started' : `ended with exit code ${code}`;
}
