import type { SourceLogEntry, SourcePorts } from '#bridge/ports/source-ports.ts';
import { FakeFiles } from './fake-files.ts';
import { FakeLinks } from './fake-links.ts';
import { FakeProcesses } from './fake-processes.ts';
import { ManualClock } from './manual-clock.ts';

/** Ports without a world behind them. */
export class FakePorts implements SourcePorts {
  readonly clock: ManualClock;
  readonly files = new FakeFiles();
  readonly processes = new FakeProcesses();
  readonly links = new FakeLinks();
  readonly logged: SourceLogEntry[] = [];

  constructor(clock = new ManualClock()) {
    this.clock = clock;
  }

  log(entry: SourceLogEntry): void {
    this.logged.push(entry);
  }
}
