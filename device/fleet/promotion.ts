import type { MemberView } from '#runtime/core/views.ts';
import type { BoardReport } from './board-report.ts';
import { type FleetDocument, nameOf, versionOf } from './document.ts';
import { isStaged } from './stage.ts';

/** A member and what it says of itself. */
export interface ReportingMember {
  readonly member: Pick<MemberView, 'id' | 'name' | 'state' | 'tags'>;
  /** undefined: it says nothing of the fleet's settings. */
  readonly report: BoardReport | undefined;
}

/** Whether a member is one of those that try a document. One that said goodbye, or takes no settings of the fleet, isn't asked. */
export function tries({ counter, stage }: FleetDocument, { member, report }: ReportingMember): boolean {
  if (report?.accepts === false) return false;
  return stage !== null && member.state !== 'left' && isStaged(stage, counter, member);
}

/** Why what some boards try shouldn't count for all yet, a sentence each; none: nothing speaks against it. */
export function objectionsTo(document: FleetDocument, members: readonly ReportingMember[]): string[] {
  const trying = members.filter((one) => tries(document, one));
  if (trying.length === 0) return [`no board tries ${nameOf(document)}`];
  return trying.flatMap((one) => objectionOf(document, one));
}

function objectionOf(document: FleetDocument, { member, report }: ReportingMember): string[] {
  const version = versionOf(document);
  if (member.state !== 'alive') return [`${member.name} is ${member.state}`];
  if (report?.refused?.version === version) return [`${member.name} refuses it: ${report.refused.why}`];
  if (report?.running !== version) return [`${member.name} doesn't run it yet`];
  if (report.unwell.length > 0) return [`${member.name} is not well since: ${report.unwell.join(', ')}`];
  return [];
}
