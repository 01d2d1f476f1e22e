import { formatDuration } from '#runtime/core/durations.ts';
import type { LeasesView, LeaseView, VoterView } from '#runtime/core/lease-views.ts';
import { shortId } from './format.ts';
import { type Colour, plain } from './output.ts';
import type { Column } from './table.ts';

/** The documents of `/v1/leases`. */
export type LeasesJson = LeasesView & { readonly self: string };
export interface LeaseJson {
  readonly lease: LeaseView;
}

type Paint = (colour: Colour, text: string) => string;

const STANDINGS: Readonly<Record<VoterView['standing'], string>> = {
  votes: 'this node votes',
  'no-roster': 'no voters are configured: see leases in the configuration',
  'no-voter': 'this node does not vote; it may hold leases',
  'not-entitled':
    "this node abstains: the root's policy gives its certificate no vote; see gridvine ca policy",
  twin: 'this node abstains: another device lives under its identity',
  unsaved: 'this node abstains: its promises can not be saved; see gridvine status',
  'roster-conflict': 'this node abstains: two rosters have the same version; see gridvine status',
  waits: 'this node abstains: its storage was lost, and promises may still stand',
  learns: 'this node abstains: its storage was lost, and it learns from the other voters',
};

/** All leases as a table, and lines on the voters. */
export function leasesLines(
  { leases, roster, voter }: LeasesJson,
  paint: Paint,
): { readonly columns: readonly Column[]; readonly rows: string[][]; readonly lines: string[] } {
  const columns: Column[] = [
    { title: 'LEASE' },
    { title: 'STATE' },
    { title: 'HOLDER', flexible: true },
    { title: 'FENCE', align: 'right' },
    { title: 'VOTES', align: 'right' },
    { title: 'HERE' },
  ];
  const rows = leases.map((lease) => [
    lease.name,
    paintState(lease, paint),
    holderOf(lease),
    lease.fence === null ? '' : String(lease.fence),
    String(lease.votes),
    ownText(lease),
  ]);
  return { columns, rows, lines: [...rosterLines(roster, paint), STANDINGS[voter.standing]] };
}

function rosterLines(roster: LeasesView['roster'], paint: Paint): string[] {
  if (roster === null) return [];
  const names = roster.voters.map(({ id, name, state, set }) => {
    const about = [...(state === 'alive' ? [] : [state]), ...(set === 'previous' ? ['until now'] : [])];
    const text = `${plain(name ?? shortId(id))}${about.length === 0 ? '' : ` (${about.join(', ')})`}`;
    return state === 'alive' ? text : paint('yellow', text);
  });
  const unsettled = roster.settled === false ? '; the roster before is not out of use yet' : '';
  return [`voters, version ${roster.version}: ${names.join(', ')}${unsettled}`];
}

/** One lease for people. */
export function leaseLines(lease: LeaseView, paint: Paint): string[] {
  const { name, fence, ttlMs, votes } = lease;
  const held = [
    `lease ${name}: ${paintState(lease, paint)}`,
    ...(lease.holder === null ? [] : [`by ${holderOf(lease)}`]),
    ...(fence === null ? [] : [`under fence ${fence}`]),
    ...(ttlMs === null ? [] : [`for ${formatDuration(ttlMs)}, renewed`]),
    ...(votes === 0 ? [] : [`votes ${votes}`]),
  ];
  const own = ownText(lease);
  return [held.join(', '), ...(own === '' ? [] : [`here: ${own}`])];
}

function paintState({ state }: LeaseView, paint: Paint): string {
  if (state === 'held') return paint('green', state);
  return state === 'unsettled' ? paint('yellow', state) : paint('dim', state);
}

function holderOf({ holder, node }: LeaseView): string {
  return holder === null ? '' : plain(node ?? shortId(holder));
}

function ownText({ own }: LeaseView): string {
  if (own === null) return '';
  if (own.state === 'asking') return 'asks for it';
  return `held, ${formatDuration(own.leftMs ?? 0)} left`;
}
