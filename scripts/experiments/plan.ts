import { type EngineSettings, LAN, PRESETS, type PresetName } from '#runtime/engine/settings.ts';
import { MEDIA } from '#runtime/simulator/options.ts';
import { defaultSetup, LINKS, type LinkName, type Setup, setupKey } from './setup.ts';

/** Sizes of clusters, unless others are asked for. */
export const SIZES: readonly number[] = [1, 3, 10, 30, 100, 300, 1000];
export const QUICK_SIZES: readonly number[] = [3, 10, 30];
export const LOSS_SHARES: readonly number[] = [0, 0.1, 0.3];
/** Presets and pairs are compared at these: larger ones say the same, and cost hours. */
const COMPARED_NODES_MAX = 100;
const COMPARED_NODES_MIN = 10;

/** One value of what is varied. */
export interface Level {
  readonly label: string;
  readonly isDefault: boolean;
  setup(nodes: number): Setup;
}

/** One thing that is varied, all else being at its default. */
export interface Factor {
  readonly id: string;
  readonly title: string;
  /** What it trades. */
  readonly note: string;
  readonly levels: readonly Level[];
}

/** Two things that are varied together, because the effect of one depends on the other. */
export interface Pair {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  /** Each level under each loss. */
  readonly levels: readonly (Omit<Level, 'setup'> & { setup(nodes: number, lossShare: number): Setup })[];
}

const FACTORS_QUICK: Readonly<Partial<Record<keyof EngineSettings, readonly number[]>>> = {
  probeIntervalMs: [500, 1_000, 2_000],
  fanOut: [2, 4, 8],
  batchIntervalMs: [0, 40, 300],
  suspicionMultiplier: [1, 2],
};
const FACTORS_FULL: Readonly<Partial<Record<keyof EngineSettings, readonly number[]>>> = {
  probeIntervalMs: [250, 500, 1_000, 2_000, 5_000],
  fanOut: [1, 2, 4, 8],
  batchIntervalMs: [0, 20, 40, 100, 300],
  suspicionMultiplier: [0.5, 1, 2, 4],
};

const NOTES: Readonly<Partial<Record<keyof EngineSettings, readonly [title: string, note: string]>>> = {
  probeIntervalMs: [
    'Probe interval',
    'Shorter intervals notice a crash sooner and cost packets in proportion; what news costs stays the same.',
  ],
  fanOut: [
    'Fan-out',
    'More peers for each piece of news: fewer hops and less that has to be repaired, more copies.',
  ],
  batchIntervalMs: [
    'Batch interval',
    'How long fresh records wait to share a packet. Urgent records and verdicts do not wait.',
  ],
  suspicionMultiplier: [
    'Suspicion multiplier',
    'How long a suspected member may defend itself: time to notice against false alarms where links are bad.',
  ],
};

function settingFactor(name: keyof EngineSettings, values: readonly number[]): Factor {
  const [title, note] = NOTES[name] ?? [name, ''];
  const unit = name.endsWith('Ms') ? ' ms' : '';
  return {
    id: name,
    title,
    note,
    levels: values.map((value) => ({
      label: `${value}${unit}`,
      isDefault: value === LAN[name],
      setup: (nodes) => ({ ...defaultSetup(nodes), changes: { [name]: value } }),
    })),
  };
}

/** All that is varied by itself. */
export function factors({ quick }: { readonly quick: boolean }): readonly Factor[] {
  const settings = Object.entries(quick ? FACTORS_QUICK : FACTORS_FULL) as [
    keyof EngineSettings,
    readonly number[],
  ][];
  return [
    ...settings.map(([name, values]) => settingFactor(name, values)),
    {
      id: 'loss',
      title: 'Loss',
      note: 'Datagrams lost each way. Up to 30 % nobody that runs may be called down.',
      levels: LOSS_SHARES.map((lossShare) => ({
        label: `${lossShare * 100} %`,
        isDefault: lossShare === 0,
        setup: (nodes) => ({ ...defaultSetup(nodes), lossShare }),
      })),
    },
    {
      id: 'medium',
      title: 'Medium',
      note: 'Nodes that share a multicast segment say once what unicast says to each; all of them have to receive it.',
      levels: MEDIA.map((medium) => ({
        label: medium,
        isDefault: medium === 'unicast',
        setup: (nodes) => ({ ...defaultSetup(nodes), medium }),
      })),
    },
    {
      id: 'preset',
      title: 'Preset',
      note: 'All presets on the same wired links, to tell them apart. What each does on the links it is made for is told below.',
      levels: presetNames().map((preset) => ({
        label: preset,
        isDefault: preset === 'lan',
        setup: (nodes) => ({ ...defaultSetup(nodes), preset }),
      })),
    },
  ];
}

