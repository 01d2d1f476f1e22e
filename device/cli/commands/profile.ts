import { Command } from 'commander';
import { formatByteRate } from '#runtime/core/byte-rates.ts';
import { jsonOption } from '../arguments.ts';
import { CliError, type CliIo, EXIT } from '../io.ts';
import { painter, plain, printJson, printLines } from '../output.ts';
import { printTable } from '../table.ts';

interface DetectOptions {
  readonly json?: true;
  readonly sysroot?: string;
  readonly profile?: string;
}

/** `gridvine profile`: which board this is, and what that means. Works without a daemon. */
export function profileCommand(io: CliIo): Command {
  const command = new Command('profile');
  command.addCommand(detectCommand(io)).addCommand(listCommand(io)).addCommand(showCommand(io));
  return command.addCommand(validateCommand(io));
}

function detectCommand(io: CliIo): Command {
  return new Command('detect')
    .description("this board's profile, and which interfaces it chooses and why")
    .option('--profile <id>', 'as if this profile were named')
    .option('--sysroot <dir>', "read a copy of another machine's files")
    .addOption(jsonOption())
    .action(async ({ json, sysroot, profile }: DetectOptions) => {
      const { reportDetection } = await import('../../board/profile-reports.ts');
      const report = reportDetection({
        ...(sysroot === undefined ? {} : { sysroot }),
        ...(profile === undefined ? {} : { profileOverride: profile }),
      });
      if (json) return printJson(io, report);
      const paint = painter(io);
      printLines(io, [
        `profile ${paint('bold', report.profile)}: ${plain(report.title)}`,
        ...report.reasons.map((reason) => `  ${plain(reason)}`),
        '',
      ]);
      printTable(
        io,
        [
          { title: 'INTERFACE' },
          { title: 'USE' },
          { title: 'KIND' },
          { title: 'MULTICAST' },
          { title: 'BUDGET' },
          { title: 'WHY', flexible: true, wrap: 'words' },
        ],
        report.interfaces.map((one) => [
          plain(one.name),
          one.use ? 'yes' : 'no',
          one.kind,
          one.multicast,
          one.bytesPerSecondMax === null ? '-' : formatByteRate(one.bytesPerSecondMax),
          plain(one.why),
        ]),
      );
      printLines(
        io,
        report.notices.map((notice) => `${notice.severity}: ${plain(notice.text)}`),
      );
    });
}

function listCommand(io: CliIo): Command {
  return new Command('list')
    .description('the profiles that come with this program')
    .addOption(jsonOption())
    .action(async ({ json }: { json?: true }) => {
      const { reportProfiles } = await import('../../board/profile-reports.ts');
      const report = reportProfiles();
      if (json) return printJson(io, report);
      printTable(
        io,
        [{ title: 'ID' }, { title: 'TITLE' }, { title: 'MATCHES', flexible: true, wrap: 'words' }],
        report.profiles.map(({ id, title, matches }) => [id, title, matches.join('; ')]),
      );
    });
}

function showCommand(io: CliIo): Command {
  return new Command('show')
    .description('everything that a profile says, with what it extends merged in')
    .argument('<id>', 'as in: gridvine profile list')
    .addOption(jsonOption())
    .action(async (id: string, { json }: { json?: true }) => {
      const { reportProfile } = await import('../../board/profile-reports.ts');
      const report = reportProfile(id);
      if (json) return printJson(io, report);
      const { stringify } = await import('yaml');
      io.stdout.write(stringify(report.profile));
    });
}

function validateCommand(io: CliIo): Command {
  return new Command('validate')
    .description('check a profile in a YAML or JSON file')
    .argument('<file>', 'YAML or JSON')
    .addOption(jsonOption())
    .action(async (file: string, { json }: { json?: true }) => {
      const { reportValidation } = await import('../../board/profile-reports.ts');
      const report = await reportValidation(file);
      if (json) printJson(io, report);
      else if (report.ok) printLines(io, [`${file}: profile ${report.id} is valid`]);
      if (!report.ok) {
        const lines = report.problems.map(({ text }) => `${file}: ${text}`);
        throw new CliError(json ? '' : lines.join('\n'), EXIT.config);
      }
    });
}
