import { formatByteRate } from '#runtime/core/byte-rates.ts';
import { OWNERS_MAX } from '#runtime/core/limits.ts';
import type { PresetName } from '#runtime/engine/settings.ts';
import { type DetectBoardOptions, type DetectedBoard, detectBoard } from '../board/detect.ts';
import type { ConfigTree } from '../config/config-path.ts';
import type { ConfigFlags } from '../config/flags.ts';
import { checkFleetConfig, fleetLayer } from '../config/fleet-layer.ts';
import { budgetOf } from '../config/interface-budget.ts';
import {
  type LoadedConfig,
  localLayer,
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
  /**
   * The configuration with settings for all boards under what is said on this one. `origin` is who gave them, for people.
   * @throws ConfigError where they can't count here.
   */
  readonly withFleet: (fleet: ConfigTree, origin: string) => LoadedConfig;
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
  const profile = profileDefaults(board, said);
  const withFleet = (fleet: ConfigTree, origin: string) => {
    checkFleetConfig(fleet, origin);
    return resolveConfig(sources, profile, fleetLayer(fleet, origin, localLayer(sources)));
  };
  return { config: resolveConfig(sources, profile), board, detect, withFleet };
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