/** What is varied two at a time: loss changes what these are worth. */
export function pairs({ quick }: { readonly quick: boolean }): readonly Pair[] {
  const values = quick ? FACTORS_QUICK : FACTORS_FULL;
  return [
    settingPair('suspicionMultiplier', values.suspicionMultiplier ?? [], {
      title: 'Suspicion multiplier and loss',
      why: 'Without loss a short suspicion costs nothing; with loss each lost probe starts one, and only time to refute keeps it from becoming a verdict.',
    }),
    settingPair('fanOut', values.fanOut ?? [], {
      title: 'Fan-out and loss',
      why: 'Copies that are spare on good links stand in for lost ones on bad links: the fan-out that is enough depends on the loss.',
    }),
    {
      id: 'medium-loss',
      title: 'Medium and loss',
      why: 'A lost multicast is missed by some and had by others, who cannot know; unicast is repeated by whoever learned something. Loss hits them differently.',
      levels: MEDIA.map((medium) => ({
        label: medium,
        isDefault: medium === 'unicast',
        setup: (nodes, lossShare) => ({ ...defaultSetup(nodes), medium, lossShare }),
      })),
    },
  ];
}

function settingPair(
  name: keyof EngineSettings,
  values: readonly number[],
  { title, why }: { readonly title: string; readonly why: string },
): Pair {
  return {
    id: `${name}-loss`,
    title,
    why,
    levels: values.map((value) => ({
      label: String(value),
      isDefault: value === LAN[name],
      setup: (nodes, lossShare) => ({ ...defaultSetup(nodes), lossShare, changes: { [name]: value } }),
    })),
  };
}

export function presetNames(): readonly PresetName[] {
  return Object.keys(PRESETS) as PresetName[];
}

export function linkNames(): readonly LinkName[] {
  return Object.keys(LINKS) as LinkName[];
}

/** Each preset on each kind of link. */
export function presetSetup(nodes: number, preset: PresetName, link: LinkName): Setup {
  return { nodes, preset, medium: 'unicast', link };
}

/** Sizes at which presets are compared. */
export function comparedSizes(sizes: readonly number[]): readonly number[] {
  return sizes.filter((nodes) => nodes >= COMPARED_NODES_MIN && nodes <= COMPARED_NODES_MAX);
}

/** The one size at which pairs are shown: the largest of those. */
export function pairSize(sizes: readonly number[]): number | undefined {
  const fit = sizes.filter((nodes) => nodes > 1 && nodes <= COMPARED_NODES_MAX);
  return fit.length === 0 ? undefined : Math.max(...fit);
}

/** Every setup of the study, each once: what is needed most comes first, and small ones before large ones. */
export function planSetups(options: {
  readonly sizes: readonly number[];
  readonly quick: boolean;
}): readonly Setup[] {
  const sizes = [...options.sizes].sort((a, b) => a - b);
  const compared = comparedSizes(sizes).flatMap((nodes) =>
    presetNames().flatMap((preset) => linkNames().map((link) => presetSetup(nodes, preset, link))),
  );
  const single = sizes.flatMap((nodes) =>
    factors(options).flatMap(({ levels }) => levels.map((level) => level.setup(nodes))),
  );
  const nodes = pairSize(sizes);
  const paired =
    nodes === undefined
      ? []
      : pairs(options).flatMap(({ levels }) =>
          levels.flatMap((level) => LOSS_SHARES.map((lossShare) => level.setup(nodes, lossShare))),
        );
  const all = [...compared, ...single, ...paired];
  return [...new Map(all.map((setup) => [setupKey(setup), setup])).values()];
}
