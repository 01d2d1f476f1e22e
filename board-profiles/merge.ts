import { GridvineError } from '#runtime/core/errors.ts';
import { type BoardProfile, INTERFACE_RULE_DEFAULTS, type InterfaceRule } from './profile.ts';
import type { InterfaceRuleSource, ProfileSource } from './schema.ts';

const DEPTH_MAX = 8;
const INHERITED = ['sensors', 'limits', 'watchdog', 'storage', 'clock'] as const;

/**
 * Resolves `extends` and merges, the nearest profile last:
 * - sections (`sensors`, `limits`...) key by key; a list or null replaces what it inherits as a whole;
 * - `interfaces` by the rules' `id`: a rule known to the parent changes it key by key in its place, new rules come first;
 * - `serialPorts` as a whole; `id`, `title` and `match` are never inherited.
 *
 * @param id the profile to resolve
 * @param sources all profiles by id, each one checked
 * @throws GridvineError `E_CONFIG` for an unknown id, a circle, a chain longer than 8, or a section that nobody fills
 */
export function resolveProfile(id: string, sources: ReadonlyMap<string, ProfileSource>): BoardProfile {
  const chain = chainOf(id, sources);
  const own = chain[0] as ProfileSource;
  const merged: Record<string, unknown> = {};
  for (const section of INHERITED) {
    merged[section] = Object.assign({}, ...chain.map((source) => source[section] ?? {}).reverse());
  }
  const profile = {
    schema: 1,
    id: own.id,
    title: own.title,
    lineage: chain.map((source) => source.id),
    match: own.match ?? null,
    interfaces: mergeRules(chain),
    ...merged,
    serialPorts: (chain.find((source) => source.serialPorts !== undefined)?.serialPorts ?? []).map(
      (port) => ({ rs485: false, ...port }),
    ),
  } as unknown as BoardProfile;
  assertComplete(profile);
  return profile;
}

function chainOf(id: string, sources: ReadonlyMap<string, ProfileSource>): ProfileSource[] {
  const chain: ProfileSource[] = [];
  for (let next: string | undefined = id; next !== undefined; ) {
    const source = sources.get(next);
    const seen = chain.map((s) => s.id);
    if (seen.includes(next)) {
      throw new GridvineError(
        'E_CONFIG',
        `profile ${id}: extends itself (${[...seen, next].join(' -> ')}); remove one "extends"`,
      );
    }
    if (source === undefined) {
      const where = chain.length === 0 ? '' : `profile ${seen.at(-1)}: extends: `;
      throw new GridvineError('E_CONFIG', `${where}${unknownProfile(next, sources.keys())}`);
    }
    chain.push(source);
    if (chain.length > DEPTH_MAX) {
      throw new GridvineError(
        'E_CONFIG',
        `profile ${id}: expected at most ${DEPTH_MAX} profiles in a chain of "extends"; got ${seen.join(' -> ')} and more`,
      );
    }
    next = source.extends;
  }
  return chain;
}

/** The message for a profile name that isn't known. */
export function unknownProfile(id: string, known: Iterable<string>): string {
  return `expected the id of a profile, one of ${[...known].sort().join(', ')}; got ${JSON.stringify(id.slice(0, 60))}`;
}

function mergeRules(chain: readonly ProfileSource[]): InterfaceRule[] {
  let rules: InterfaceRuleSource[] = [];
  for (const source of chain.toReversed()) {
    const own = source.interfaces ?? [];
    const inherited = rules;
    const changed = inherited.map((rule) => ({ ...rule, ...own.find((o) => o.id === rule.id) }));
    const added = own.filter((rule) => !inherited.some((r) => r.id === rule.id));
    rules = [...added, ...changed];
  }
  return rules.map((rule) => {
    if (rule.name === undefined) {
      throw new GridvineError(
        'E_CONFIG',
        `profile ${chain[0]?.id}: interfaces: rule "${rule.id}" has no name pattern, and no parent has a rule of that id; add "name"`,
      );
    }
    return { ...INTERFACE_RULE_DEFAULTS, ...rule } as InterfaceRule;
  });
}

/** Every key of a resolved profile's sections, so that a chain without the common base is found at load, not at use. */
const SECTION_KEYS: { [K in (typeof INHERITED)[number]]: readonly (keyof BoardProfile[K] & string)[] } = {
  sensors: ['thermalZones', 'throttlePath', 'undervoltageHwmon', 'warnCelsius', 'critCelsius'],
  limits: ['heapMiBMax', 'recordsMax', 'ownersMax'],
  watchdog: ['mode', 'serviceTimeoutMs', 'hardwareTimeoutMsMax'],
  storage: ['medium', 'syncIntervalMs', 'spoolMiBMax', 'freePercentMin'],
  clock: ['rtc'],
};

function assertComplete(profile: BoardProfile): void {
  const { warnCelsius, critCelsius } = profile.sensors;
  for (const section of INHERITED) {
    const values = profile[section] as Readonly<Record<string, unknown>>;
    const missing = SECTION_KEYS[section].filter((key) => values[key] === undefined);
    if (missing.length > 0) {
      const keys = missing.map((key) => `${section}.${key}`).join(', ');
      throw new GridvineError(
        'E_CONFIG',
        `profile ${profile.id}: ${keys} missing; add ${missing.length === 1 ? 'it' : 'them'}, or "extends": "linux-common"`,
      );
    }
  }
  if (warnCelsius >= critCelsius) {
    throw new GridvineError(
      'E_CONFIG',
      `profile ${profile.id}: sensors.critCelsius: expected more than warnCelsius (${warnCelsius}); got ${critCelsius}`,
    );
  }
}
