/** What a demo found out, as `--json` prints it. Milliseconds; null: it didn't come to that. */
export interface DemoSummary {
  readonly schema: 'gridvine.demo/1';
  readonly nodes: number;
  /** Whether every daemon saw every other alive. */
  readonly converged: boolean;
  /** From the start of the last process until all saw all. */
  readonly seenMs: number | null;
  /** From the first answer of the last daemon until all saw all. */
  readonly seenAfterReadyMs: number | null;
  /** From putting a value on the first daemon until all others had read it. */
  readonly putToReadMs: { readonly median: number; readonly max: number; readonly rounds: number } | null;
  readonly mqttMessages: number;
  /** Daemons that ended before the demo did. */
  readonly lost: readonly string[];
}

/** The summary for people. */
export function summaryLines(summary: DemoSummary): string[] {
  const { nodes, converged, seenMs, seenAfterReadyMs, putToReadMs, mqttMessages, lost } = summary;
  const lines: string[] = [];
  if (nodes === 1) lines.push(converged ? 'The daemon ran.' : 'The daemon did not start.');
  else if (!converged || seenMs === null || seenAfterReadyMs === null) {
    lines.push(`The ${nodes} daemons did not all see each other alive.`);
  } else {
    lines.push(
      `All ${nodes} daemons saw each other alive ${seconds(seenMs)} after the last was started, ${seconds(seenAfterReadyMs)} after it answered.`,
    );
  }
  if (putToReadMs !== null) {
    lines.push(
      `A value put on the first was read on the others after ${putToReadMs.median.toFixed(1)} ms (median of ${putToReadMs.rounds}, longest ${putToReadMs.max.toFixed(1)} ms).`,
    );
  }
  lines.push(`The MQTT broker got ${mqttMessages} messages.`);
  if (lost.length > 0) lines.push(`Ended before the demo did: ${lost.join(', ')}.`);
  return lines;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
