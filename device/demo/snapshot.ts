/** Everything that one picture of the demo shows. */
export interface DemoSnapshot {
  readonly cluster: string;
  readonly elapsedMs: number;
  readonly phase: 'starting' | 'running' | 'leaving';
  /** The daemon whose view of the others this is; null: none answers. */
  readonly viewer: string | null;
  readonly daemons: readonly DaemonRow[];
  readonly readings: readonly ReadingRow[];
  readonly broker: BrokerRow;
  /** Things to try; none while leaving. */
  readonly hints: readonly Hint[];
}

export interface DaemonRow {
  readonly name: string;
  /** As the viewer sees it; null: it doesn't know it. */
  readonly state: string | null;
  readonly pid: number | null;
  /** How its process ended; null: it runs. */
  readonly ended: string | null;
  readonly isViewer: boolean;
  readonly heardMs: number | null;
  readonly rttMs: number | null;
  readonly address: string | null;
}

export interface ReadingRow {
  readonly label: string;
  readonly simulated: boolean;
  /** One for each daemon, in their order; null: no such reading. */
  readonly cells: readonly (ReadingCell | null)[];
}

export interface ReadingCell {
  readonly text: string;
  /** In words, with `>` before one that is only a lower bound. */
  readonly age: string;
  /** Whether it is so old, or so bad, that it should catch the eye. */
  readonly doubtful: boolean;
  readonly quality: string;
}

export interface BrokerRow {
  readonly url: string;
  readonly publisher: string;
  /** `online`, `offline`, or null before anything came. */
  readonly publisherState: string | null;
  readonly messages: number;
  readonly lastTopic: string | null;
}

export interface Hint {
  readonly command: string;
  readonly effect: string;
}
