import type { InterfaceDecision } from '#profiles/interface-decision.ts';
import { nameFits } from '#profiles/name-list.ts';
import { testPattern } from '#profiles/pattern.ts';
import type { BoardProfile } from '#profiles/profile.ts';
import { DEFAULT_PORT } from '#runtime/core/endpoint.ts';
import { GridvineError } from '#runtime/core/errors.ts';
import type { Link } from '#runtime/engine/contract.ts';
import type { InterfaceTable } from '#runtime/transport/interface-table.ts';
import type { Bind } from '#runtime/transport/udp-unicast.ts';
import { budgetOf } from '../config/interface-budget.ts';

/** Where the node listens, and on which links. */
export interface NetworkPlan {
  readonly bind: readonly Bind[];
  readonly links: readonly Link[];
  /** Byte budgets of those links that have one. */
  readonly linkBytesPerSecond: Readonly<Record<string, number>>;
}

export interface NetworkPlanOptions {
  /** What the profile decided about each interface. */
  readonly decisions: readonly InterfaceDecision[];
  readonly profile: BoardProfile;
  /** The host's interfaces, to find the one of an address. */
  readonly table: InterfaceTable;
  /** Addresses in the user's words; empty: every address of the chosen interfaces. */
  readonly bind: readonly { readonly address: string; readonly port: number }[];
  readonly only: readonly string[];
  readonly exclude: readonly string[];
  readonly multicast: boolean;
  /** Default true; false: no socket is opened, and the links only say where an HTTP listener is reached. */
  readonly udp?: boolean;
  /** Bytes a second by name or pattern, in the user's words; null: no limit. Wins over the profile. */
  readonly budgets: Readonly<Record<string, number | null>>;
}

const ANY = { ipv4: '0.0.0.0', ipv6: '::' } as const;
const WILDCARDS: ReadonlySet<string> = new Set(Object.values(ANY));

/** Whether an address stands for all addresses of the chosen interfaces. */
export function isWildcard(address: string): boolean {
  return WILDCARDS.has(address);
}

/**
 * Turns decisions about interfaces into sockets to open. Interfaces that would be used but have no link or no address yet
 * are in it too: the node opens their sockets when they come up.
 * @throws GridvineError `E_ADDRESS` for a bind address that isn't one of this machine's.
 */
export function planNetwork(options: NetworkPlanOptions): NetworkPlan {
  const plan = planSockets(options);
  const budgets = plan.links.flatMap(({ name }) => {
    const said = budgetOf(options.budgets, name);
    const budget = said === undefined ? profilesBudget(name, options) : said;
    return budget === null ? [] : [[name, budget] as const];
  });
  const linkBytesPerSecond = Object.fromEntries(budgets);
  if (options.udp !== false) return { ...plan, linkBytesPerSecond };
  return { bind: [], links: plan.links.map(({ name }) => ({ name, multicast: 'off' })), linkBytesPerSecond };
}

function planSockets(options: NetworkPlanOptions): Pick<NetworkPlan, 'bind' | 'links'> {
  const chosen = chosenLinks(options);
  if (options.bind.length === 0) {
    const bind = chosen.flatMap(({ name, families }) =>
      families.map((family) => ({ address: ANY[family], port: DEFAULT_PORT, link: name })),
    );
    return { bind, links: chosen.map(({ name, multicast }) => ({ name, multicast })) };
  }
  const bind = options.bind.flatMap((entry) =>
    isWildcard(entry.address)
      ? chosen.map(({ name }) => ({ ...entry, link: name }))
      : [{ ...entry, link: linkOf(entry.address, options.table) }],
  );
  const names = [...new Set(bind.map(({ link }) => link))];
  return { bind, links: names.map((name) => ({ name, multicast: multicastOn(name, options) })) };
}

interface ChosenLink extends Link {
  readonly families: readonly (keyof typeof ANY)[];
}

function chosenLinks(options: NetworkPlanOptions): ChosenLink[] {
  const known = options.decisions
    .filter((decision) => decision.use || isAwaited(decision, options))
    .map((decision) => ({
      name: decision.name,
      multicast: multicastOn(decision.name, options),
      families: familiesOf(decision),
    }));
  // A named adapter may be plugged in later.
  const absent = options.only
    .filter((name) => !name.includes('*') && !options.decisions.some((decision) => decision.name === name))
    .map((name) => ({ name, multicast: multicastOn(name, options), families: ['ipv4' as const] }));
  return [...known, ...absent];
}

/** Whether it would be used if it were up and had an address. */
function isAwaited(decision: InterfaceDecision, { profile, only, exclude }: NetworkPlanOptions): boolean {
  if (decision.kind === 'loopback' || nameFits(exclude, decision.name)) return false;
  if (only.length > 0) return nameFits(only, decision.name);
  const rule = profile.interfaces.find(({ id }) => id === decision.rule);
  return rule !== undefined && !rule.ignore && !rule.metered;
}

/** IPv6 where it reaches further than the link, or where there is nothing else. */
function familiesOf({ addresses }: InterfaceDecision): (keyof typeof ANY)[] {
  const ipv4 = addresses.some((address) => address.family === 'ipv4');
  const ipv6 = addresses.filter((address) => address.family === 'ipv6');
  if (addresses.length === 0 || ipv6.length === 0) return ['ipv4'];
  if (!ipv4) return ['ipv6'];
  return ipv6.some((address) => address.scope === 'global') ? ['ipv4', 'ipv6'] : ['ipv4'];
}

function profilesBudget(name: string, { decisions, profile }: NetworkPlanOptions): number | null {
  const decision = decisions.find((known) => known.name === name);
  // Of an adapter that isn't plugged in only the name is known.
  const source = decision ?? profile.interfaces.find((rule) => testPattern(rule.name, name));
  return source?.bytesPerSecondMax ?? null;
}

function multicastOn(name: string, { decisions, multicast }: NetworkPlanOptions): Link['multicast'] {
  if (!multicast) return 'off';
  return decisions.find((decision) => decision.name === name)?.multicast ?? 'full';
}

function linkOf(address: string, table: InterfaceTable): string {
  const entry = table.entries.find((own) => own.address === address);
  // All of 127.0.0.0/8 is this machine's, though only one address is listed.
  const link = entry?.link ?? (address.startsWith('127.') ? table.linkOf(address) : undefined);
  if (link !== undefined) return link;
  const own = table.entries.map((known) => known.address).join(', ');
  throw new GridvineError('E_ADDRESS', `bind: expected an address of this machine (${own}); got ${address}`);
}
