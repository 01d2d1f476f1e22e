import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { NODES_MAX } from '#runtime/simulator/options.ts';
import { QUICK_SIZES, SIZES } from './plan.ts';

/** What `npm run experiments` is told. */
export interface StudyFlags {
  readonly quick: boolean;
  readonly fresh: boolean;
  readonly sizes: readonly number[];
  /** No cell is begun after so many minutes. */
  readonly minutes: number;
  readonly jobs: number;
  /** Runs of each cell of up to 100 nodes, and of larger ones. */
  readonly seeds: { readonly small: number; readonly large: number };
  /** Only the pages anew, from the cells that are there. */
  readonly pagesOnly: boolean;
  /** Whether device/presets.md gets the figures. */
  readonly writesPresets: boolean;
}

export const USAGE = `usage: npm run experiments -- [options]
  --quick           small sizes and short runs, for checking: about 3 minutes
  --sizes N,N,...   sizes of clusters (default ${SIZES.join(',')})
  --seeds N         runs of each cell (default 3, above 100 nodes 1)
  --minutes N       begin no cell after so long (default 110); what is missing is told
  --jobs N          at the same time (default: one a core)
  --fresh           run everything again, even what is there for the same code
  --pages           run nothing: write the pages from what is there
  --no-presets      leave device/presets.md as it is (as --quick does)
`;

const MINUTES_DEFAULT = 110;
const SEEDS = { small: 3, large: 1 } as const;

/** @throws RangeError that names the flag, what was expected and what came; TypeError for a flag that isn't there. */
export function readFlags(args: readonly string[]): StudyFlags {
  const text = { type: 'string' } as const;
  const yes = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: yes,
      fresh: yes,
      pages: yes,
      'no-presets': yes,
      sizes: text,
      seeds: text,
      minutes: text,
      jobs: text,
    },
  });
  const seeds = values.seeds === undefined ? undefined : wholeOf('--seeds', values.seeds, [1, 99]);
  return {
    quick: values.quick,
    fresh: values.fresh,
    pagesOnly: values.pages,
    writesPresets: !values.quick && !values['no-presets'],
    sizes:
      values.sizes === undefined
        ? values.quick
          ? QUICK_SIZES
          : SIZES
        : [...new Set(values.sizes.split(',').map((size) => wholeOf('--sizes', size, [1, NODES_MAX])))],
    minutes:
      values.minutes === undefined ? MINUTES_DEFAULT : wholeOf('--minutes', values.minutes, [1, 10_000]),
    jobs: values.jobs === undefined ? availableParallelism() : wholeOf('--jobs', values.jobs, [1, 1024]),
    seeds:
      seeds !== undefined ? { small: seeds, large: seeds } : values.quick ? { small: 1, large: 1 } : SEEDS,
  };
}

function wholeOf(flag: string, text: string, [min, max]: readonly [number, number]): number {
  const value = /^\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new RangeError(`${flag}: expected a whole number from ${min} to ${max}; got ${text}`);
  return value;
}
