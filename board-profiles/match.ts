import type { ProfileCatalog } from './catalog.ts';
import type { BoardFacts } from './facts.ts';
import { testPattern } from './pattern.ts';
import { decodePiRevision } from './pi-revision.ts';
import type { BoardNotice, BoardProfile } from './profile.ts';
import type { Architecture, MatchRule } from './schema.ts';

/** What a profile was recognised by, the strongest evidence first. */
export const MATCH_STAGES = ['compatible', 'model', 'revision', 'container', 'dmi', 'arch'] as const;
export type MatchStage = (typeof MATCH_STAGES)[number];

/** A profile that fits the board. */
export interface MatchCandidate {
  readonly id: string;
  readonly stage: MatchStage;
  /** What fitted, for people: `compatible "brcm,bcm2711" (2 of 2)`. */
  readonly evidence: string;
  readonly priority: number;
  /** Position of the matching string, 0 the most specific. */
  readonly position: number;
}

export interface MatchResult {
  readonly profile: BoardProfile;
  /** `fallback`: nothing matched, not even the architecture. `override`: it was named. */
  readonly by: MatchStage | 'fallback' | 'override';
  /** Why this one, for people; one sentence each. */
  readonly reasons: readonly string[];
  /** All that fit, best first. */
  readonly candidates: readonly MatchCandidate[];
  readonly notices: readonly BoardNotice[];
}

/** The profile that everything extends, and the last resort. */
export const FALLBACK_PROFILE = 'linux-common';

/**
 * Chooses the profile of a board. Order: device tree's `compatible`, its model, the Raspberry Pi revision, a container,
 * DMI, the architecture; within one of these the higher `match.priority`, then the more specific string. Any text may
 * stand in the facts: it never throws for them.
 * @param catalog holds `linux-common` at least
 * @param options.override an id that wins over all detection
 * @throws GridvineError `E_CONFIG` where `override` is not in the catalog
 */
export function matchProfile(
  facts: BoardFacts,
  catalog: ProfileCatalog,
  options: { readonly override?: string } = {},
): MatchResult {
  const candidates = findCandidates(facts, catalog);
  if (options.override !== undefined) {
    const profile = catalog.get(options.override);
    return {
      profile,
      by: 'override',
      reasons: [`${profile.id}: named explicitly`, ...otherReasons(candidates, profile.id)],
      candidates,
      notices: [],
    };
  }
  const best = candidates[0];
  if (best === undefined) {
    const profile = catalog.get(FALLBACK_PROFILE);
    return {
      profile,
      by: 'fallback',
      reasons: [`${profile.id}: no profile is for architecture ${quote(facts.arch)}`],
      candidates,
      notices: [unknownBoard(facts, profile.id)],
    };
  }
  const tie = candidates.find((c) => c !== best && compare(c, best) === 0);
  return {
    profile: catalog.get(best.id),
    by: best.stage,
    reasons: [`${best.id}: ${best.evidence}`, ...otherReasons(candidates, best.id)],
    candidates,
    notices: [
      ...(best.stage === 'arch' ? [unknownBoard(facts, best.id)] : []),
      ...(tie === undefined ? [] : [ambiguous(best, tie)]),
    ],
  };
}

function findCandidates(facts: BoardFacts, catalog: ProfileCatalog): MatchCandidate[] {
  return catalog.profiles
    .flatMap((profile) => {
      const found = profile.match === null ? null : matchRule(profile.match, facts);
      return found === null ? [] : [{ id: profile.id, priority: profile.match?.priority ?? 50, ...found }];
    })
    .sort((a, b) => compare(a, b) || (a.id < b.id ? -1 : 1));
}

function compare(a: MatchCandidate, b: MatchCandidate): number {
  const stage = MATCH_STAGES.indexOf(a.stage) - MATCH_STAGES.indexOf(b.stage);
  return stage || b.priority - a.priority || a.position - b.position;
}

type Found = Pick<MatchCandidate, 'stage' | 'evidence' | 'position'>;

