import type { InterfaceRuleSource, LinkKind, MatchRule, MulticastUse, ProfileSource } from './schema.ts';

type Complete<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };
type Section<K extends keyof ProfileSource> = Complete<NonNullable<ProfileSource[K]>>;

/** A rule of a resolved profile: the first rule whose `name` fits an interface decides about it. */
export type InterfaceRule = Complete<InterfaceRuleSource>;

/** A profile with everything that it extends merged in: no section is missing. */
export interface BoardProfile {
  readonly schema: 1;
  readonly id: string;
  readonly title: string;
  /** This profile, then the ones that it extends, nearest first. */
  readonly lineage: readonly string[];
  /** Its own match rule; one without is only used by name, or extended. */
  readonly match: Readonly<MatchRule> | null;
  readonly interfaces: readonly InterfaceRule[];
  readonly sensors: Section<'sensors'>;
  readonly limits: Section<'limits'>;
  readonly watchdog: Section<'watchdog'>;
  readonly storage: Section<'storage'>;
  readonly serialPorts: readonly { readonly path: string; readonly label: string; readonly rs485: boolean }[];
  readonly clock: Section<'clock'>;
}

/** What a rule means where neither it nor its parents say anything. */
export const INTERFACE_RULE_DEFAULTS: Omit<InterfaceRule, 'id' | 'name'> = {
  kind: 'wired',
  priority: 50,
  multicast: 'full',
  mtu: null,
  presenceIntervalMs: 1000,
  bytesPerSecondMax: null,
  bytesPerMonthMax: null,
  metered: false,
  ignore: false,
};

/** A lasting condition for people: the daemon turns it into a health item and adds since when. */
export interface BoardNotice {
  /** Stable, kebab-case. */
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'error';
  readonly title: string;
  /** What was expected, what came, the next step. */
  readonly text: string;
}

export type { LinkKind, MulticastUse };
