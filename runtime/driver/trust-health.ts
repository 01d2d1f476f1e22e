import { formatDuration } from '../core/durations.ts';
import type { TrustView } from '../core/trust-view.ts';
import { formatSeconds } from '../pki/refusal.ts';
import type { HealthNotice } from './health-board.ts';

/** So long before its end a certificate is spoken of, in seconds: 30 days. */
export const ENDS_SOON_SECONDS = 30 * 86_400;
/** A wall clock this far behind is wrong beyond doubt; those of CAs differ by less. In seconds. */
const CLOCK_BEHIND_SECONDS = 120;
const ADDRESSES_SHOWN_MAX = 5;

export interface TrustHealthFacts {
  readonly view: TrustView;
  /** This machine's wall clock, in seconds since 1970. It decides nothing; people are told by it. */
  readonly wallSeconds: number;
  /** This node's name as configured. */
  readonly name: string;
  /** Whom it calls to be let in. */
  readonly calls: readonly string[];
}

const RENEW =
  'Make a request (gridvine identity request), have the CA issue it (gridvine ca issue), and gridvine identity install the result';

/** What is worth knowing about this node's standing in a cluster of certificates, by code. */
export function trustHealth(facts: TrustHealthFacts): ReadonlyMap<string, HealthNotice> {
  const found = new Map<string, HealthNotice>();
  const own = ownCertificate(facts);
  if (own !== undefined) found.set(own.code, own.notice);
  const { view, wallSeconds, calls } = facts;
  if (view.epoch === null && view.own.standing)
    found.set('not-admitted', notAdmitted(view.own.groups, calls));
  if (wallSeconds + CLOCK_BEHIND_SECONDS < view.floorSeconds)
    found.set('clock-behind', {
      severity: 'info',
      title: "this machine's clock is behind",
      text: `It says ${formatSeconds(wallSeconds)}; by what the CA signed it is at least ${formatSeconds(view.floorSeconds)}. Certificates are judged by the latter, so nothing is lost but the times of the log. Set the clock, or give the board a time server.`,
    });
  return found;
}

export const TRUST_HEALTH_CODES = [
  'certificate-ends-soon',
  'certificate-expired',
  'certificate-revoked',
  'certificate-unfit',
  'certificate-name',
  'not-admitted',
  'clock-behind',
] as const;

interface Found {
  readonly code: (typeof TRUST_HEALTH_CODES)[number];
  readonly notice: HealthNotice;
}

function ownCertificate({
  view: { own, floorSeconds },
  wallSeconds,
  name,
}: TrustHealthFacts): Found | undefined {
  if (!own.standing) return lapsed(own);
  const leftSeconds = own.expires - Math.max(floorSeconds, wallSeconds);
  const until = formatSeconds(own.expires);
  if (leftSeconds <= 0)
    return {
      code: 'certificate-expired',
      notice: {
        severity: 'failure',
        title: "this node's certificate has expired",
        text: `It ended at ${until} by this machine's clock; the other members put this node out as soon as they know that it is so late. ${RENEW}; then restart.`,
      },
    };
  if (leftSeconds < ENDS_SOON_SECONDS)
    return {
      code: 'certificate-ends-soon',
      notice: {
        severity: 'warning',
        title: "this node's certificate ends soon",
        text: `It ends at ${until}, in ${formatDuration(leftSeconds * 1_000)}. ${RENEW}; then restart.`,
      },
    };
  if (own.name === name) return undefined;
  return {
    code: 'certificate-name',
    notice: {
      severity: 'info',
      title: 'this node has another name than its certificate',
      text: `It is configured as ${JSON.stringify(name)} and certified as ${JSON.stringify(own.name)}. Both are for people only, but whoever revokes a board by its name means the certificate's. Set name, or have it certified anew.`,
    },
  };
}

/** In the words of whoever judged it, which say what to do. */
function lapsed({ reason, text }: { readonly reason: string; readonly text: string }): Found {
  if (reason === 'expired')
    return {
      code: 'certificate-expired',
      notice: {
        severity: 'failure',
        title: "this node's certificate has expired",
        text: `${sentence(text)} The other members don't let this node in. ${RENEW}; then restart.`,
      },
    };
  if (reason === 'revoked')
    return {
      code: 'certificate-revoked',
      notice: {
        severity: 'failure',
        title: 'this node is revoked',
        text: `${sentence(text)} It can read and write nothing in this cluster.`,
      },
    };
  return {
    code: 'certificate-unfit',
    notice: {
      severity: 'failure',
      title: "this node's certificate does not count",
      text: `${sentence(text)} (${reason})`,
    },
  };
}

function notAdmitted(groups: readonly string[], calls: readonly string[]): HealthNotice {
  const shown = calls.slice(0, ADDRESSES_SHOWN_MAX).join(', ');
  const more = calls.length > ADDRESSES_SHOWN_MAX ? ` and ${calls.length - ADDRESSES_SHOWN_MAX} more` : '';
  const whom = calls.length === 0 ? 'whomever it hears by multicast' : `${shown}${more}`;
  return {
    severity: 'warning',
    title: 'nobody has let this node in yet',
    text: `It calls ${whom}. See that one of them runs and can be reached by UDP. A cluster is founded by a member that may mint epochs (by default of the group keymaster); this node's groups are: ${groups.join(', ') || 'none'}.`,
  };
}

function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}

const DENIED: Readonly<Record<string, string>> = {
  revoked: 'This board was put out. To let it in again give it a new identity, and have the CA certify that',
  expired: `Its certificate has ended. ${RENEW}; then restart`,
  'not-yet-valid':
    "Its certificate begins later than that member's time. Look at the CA's clock, or bring gridvine-ca/fleet.statements to that member: gridvine ca publish",
  'unknown-issuer':
    "The two trust different roots. Compare root.cert on both boards with the CA's; after a rotation of the root: gridvine ca publish fleet.statements on a live board",
  'wrong-cluster': 'Compare the names of the clusters on both boards',
  'registrar-exceeds': 'Its registrar gave more than it may: have the CA issue the certificate',
  'key-mismatch':
    "The certificate isn't for this board's keys: make a new request and have the CA issue it again",
};
const DENIED_ELSE =
  'Install the certificate again: gridvine identity install, and compare the versions of gridvine';

/** Somebody doesn't let this node in. `isProven`: this node would let that one in. */
export function deniedNotice(denied: {
  readonly reason: string;
  readonly address: string;
  readonly isProven: boolean;
}): HealthNotice {
  const { reason, address, isProven } = denied;
  const worth = isProven
    ? 'a member of this cluster'
    : 'whom this node would not let in either, so that it is a hint only';
  return {
    severity: isProven ? 'failure' : 'warning',
    title: `this node is not let in: ${reason}`,
    text: `So says ${address}, ${worth}. ${DENIED[reason] ?? DENIED_ELSE}.`,
  };
}
