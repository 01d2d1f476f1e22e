import type { LeasesView } from '../core/lease-views.ts';
import type { HealthNotice } from './health-board.ts';

export const LEASES_UNSAVED = 'leases-unsaved';
export const LEASE_HEALTH_CODES = ['lease-voter-abstains', 'lease-roster-not-followed'] as const;

/** The medium takes no promises. @param code of the platform. */
export function leasesUnsaved(code: string): HealthNotice {
  return {
    severity: 'failure',
    title: 'this voter abstains: its promises are not saved',
    text: `The data directory can't be written (${code}), so this node votes on no lease: what it promised would be forgotten by a restart. Free some space or make the directory writable; it tries again by itself.`,
  };
}

/** What is worth knowing of this node's vote on leases, by code. */
export function leaseHealth({ roster, voter }: LeasesView): ReadonlyMap<string, HealthNotice> {
  const found = new Map<string, HealthNotice>();
  const text = abstention(voter);
  if (text !== undefined)
    found.set('lease-voter-abstains', {
      severity: 'warning',
      title: 'this node does not vote on leases',
      text,
    });
  if (roster !== null && voter.givenVersion !== null && voter.standing !== 'roster-conflict')
    found.set('lease-roster-not-followed', {
      severity: 'warning',
      title: 'the roster that was given is not followed',
      text:
        voter.givenVersion < roster.version
          ? `Given is version ${voter.givenVersion} of the voters; this node follows version ${roster.version} already and goes back to none. Put the present roster into the configuration.`
          : `Given is version ${voter.givenVersion} of the voters; this node follows version ${roster.version} until that is settled: a majority of the voters before must have taken it up, a minute ago. See gridvine lease list.`,
    });
  return found;
}

function abstention({ standing, missing, waitMs }: LeasesView['voter']): string | undefined {
  switch (standing) {
    case 'twin':
      return 'Another device lives under this identity: two votes of one voter could make two holders. Stop one of them and give it a data directory of its own.';
    case 'not-entitled':
      return "The root's roster names this node, and the root's policy gives its certificate no vote. Give a group of it the right: gridvine ca policy --right vote=GROUP, then gridvine ca publish.";
    case 'roster-conflict':
      return 'It was given other voters under a version that it follows already. Give the changed roster a higher version, on all nodes alike.';
    case 'waits':
      return `Its storage was lost or is an old one: promises that it has forgotten may still stand. It waits ${Math.ceil((waitMs ?? 0) / 1000)} s more, then asks the other voters; nothing to do.`;
    case 'learns':
      return `It can't know all that was promised before (its storage was lost or is an old one, or it never followed the roster before), and ${missing} more of the other voters must answer that know what they promised. If a majority has lost its storage only you can go on: run gridvine lease recover --fence-above N on each of them, N above every fence that was ever used.`;
    default:
      return undefined;
  }
}
