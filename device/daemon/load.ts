import { formatByteRate } from '#runtime/core/byte-rates.ts';
import { OWNERS_MAX } from '#runtime/core/limits.ts';
import type { PresetName } from '#runtime/engine/settings.ts';
import { type DetectBoardOptions, type DetectedBoard, detectBoard } from '../board/detect.ts';
import type { ConfigFlags } from '../config/flags.ts';
import { budgetOf } from '../config/interface-budget.ts';
import {
  type LoadedConfig,
  type ProfileDefaults,
  readConfigSources,
  resolveConfig,
} from '../config/load-config.ts';
import type { PathContext } from '../config/paths.ts';
import type { GridvineConfig } from '../config/schema.ts';

/** The configuration in force on this board, and what was found out about the board on the way. */
export interface LoadedBoard {
  readonly config: LoadedConfig;
  readonly board: DetectedBoard;
  /** As given to `detectBoard`, to look again. */
  readonly detect: DetectBoardOptions;
}

/**
 * Reads the configuration and the board. The profile's defaults come under what the user says, and which profile it is and
 * which interfaces count is for the user to say: hence the two passes.
 * @throws ConfigError with every problem; GridvineError `E_CONFIG` for an unknown profile.
 */
export async function loadBoard(flags: ConfigFlags, context: PathContext): Promise<LoadedBoard> {
  const sources = await readConfigSources(flags, context);
  const said = resolveConfig(sources).values;
  const detect = detectOptions(said);
  const board = detectBoard(detect);
  return { config: resolveConfig(sources, profileDefaults(board, said)), board, detect };
}

function detectOptions({ profile, interfaces, multicast }: GridvineConfig): DetectBoardOptions {
  return {
    ...(profile === undefined ? {} : { profileOverride: profile }),
    interfaces: {
      ...(interfaces.only.length === 0 ? {} : { only: interfaces.only }),
      exclude: interfaces.exclude,
      ...(multicast ? {} : { multicast: 'off' as const }),
    },
  };
}

/** What a profile says in the words of the configuration. */
export function profileDefaults(
  { profile, interfaces }: DetectedBoard,
  said: GridvineConfig,
): ProfileDefaults {
  // Beside what the user says, not under it: an exact name of the profile would win over a pattern of the user.
  const budgets = interfaces.flatMap(({ name, bytesPerSecondMax }) =>
    bytesPerSecondMax === null || budgetOf(said.interfaces.budgets, name) !== undefined
      ? []
      : [[name, formatByteRate(bytesPerSecondMax)]],
  );
  return {
    id: profile.id,
    values: {
      ...(budgets.length === 0 ? {} : { interfaces: { budgets: Object.fromEntries(budgets) } }),
      preset: presetFor(interfaces),
      settings: { ownersMax: Math.min(profile.limits.ownersMax, OWNERS_MAX) },
    },
  };
}

/** By the interface that is preferred: it carries most of the traffic. */
function presetFor(interfaces: DetectedBoard['interfaces']): PresetName {
  const preferred = interfaces.find((one) => one.use);
  if (preferred?.metered) return 'metered';
  return preferred?.kind === 'wifi' ? 'radio' : 'lan';
}
