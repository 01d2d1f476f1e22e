import { type EngineSettings, type PresetName, settingsOf } from '#runtime/engine/settings.ts';
import type { LinkQuality } from '#runtime/simulator/network.ts';
import { DEFAULT_QUALITY, type Medium, type WorldOptions } from '#runtime/simulator/options.ts';

/** Kinds of links, and how good they are. */
export const LINKS = {
  wired: { latency: { shape: 'uniform', delayMs: 2, jitterMs: 1 }, lossShare: 0 },
  radio: { latency: { shape: 'pareto', delayMs: 4, jitterMs: 4 }, lossShare: 0.05 },
  internet: { latency: { shape: 'normal', delayMs: 60, jitterMs: 15 }, lossShare: 0.01 },
  cellular: { latency: { shape: 'pareto', delayMs: 80, jitterMs: 25 }, lossShare: 0.02 },
} as const satisfies Readonly<Record<string, Pick<LinkQuality, 'latency' | 'lossShare'>>>;
export type LinkName = keyof typeof LINKS;

/** What one cell of the study is about. */
export interface Setup {
  readonly nodes: number;
  readonly preset: PresetName;
  readonly medium: Medium;
  readonly link: LinkName;
  /** Instead of the link's own. */
  readonly lossShare?: number;
  /** Settings that differ from the preset. */
  readonly changes?: Partial<EngineSettings>;
}

/** From which every other setup of the study differs in one or two things. */
export function defaultSetup(nodes: number): Setup {
  return { nodes, preset: 'lan', medium: 'unicast', link: 'wired' };
}

/** Equal for setups that are the same. */
export function setupKey(setup: Setup): string {
  const { nodes, preset, medium, link } = setup;
  const loss = setup.lossShare ?? LINKS[link].lossShare;
  const settings = settingsOf(preset, setup.changes);
  const usual = settingsOf(preset);
  const changes = Object.entries(settings)
    .filter(([name, value]) => value !== usual[name as keyof EngineSettings])
    .map(([name, value]) => `${name}=${value}`);
  return [nodes, preset, medium, link, `loss=${loss}`, ...changes].join(' ');
}

export function worldOf(setup: Setup, seed: number): WorldOptions {
  const { nodes, preset, medium, link, lossShare, changes } = setup;
  const quality = { ...DEFAULT_QUALITY, ...LINKS[link] };
  return {
    nodes,
    seed,
    medium,
    quality: { ...quality, lossShare: lossShare ?? quality.lossShare },
    settings: settingsOf(preset, changes),
  };
}
