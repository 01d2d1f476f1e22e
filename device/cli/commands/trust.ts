import { Command } from 'commander';
import { formatSeconds } from '#runtime/pki/refusal.ts';
import { ApiClient } from '../api-client.ts';
import { jsonOption, socketOption } from '../arguments.ts';
import type { CertificateStandingJson, TrustJson } from '../documents.ts';
import type { CliIo } from '../io.ts';
import { type Colour, painter, plain, printJson, printLines } from '../output.ts';
import { printTable } from '../table.ts';

const STANDING_COLOURS: Readonly<Record<string, Colour>> = { valid: 'green', revoked: 'red', expired: 'red' };

/** `gridvine trust`: what this node lives by in a cluster of certificates. */
export function trustCommand(io: CliIo): Command {
  return new Command('trust')
    .addOption(jsonOption())
    .addOption(socketOption())
    .addHelpText(
      'after',
      '\nTo put a board out, revoke it at the CA and bring the statement to any live board:\n' +
        '  gridvine ca revoke NAME --out stolen.txt\n' +
        '  gridvine ca publish stolen.txt',
    )
    .action(async ({ json, socket }: { json?: true; socket?: string }) => {
      const trust = await new ApiClient({ io, socket }).call<TrustJson>('GET', '/v1/trust');
      if (json) printJson(io, trust);
      else if (trust.mode === 'psk')
        printLines(io, ['this cluster has a pre-shared key and no certificates; see: gridvine keys list']);
      else printTrust(io, trust);
    });
}

function printTrust(io: CliIo, trust: TrustJson): void {
  const paint = painter(io);
  const label = (name: string, text: string) => `${paint('dim', name.padEnd(11))} ${text}`;
  printLines(io, [
    label('epoch', epochText(trust)),
    label('certificate', standingText(trust.own)),
    label('policy', trust.policy ? `number ${trust.policy}` : 'the default one'),
    label('voters', trust.roster ? `version ${trust.roster}; see gridvine lease list` : 'none were named'),
    label('time', `at least ${formatSeconds((trust.floorMs ?? 0) / 1_000)}, by what the CA signed`),
    '',
  ]);
  printTable(
    io,
    [
      { title: 'CERTIFIED' },
      { title: 'ID' },
      { title: 'STANDING' },
      { title: 'UNTIL' },
      { title: 'MEMBER' },
      { title: 'GROUPS', flexible: true, wrap: 'words' },
    ],
    trust.members.map(({ id, name, standing, expiresMs, state, groups }) => [
      plain(name),
      id.slice(0, 8),
      paint(STANDING_COLOURS[standing] ?? 'dim', standing),
      formatSeconds(expiresMs / 1_000),
      id === trust.self ? 'this node' : (state ?? '-'),
      groups.map(plain).join(', ') || '-',
    ]),
  );
  if (trust.revoked.length === 0) return;
  printLines(io, ['']);
  printTable(
    io,
    [
      { title: 'REVOKED' },
      { title: 'WHICH' },
      { title: 'AT' },
      { title: 'WHY', flexible: true, wrap: 'words' },
    ],
    trust.revoked.map(({ kind, target, revokedAtMs, reason }) => [
      kind,
      target,
      formatSeconds(revokedAtMs / 1_000),
      plain(reason),
    ]),
  );
}

function epochText({ epoch, next }: TrustJson): string {
  if (epoch === null) return 'none: nobody has let this node in yet; see: gridvine status';
  return next === null ? String(epoch) : `${epoch}, ${next} is about to follow`;
}

/** How an own certificate stands, in a line. */
export function standingText(own: CertificateStandingJson | null): string {
  if (own === null) return 'none';
  if (!own.standing) return `does not count: ${plain(own.text ?? own.reason ?? '')}`;
  const groups = own.groups.map(plain).join(', ') || 'no group';
  return `${plain(own.name ?? '')} (${groups}) until ${formatSeconds((own.expiresMs ?? 0) / 1_000)}`;
}
