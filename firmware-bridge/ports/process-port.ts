/** What to start. Nothing is inherited but what `env` says. */
export interface ChildCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Working directory; the daemon's own if absent. */
  readonly cwd?: string;
  /** What it finds on its standard input, which then ends; absent: the input stays open, and nothing comes. */
  readonly input?: Uint8Array;
}

/** How a child ended. `error` is set if it could not be started at all. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly error?: string;
}

/** Called by the port. `exited` comes exactly once and last, also if the program could not be started. */
export interface ChildEvents {
  stdout(bytes: Uint8Array): void;
  stderr(bytes: Uint8Array): void;
  exited(exit: ChildExit): void;
}

/** A child in a process group of its own, with its standard input held open until it is ended. */
export interface Child {
  /** Leaves its output in the pipe, so that a child that prints too much has to wait. */
  pauseStdout(): void;
  resumeStdout(): void;
  /** Sends a signal to the whole process group. Harmless after its end. */
  signalGroup(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** Starts child processes. When a child ends, the port kills whatever is left of its group. */
export interface ProcessPort {
  spawn(command: ChildCommand, events: ChildEvents): Child;
  /** This process's own environment, to pick the allowed variables from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}