const MATCHERS: Record<MatchStage, (rule: MatchRule, facts: BoardFacts) => Omit<Found, 'stage'> | null> = {
  compatible(rule, { compatible }) {
    const position = compatible.findIndex((text) => rule.compatible?.some((p) => compatibleFits(p, text)));
    if (position < 0) return null;
    const evidence = `compatible ${quote(compatible[position] ?? '')} (${position + 1} of ${compatible.length})`;
    return { evidence, position };
  },
  model(rule, { model }) {
    if (rule.model === undefined || model === undefined || !testPattern(rule.model, model)) return null;
    return { evidence: `model ${quote(model)}`, position: 0 };
  },
  revision(rule, { revision }) {
    const decoded = rule.revision === undefined || revision === undefined ? null : decodePiRevision(revision);
    if (decoded === null || !rule.revision?.includes(decoded.type)) return null;
    return {
      evidence: `Raspberry Pi revision ${revision} (type 0x${decoded.type.toString(16)})`,
      position: 0,
    };
  },
  container(rule, { container }) {
    if (rule.container === undefined || container === undefined) return null;
    return { evidence: `runs in a container (${container.slice(0, 40)})`, position: 0 };
  },
  dmi(rule, { dmi = {} }) {
    for (const entry of rule.dmi ?? []) {
      const keys = (['sysVendor', 'productName', 'boardName'] as const).filter((k) => entry[k] !== undefined);
      const fits = keys.every((k) => dmi[k] !== undefined && testPattern(entry[k] as string, dmi[k]));
      if (keys.length > 0 && fits) {
        return { evidence: keys.map((k) => `DMI ${k} ${quote(dmi[k] ?? '')}`).join(' and '), position: 0 };
      }
    }
    return null;
  },
  arch(rule, { arch }) {
    const known = architecture(arch);
    if (known === null || !rule.arch?.includes(known)) return null;
    return { evidence: `architecture ${known}, nothing else matched`, position: 0 };
  },
};

function matchRule(rule: MatchRule, facts: BoardFacts): Found | null {
  for (const stage of MATCH_STAGES) {
    const found = MATCHERS[stage](rule, facts);
    if (found !== null) return { stage, ...found };
  }
  return null;
}

function compatibleFits(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}

/** Node's and `uname -m`'s names of an architecture; null for one that has no generic profile. */
export function architecture(arch: string): Architecture | null {
  switch (arch) {
    case 'x64':
    case 'x86_64':
    case 'amd64':
      return 'x64';
    case 'arm64':
    case 'aarch64':
      return 'arm64';
    case 'arm':
    case 'armv7':
    case 'armv7l':
      return 'armv7';
    default:
      return null;
  }
}

function otherReasons(candidates: readonly MatchCandidate[], chosen: string): string[] {
  return candidates
    .filter((c) => c.id !== chosen && c.stage !== 'arch')
    .map((c) => `${c.id} fits too, by ${c.evidence} (priority ${c.priority})`);
}

function unknownBoard(facts: BoardFacts, used: string): BoardNotice {
  const seen = [
    ...(facts.compatible.length > 0
      ? [`compatible ${facts.compatible.slice(0, 3).map(quote).join(', ')}`]
      : []),
    ...(facts.model === undefined ? [] : [`model ${quote(facts.model)}`]),
    ...(facts.dmi?.productName === undefined ? [] : [`product ${quote(facts.dmi.productName)}`]),
  ];
  return {
    code: 'board-unknown',
    // Nothing is amiss with a PC; a board with a device tree has sensors and limits that a profile would know.
    severity: facts.compatible.length > 0 ? 'warning' : 'info',
    title: 'no profile is for this board',
    text: `expected a board that a profile names; got ${seen.join(', ') || 'one that says nothing about itself'}: ${used} is used. Name another with --profile (gridvine profile list).`,
  };
}

function ambiguous(best: MatchCandidate, tie: MatchCandidate): BoardNotice {
  return {
    code: 'profile-ambiguous',
    severity: 'warning',
    title: 'two profiles fit this board equally well',
    text: `${best.id} and ${tie.id} both match by ${best.evidence} at priority ${best.priority}; ${best.id} is used. Give one a higher match.priority, or name one with --profile.`,
  };
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
