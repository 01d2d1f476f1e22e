import type { Child, ChildCommand, ChildEvents, ChildExit, ProcessPort } from '#bridge/ports/process-port.ts';

/** A child whose output and end the test plays. */
export class FakeChild implements Child {
  readonly command: ChildCommand;
  readonly signals: string[] = [];
  paused = false;
  ended = false;
  readonly #events: ChildEvents;

  constructor(command: ChildCommand, events: ChildEvents) {
    this.command = command;
    this.#events = events;
  }

  pauseStdout(): void {
    this.paused = true;
  }

  resumeStdout(): void {
    this.paused = false;
  }

  signalGroup(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.signals.push(signal);
  }

  prints(text: string): void {
    this.#events.stdout(new TextEncoder().encode(text));
  }

  complains(text: string): void {
    this.#events.stderr(new TextEncoder().encode(text));
  }

  ends(exit: Partial<ChildExit> = {}): void {
    this.ended = true;
    this.#events.exited({ code: null, signal: null, ...exit });
  }
}

export class FakeProcesses implements ProcessPort {
  readonly children: FakeChild[] = [];
  readonly environment: Record<string, string | undefined> = { PATH: '/bin', SECRET_TOKEN: 'canary' };

  spawn(command: ChildCommand, events: ChildEvents): Child {
    const child = new FakeChild(command, events);
    this.children.push(child);
    return child;
  }

  get last(): FakeChild {
    const child = this.children.at(-1);
    if (child === undefined) throw new Error('nothing was started');
    return child;
  }
}
