import { settingsOf } from '#runtime/engine/settings.ts';
import type { ConfigPath, ConfigTree } from './config-path.ts';
import { type Assignment, layerOfTree, originOf } from './layers.ts';
import type { LoadedConfig } from './load-config.ts';
import { redact } from './redact.ts';

/** The whole configuration in force, engine settings of the preset included, as it may be shown: without secrets. */
export function effectiveTree(config: LoadedConfig): ConfigTree {
  const { preset, settings } = config.values;
  const said = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  return redact({ ...config.tree, settings: settingsOf(preset, said) }) as ConfigTree;
}

/** The same, one value an entry, with who set it. */
export function effectiveValues(config: LoadedConfig): readonly Assignment[] {
  const presetOrigin = `preset ${config.values.preset}`;
  const origin = (path: ConfigPath) =>
    originOf(config.origins, path) ?? (path[0] === 'settings' ? presetOrigin : 'default');
  return layerOfTree(effectiveTree(config), origin);
}
