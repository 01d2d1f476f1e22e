import type { InterfaceDecision } from '#profiles/interface-decision.ts';
import type { BoardNotice } from '#profiles/profile.ts';
import type { HealthItem } from '#runtime/driver/contract.ts';
import type { ProfileReport } from '../api/service.ts';
import { type DetectBoardOptions, type DetectedBoard, detectInterfaces } from '../board/detect.ts';
import { Conditions } from './conditions.ts';

export interface BoardWatchOptions {
  readonly board: DetectedBoard;
  /** As given to `detectBoard`. */
  readonly detect: DetectBoardOptions;
  /** Links that the node follows. */
  readonly links: readonly string[];
  /** The addresses are named in the configuration: what the profile thinks of interfaces doesn't matter then. */
  readonly explicitBind: boolean;
  readonly nowMs: () => number;
  /** How often the interfaces are looked at; default 15 s. */
  readonly intervalMs?: number;
}

const INTERVAL_MS_DEFAULT = 15_000;
/** Said by the node itself, which knows it sooner. */
const NODES_OWN: ReadonlySet<string> = new Set(['no-usable-interface']);

/** Looks at the board's interfaces from time to time, and keeps what the profile has to say about them. */
export class BoardWatch {
  readonly #options: BoardWatchOptions;
  readonly #conditions: Conditions;
  readonly #boardNotices: readonly BoardNotice[];
  #interfaces: readonly InterfaceDecision[];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BoardWatchOptions) {
    this.#options = options;
    this.#conditions = new Conditions(options.nowMs);
    this.#interfaces = options.board.interfaces;
    const changing = new Set(
      detectInterfaces(options.board.profile, options.detect).notices.map(({ code }) => code),
    );
    this.#boardNotices = options.board.notices.filter(({ code }) => !changing.has(code));
    this.#note(options.board.notices.filter(({ code }) => changing.has(code)));
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), this.#options.intervalMs ?? INTERVAL_MS_DEFAULT);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  report(): ProfileReport {
    const { profile, by } = this.#options.board;
    return {
      id: profile.id,
      title: profile.title,
      matchedBy: by,
      interfaces: this.#interfaces.map(({ name, kind, multicast, use, why }) => ({
        name,
        kind,
        multicast,
        used: use,
        reason: why,
      })),
    };
  }

  health(): HealthItem[] {
    return this.#conditions.items();
  }

  #look(): void {
    const { interfaces, notices } = detectInterfaces(this.#options.board.profile, this.#options.detect);
    this.#interfaces = interfaces;
    this.#note(notices);
  }

  #note(changing: readonly BoardNotice[]): void {
    const { explicitBind } = this.#options;
    const relevant = explicitBind
      ? []
      : [...changing.filter(({ code }) => !NODES_OWN.has(code)), ...this.#newcomers()];
    this.#conditions.replace(
      [...this.#boardNotices, ...relevant].map(({ severity, ...notice }) => ({
        ...notice,
        severity: severity === 'error' ? 'failure' : severity,
      })),
    );
  }

  /** An interface that wasn't there at the start, such as a USB adapter, has no sockets. */
  #newcomers(): BoardNotice[] {
    const { links } = this.#options;
    const names = this.#interfaces
      .filter((one) => one.use && !links.includes(one.name))
      .map((one) => one.name);
    if (names.length === 0) return [];
    return [
      {
        code: 'interface-new',
        severity: 'warning',
        title: 'a new interface is not used yet',
        text: `${names.join(', ')} came after the start. Restart the daemon to use it: gridvine leave, then gridvine run.`,
      },
    ];
  }
}
