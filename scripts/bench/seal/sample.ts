/** What one round of one side measured. Times are microseconds of processor time of the whole process by datagram. */
export interface Sample {
  readonly datagramBytes: number;
  /** In a datagram: a ping and what it carries. */
  readonly messages: number;
  readonly sendMicros: number;
  readonly receiveMicros: number;
  /** Elapsed time by datagram sent and received. */
  readonly wallMicros: number;
}

/** @throws Error where the text isn't a sample. */
export function parseSample(text: string): Sample {
  const sample: unknown = JSON.parse(text);
  if (typeof sample !== 'object' || sample === null) throw new Error(`expected a sample; got ${text}`);
  for (const field of ['datagramBytes', 'messages', 'sendMicros', 'receiveMicros', 'wallMicros'])
    if (!Number.isFinite((sample as Record<string, unknown>)[field]))
      throw new Error(`expected a number as ${field}; got ${text}`);
  return sample as Sample;
}

/** Of an odd number of samples the one in the middle, of an even number the upper of the two. @throws RangeError for none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('expected at least one value');
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
