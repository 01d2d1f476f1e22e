import type { FuzzRun } from './contract.ts';

const TRIES_MAX = 4_000;

/** What a fault is known by: the same thrown by a smaller input is the same fault. Numbers in its text may differ. */
export function signatureOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text
    .split('\n', 1)[0]
    .replace(/[0-9a-f]{8,}|\d+/g, 'N')
    .slice(0, 80);
}

/** Whether an input still does it. */
export type StillFails = (input: Uint8Array) => boolean | Promise<boolean>;

/** An input fails alike where its run throws the same. */
export function failsAlike(run: FuzzRun, signature: string): StillFails {
  return async (input) => {
    try {
      await run(input);
      return false;
    } catch (error) {
      return signatureOf(error) === signature;
    }
  };
}

/**
 * Makes a failing input smaller: cuts ever smaller pieces out of it, then makes what is left as plain as it can be.
 * @param triesMax how many inputs are tried at most.
 */
export async function minimise(
  input: Uint8Array,
  stillFails: StillFails,
  triesMax: number = TRIES_MAX,
): Promise<Uint8Array> {
  let tries = 0;
  let best = input;
  const attempt = async (candidate: Uint8Array) => {
    if (tries++ >= triesMax || !(await stillFails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (
    let size = Math.max(1, input.length >> 1);
    size >= 1 && tries < triesMax;
    size = size === 1 ? 0 : size >> 1
  )
    for (let at = 0; at < best.length && tries < triesMax; )
      if (!(await attempt(cut(best, at, size)))) at += size;
  for (let i = 0; i < best.length && tries < triesMax; i++)
    for (const plain of [0, 0x30]) if (best[i] > plain && (await attempt(best.with(i, plain)))) break;
  return best;
}

function cut(bytes: Uint8Array, at: number, size: number): Uint8Array {
  const left = new Uint8Array(bytes.length - Math.min(size, bytes.length - at));
  left.set(bytes.subarray(0, at));
  left.set(bytes.subarray(at + size), at);
  return left;
}
