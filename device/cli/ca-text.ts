import { formatDuration } from '#runtime/core/durations.ts';
import { formatSeconds } from '#runtime/pki/refusal.ts';
import type { CaJson, CertificateJson, NamedId, PolicyJson, RosterJson } from '../ca/ca-view.ts';
import type { ObjectJson } from '../ca/object-view.ts';
import type { CliIo } from './io.ts';
import { type Colour, painter, plain, printLines } from './output.ts';
import { printTable } from './table.ts';

const COLOURS: Readonly<Record<string, Colour>> = {
  valid: 'green',
  signs: 'green',
  accepted: 'green',
  'ends-soon': 'yellow',
  'not-yet-valid': 'yellow',
  expired: 'red',
  revoked: 'red',
  retired: 'dim',
};

/** `gridvine ca show` for people. */
export function printCa(io: CliIo, ca: CaJson): void {
  const paint = painter(io);
  const coloured = (state: string) => paint(COLOURS[state] ?? 'dim', state);
  printLines(io, [`cluster ${paint('bold', plain(ca.cluster))}`, '']);
  printTable(
    io,
    [{ title: 'ROOT' }, { title: 'STATE' }, { title: 'UNTIL', flexible: true }],
    ca.roots.map(({ id, state, expiresMs }) => [id, coloured(state), formatSeconds(expiresMs / 1_000)]),
  );
  printLines(io, ['']);
  if (ca.certificates.length === 0) printLines(io, ['no certificate was issued yet']);
  else
    printTable(
      io,
      [
        { title: 'NAME' },
        { title: 'STATE' },
        { title: 'UNTIL' },
        { title: 'SERIAL' },
        { title: 'GROUPS', flexible: true, wrap: 'words' },
      ],
      ca.certificates.map((one) => [
        plain(one.name),
        coloured(one.state ?? '-'),
        formatSeconds(one.expiresMs / 1_000),
        one.serial,
        groupsText(one),
      ]),
    );
  if (ca.revocations.length > 0) {
    printLines(io, ['']);
    printTable(
      io,
      [
        { title: 'REVOKED' },
        { title: 'WHICH' },
        { title: 'AT' },
        { title: 'WHY', flexible: true, wrap: 'words' },
      ],
      ca.revocations.map((one) => [
        one.kind,
        one.target,
        formatSeconds(one.revokedAtMs / 1_000),
        plain(one.reason),
      ]),
    );
  }
  const soon = ca.certificates.filter(({ state }) => state === 'ends-soon').map(({ name }) => plain(name));
  if (soon.length > 0) printLines(io, ['', `${paint('yellow', 'end soon')}: ${soon.join(', ')}`]);
}

/** A policy for people. */
export function printPolicy(io: CliIo, { number, writes, rights }: PolicyJson): void {
  const who = (groups: readonly string[]) =>
    groups.length === 0 ? 'nobody' : groups[0] === '*' ? 'everybody' : groups.join(', ');
  printLines(io, [number === 0 ? 'the default policy: none was signed yet' : `policy number ${number}`, '']);
  printTable(
    io,
    [{ title: 'WHAT' }, { title: 'WHO', flexible: true, wrap: 'words' }],
    [
      ...Object.entries(writes).map(([prefix, groups]) => [
        prefix === '' ? 'write any other key' : `write ${plain(prefix)}`,
        who(groups),
      ]),
      ...Object.entries(rights).map(([right, groups]) => [right, who(groups)]),
    ],
  );
}

/** Who votes on leases, for people. */
export function printRoster(io: CliIo, { version, voters, previous }: RosterJson): void {
  if (version === 0) {
    printLines(io, ['nobody votes on leases yet: gridvine ca roster NAME...']);
    return;
  }
  const names = (list: readonly NamedId[]) => list.map(({ id, name }) => `  ${plain(name ?? '-')}  ${id}`);
  printLines(io, [
    `roster version ${version}: who votes on leases`,
    ...names(voters),
    ...(previous.length === 0
      ? []
      : ['until it has settled a majority of these is needed too:', ...names(previous)]),
  ]);
}

/** One object of a file for people. */
export function printObject(io: CliIo, object: ObjectJson): void {
  printLines(io, linesOf(object));
}

function linesOf(object: ObjectJson): readonly string[] {
  switch (object.kind) {
    case 'certificate': {
      const { certificate } = object;
      return [
        `certificate of ${plain(certificate.name)}`,
        `  cluster  ${plain(certificate.cluster)}`,
        `  id       ${certificate.id}`,
        `  serial   ${certificate.serial}`,
        `  groups   ${groupsText(certificate)}`,
        `  issuer   ${certificate.issuer}`,
        `  valid    ${formatSeconds(certificate.notBeforeMs / 1_000)} to ${formatSeconds(certificate.expiresMs / 1_000)}`,
      ];
    }
    case 'root':
      return [
        `root ${object.id} of cluster ${plain(object.cluster)}, until ${formatSeconds(object.expiresMs / 1_000)}`,
        ...(object.endorsedBy === null ? [] : [`  endorsed by ${object.endorsedBy}`]),
      ];
    case 'request':
      return [`request of ${plain(object.name)} for cluster ${plain(object.cluster)}, id ${object.id}`];
    default:
      return [`${object.kind} by ${object.signedBy}`];
  }
}

function groupsText({ groups, registrar }: CertificateJson): string {
  const own = groups.length === 0 ? '-' : groups.join(', ');
  if (registrar === null) return own;
  return `${own}; may issue ${registrar.groups.join(', ') || 'no group'} for up to ${formatDuration(registrar.longestMs)}`;
}
