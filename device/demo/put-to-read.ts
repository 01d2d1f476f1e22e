import type { DaemonClient } from './daemon-client.ts';

const KEY = 'demo/stamp';
const TTL_MS = 60_000;
const ROUND_LIMIT_MS = 5_000;

/**
 * Puts a value on one daemon, round after round, and takes the time until all the others have told it on their streams.
 * @returns milliseconds of each round that was completed; fewer than asked for where a daemon ended meanwhile.
 */
export async function putToRead(options: {
  readonly writer: DaemonClient;
  readonly readers: readonly DaemonClient[];
  readonly rounds: number;
}): Promise<number[]> {
  const { writer, readers, rounds } = options;
  const latest = new Map<DaemonClient, unknown>();
  let heard = () => {};
  const follow = (reader: DaemonClient) =>
    reader.follow(KEY, ({ value }) => {
      latest.set(reader, value);
      heard();
    });
  const ends = await Promise.all(readers.map(follow));
  const samples: number[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const startMs = performance.now();
      const everywhere = new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), ROUND_LIMIT_MS);
        heard = () => {
          if (readers.some((reader) => latest.get(reader) !== round)) return;
          clearTimeout(timer);
          resolve(true);
        };
      });
      await writer.put(KEY, round, { ttlMs: TTL_MS });
      if (!(await everywhere)) break;
      samples.push(performance.now() - startMs);
    }
  } finally {
    for (const end of ends) end();
    await writer.remove(KEY);
  }
  return samples;
}

/** The middle one of some numbers; undefined of none. */
export function median(samples: readonly number[]): number | undefined {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)];
}
