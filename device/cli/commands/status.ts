import { Command } from 'commander';
import { formatByteRate } from '#runtime/core/byte-rates.ts';
import { formatDuration } from '#runtime/core/durations.ts';
import { formatSeconds } from '#runtime/pki/refusal.ts';
import { ApiClient } from '../api-client.ts';
import { jsonOption, socketOption } from '../arguments.ts';
import type { HealthJson, StatusJson } from '../documents.ts';
import { formatBytes } from '../format.ts';
import type { CliIo } from '../io.ts';
import { type Colour, painter, plain, printJson, printLines } from '../output.ts';

const SEVERITY_COLOURS: Readonly<Record<HealthJson['severity'], Colour>> = {
  info: 'dim',
  warning: 'yellow',
  failure: 'red',
};

/** `gridvine status`: this node on one screen. */
export function statusCommand(io: CliIo): Command {
  return new Command('status')
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async ({ json, socket }: { json?: true; socket?: string }) => {
      const status = await new ApiClient({ io, socket }).call<StatusJson>('GET', '/v1/status');
      if (json) printJson(io, status);
      else printLines(io, statusLines(io, status));
    });
}

function statusLines(io: CliIo, status: StatusJson): string[] {
  const paint = painter(io);
  const label = (name: string, text: string) => `${paint('dim', name.padEnd(9))} ${text}`;
  const up = formatDuration(status.uptimeMs);
  return [
    label('node', `${paint('bold', plain(status.name))}  ${status.id}`),
    label('cluster', plain(status.cluster)),
    label('running', `for ${up}, version ${status.version}, protocol ${status.protocol}`),
    label('security', securityText(status.security)),
    label('profile', plain(status.profile ?? 'none')),
    label('members', counts(status.members) || 'none'),
    label('records', String(status.records)),
    ...status.interfaces.map((link) =>
      label(
        plain(link.name),
        `in ${formatBytes(link.rxBytes)} (${link.rxDatagrams} datagrams), ` +
          `out ${formatBytes(link.txBytes)} (${link.txDatagrams})${budget(link)}${lost(link)}`,
      ),
    ),
    label('dropped', counts(faults(status.drops)) || 'nothing'),
    ...(status.health.length === 0 ? [label('health', paint('green', 'nothing to report'))] : []),
    ...status.health.flatMap((item) => [
      `${paint(SEVERITY_COLOURS[item.severity], item.severity)} ${plain(item.title)} (${item.code}, for ${formatDuration(item.sinceMs)})`,
      `  ${plain(item.text)}`,
    ]),
  ];
}

function securityText({ mode, crypto, epoch, certificate }: StatusJson['security']): string {
  if (mode === 'psk') return `pre-shared key, cryptography by ${crypto}`;
  const until = certificate?.expiresMs ?? null;
  const own =
    until === null ? 'no certificate that counts' : `certificate until ${formatSeconds(until / 1_000)}`;
  return `${epoch === null ? 'not let in yet' : `epoch ${epoch}`}, ${own}, cryptography by ${crypto}`;
}

/** How much may leave, and what did not. */
function budget({ bytesPerSecondMax, txDropped }: StatusJson['interfaces'][number]): string {
  if (bytesPerSecondMax === null) return '';
  const refused = counts(txDropped);
  return `, budget ${formatByteRate(bytesPerSecondMax)}${refused === '' ? '' : ` refused ${refused}`}`;
}

/** What this machine was too slow for. */
function lost({ rxDropped }: StatusJson['interfaces'][number]): string {
  return rxDropped === 0 ? '' : `, lost here ${rxDropped}`;
}

/** Drops that say something: a node's own multicasts come back to it, and touches are meant to be dropped. */
function faults({
  own: _own,
  touch: _touch,
  ...drops
}: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return drops;
}

/** `3 alive, 1 down`, without what is zero. */
function counts(byName: Readonly<Record<string, number>>): string {
  return Object.entries(byName)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}
