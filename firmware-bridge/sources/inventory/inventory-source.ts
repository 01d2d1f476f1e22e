import { HealthLedger } from '../../health.ts';
import { LINE_BYTES_MAX } from '../../limits.ts';
import type { FilePort } from '../../ports/file-port.ts';
import type { Child } from '../../ports/process-port.ts';
import type { SourcePorts } from '../../ports/source-ports.ts';
import { LineSplitter } from '../../protocols/line-splitter.ts';
import type { Source, SourceDescription, SourceSink } from '../../source.ts';
import { childEnvironment, describeExit, endChild } from '../child.ts';
import { cleanText, type Inventory, inventoryFrom } from './inventory.ts';

export interface InventorySourceOptions {
  readonly name: string;
  /** The program and arguments that call `runInventoryChild`: this executable with its hidden sub-command. */
  readonly command: readonly string[];
  /** Milliseconds after which a child that hangs is killed. */
  readonly timeoutMs: number;
}

/** Pauses before another attempt; after the last one it gives up until the next start of the daemon. */
const RETRY_DELAYS_MS: readonly number[] = [60_000, 600_000];

/** Where the kernel names the board, best first; the words of one place are joined. */
const BOARD_NAMES: readonly (readonly string[])[] = [
  ['/proc/device-tree/model'],
  ['/sys/class/dmi/id/sys_vendor', '/sys/class/dmi/id/product_name'],
];

/** Tells once what this board is. The asking is left to a child, because it blocks for seconds. */
export class InventorySource implements Source {
  readonly description: SourceDescription;
  readonly #options: InventorySourceOptions;
  readonly #ports: SourcePorts;
  readonly #ledger = new HealthLedger();
  readonly #counters = { attempts: 0, failures: 0 };
  #sink: SourceSink | undefined;
  #child: Child | undefined;
  #childEnded: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;

  constructor(options: InventorySourceOptions, ports: SourcePorts) {
    this.description = { kind: 'inventory', name: options.name };
    this.#options = options;
    this.#ports = ports;
  }

  start(sink: SourceSink): void {
    this.#sink = sink;
    this.#ledger.connect((change) => sink.health(change));
    this.#attempt(0);
  }

  async stop(): Promise<void> {
    this.#cancelTimer?.();
    this.#ledger.connect(undefined);
    this.#sink = undefined;
    const child = this.#child;
    this.#child = undefined;
    // It holds nothing worth a gentle end.
    if (child !== undefined) {
      await endChild(child, { clock: this.#ports.clock, ended: this.#childEnded, graceMs: 0 });
    }
  }

  health() {
    return this.#ledger.items();
  }

  counters() {
    return { ...this.#counters };
  }

  #attempt(failures: number): void {
    this.#counters.attempts += 1;
    const splitter = new LineSplitter({ lineBytesMax: LINE_BYTES_MAX });
    let inventory: Inventory | undefined;
    let timedOut = false;
    const [program = '', ...args] = this.#options.command;
    const env = childEnvironment(this.#ports.processes.environment, {});
    const ended = Promise.withResolvers<void>();
    this.#childEnded = ended.promise;
    const child = this.#ports.processes.spawn(
      { program, args, env },
      {
        stdout(bytes) {
          for (const line of splitter.push(bytes)) {
            if (line.kind === 'line') inventory ??= inventoryFrom(parseJson(line.bytes));
          }
        },
        stderr() {},
        exited: (exit) => {
          ended.resolve();
          if (this.#child !== child) return;
          this.#cancelTimer?.();
          this.#child = undefined;
          if (inventory !== undefined) void this.#deliver(inventory);
          else
            this.#fail(
              failures,
              timedOut ? `gave nothing in ${this.#options.timeoutMs} ms` : describeExit(exit),
            );
        },
      },
    );
    this.#child = child;
    this.#cancelTimer = this.#ports.clock.schedule(this.#options.timeoutMs, () => {
      timedOut = true;
      child.signalGroup('SIGKILL');
    });
  }

  async #deliver(inventory: Inventory): Promise<void> {
    this.#ledger.clear({ code: 'source-failed', subject: this.description.name });
    const board = await boardName(this.#ports.files);
    const takenAtMs = this.#ports.clock.nowMs();
    const facts = board === undefined ? inventory : { ...inventory, board };
    for (const [name, value] of Object.entries(facts)) {
      this.#sink?.reading({ key: `inventory/${name}`, value, quality: 'good', takenAtMs });
    }
  }

  #fail(failures: number, reason: string): void {
    this.#counters.failures += 1;
    const delayMs = RETRY_DELAYS_MS[failures];
    this.#ledger.raise({
      code: 'source-failed',
      subject: this.description.name,
      severity: 'info',
      title: 'no inventory of this board',
      text:
        `The child process ${reason}. ` +
        (delayMs === undefined
          ? 'Restart the daemon to try again.'
          : `Trying again in ${delayMs / 60_000} min.`),
    });
    if (delayMs === undefined) return;
    this.#cancelTimer = this.#ports.clock.schedule(delayMs, () => this.#attempt(failures + 1));
  }
}

/** The board's name by the kernel, which knows it better than the library: that takes small machines for containers. */
async function boardName(files: FilePort): Promise<string | undefined> {
  for (const paths of BOARD_NAMES) {
    const words = await Promise.all(paths.map((path) => files.readText(path)));
    const name = cleanText(words.map((word) => (word.ok ? word.value : '')).join(' '));
    if (name !== undefined) return name;
  }
  return undefined;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
