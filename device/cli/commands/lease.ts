import { Command, InvalidArgumentError, Option } from 'commander';
import { problemOfLeaseName } from '#runtime/coordination/lease/lease-name.ts';
import { formatDuration } from '#runtime/core/durations.ts';
import { LEASE_TTL_MS_DEFAULT } from '#runtime/core/lease-views.ts';
import { LEASE_TTL_MS_MAX, LEASE_TTL_MS_MIN } from '#runtime/core/limits.ts';
import { BootClock } from '#runtime/driver/clock.ts';
import { ApiClient, RefusedError } from '../api-client.ts';
import { durationArgument, jsonOption, socketOption, wholeNumberArgument } from '../arguments.ts';
import { CliError, type CliIo } from '../io.ts';
import { type HeldLeaseJson, LeaseRun } from '../lease-run.ts';
import { type LeaseJson, type LeasesJson, leaseLines, leasesLines } from '../lease-text.ts';
import { painter, printJson, printLines } from '../output.ts';
import { printTable } from '../table.ts';

/** The daemon answers within this, whatever it is asked to wait. */
const WAIT_STEP_MS = 8_000;
const PAUSE_MS = 300;

interface CommonOptions {
  readonly json?: true;
  readonly socket?: string;
}

interface AcquireOptions extends CommonOptions {
  readonly ttl: number;
  readonly wait?: number;
}

/** `gridvine lease`: who may act, by the word of a majority. */
export function leaseCommand(io: CliIo): Command {
  return new Command('lease')
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(acquireCommand(io))
    .addCommand(releaseCommand(io))
    .addCommand(runCommand(io))
    .addCommand(recoverCommand(io))
    .addHelpText(
      'after',
      '\nA lease is held by one node at a time, by the word of a majority of the voters (leases.voters in the\n' +
        'configuration). Its fence is above all under which it was held before: whatever obeys the holder\n' +
        'must refuse lower ones, because a paused virtual machine knows nothing of its pause.',
    );
}

function listCommand(io: CliIo): Command {
  return new Command('list')
    .description('all leases, who votes on them, and the vote of this node')
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async ({ json, socket }: CommonOptions) => {
      const document = await new ApiClient({ io, socket }).call<LeasesJson>('GET', '/v1/leases');
      if (json) {
        printJson(io, document);
        return;
      }
      const { columns, rows, lines } = leasesLines(document, painter(io));
      if (rows.length > 0) printTable(io, columns, rows);
      printLines(io, lines);
    });
}

function showCommand(io: CliIo): Command {
  return new Command('show')
    .description('who holds a lease, and what this node has of it')
    .argument('<name>', 'such as uplink', nameArgument)
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async (name: string, { json, socket }: CommonOptions) => {
      const document = await new ApiClient({ io, socket }).call<LeaseJson>('GET', pathOf(name));
      if (json) printJson(io, document);
      else printLines(io, leaseLines(document.lease, painter(io)));
    });
}

function acquireCommand(io: CliIo): Command {
  return acquireOptions(new Command('acquire'))
    .description('let the daemon hold a lease until it is released or lost')
    .argument('<name>', 'such as uplink', nameArgument)
    .addOption(jsonOption())
    .action(async (name: string, { json, socket, ttl, wait = 0 }: AcquireOptions) => {
      const client = new ApiClient({ io, socket });
      const held = await acquire(client, name, { ttlMs: ttl }, wait);
      const { token: _, ...shown } = held;
      if (json) printJson(io, shown);
      else printLines(io, [`lease ${name}: held under fence ${held.fence}`]);
    });
}

function releaseCommand(io: CliIo): Command {
  return new Command('release')
    .description('let a lease go that this node holds or asks for; stop what acts on it before')
    .argument('<name>', 'such as uplink', nameArgument)
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async (name: string, { json, socket }: CommonOptions) => {
      const document = await new ApiClient({ io, socket }).call('DELETE', pathOf(name));
      if (json) printJson(io, document);
    });
}

function runCommand(io: CliIo): Command {
  return acquireOptions(new Command('run'))
    .description('run a command while a lease is held, and only then')
    .argument('<name>', 'such as uplink', nameArgument)
    .argument('<command...>', 'what to run, behind --')
    .addHelpText(
      'after',
      '\nThe command finds the name in $GRIDVINE_LEASE and the fence in $GRIDVINE_FENCE. When the lease is\n' +
        'lost it gets SIGTERM, and SIGKILL before anybody else can hold it. The exit code is its own; 1 where\n' +
        'the lease was lost or not had.\n\nExample:\n  gridvine lease run uplink --ttl 10s -- ./forward-to-cloud --verbose',
    )
    .action(async (name: string, command: readonly string[], { socket, ttl, wait }: AcquireOptions) => {
      const client = new ApiClient({ io, socket });
      const held = await acquire(client, name, { ttlMs: ttl, keepMs: ttl }, wait ?? Number.POSITIVE_INFINITY);
      const { env } = io;
      const run = new LeaseRun({ client, clock: new BootClock(), name, ttlMs: ttl, command, env });
      const code = await run.run(held);
      if (code !== 0) throw new CliError('', code);
    });
}

function recoverCommand(io: CliIo): Command {
  return new Command('recover')
    .description('let a voter vote again whose storage was lost, where a majority lost theirs')
    .requiredOption(
      '--fence-above <n>',
      'no fence above this one was ever used, of whatever lease; rather too high than too low',
      wholeNumberArgument,
    )
    .addOption(socketOption())
    .addHelpText(
      'after',
      '\nOnly where gridvine status says that most voters lost their storage: the others learn by themselves.\n' +
        'Run it on each voter that did. It still waits a minute for promises that may stand.',
    )
    .action(async ({ fenceAbove, socket }: CommonOptions & { readonly fenceAbove: number }) => {
      await new ApiClient({ io, socket }).call('POST', '/v1/lease-recovery', { fenceAbove });
    });
}

function acquireOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--ttl <duration>', 'a crash is followed by another holder after so long; 2s to 60s')
        .argParser(ttlArgument)
        .default(LEASE_TTL_MS_DEFAULT, formatDuration(LEASE_TTL_MS_DEFAULT)),
    )
    .option(
      '--wait <duration>',
      'how long to wait for it; absent: run waits, acquire does not',
      durationArgument,
    )
    .addOption(socketOption());
}

/** Asks again and again until the wait is over. @throws CliError of the last refusal. */
async function acquire(
  client: ApiClient,
  name: string,
  body: { readonly ttlMs: number; readonly keepMs?: number },
  waitMs: number,
): Promise<HeldLeaseJson> {
  const endMs = performance.now() + waitMs;
  for (;;) {
    const leftMs = endMs - performance.now();
    try {
      const step = Math.max(0, Math.floor(Math.min(leftMs, WAIT_STEP_MS)));
      return await client.call<HeldLeaseJson>('POST', pathOf(name), { ...body, waitMs: step });
    } catch (error) {
      // Somebody else has it, or too few voters answer: that may change.
      const mayChange = error instanceof RefusedError && error.code === 'E_LEASE_UNAVAILABLE';
      if (!mayChange || performance.now() + PAUSE_MS >= endMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

function pathOf(name: string): string {
  return `/v1/leases/${encodeURIComponent(name)}`;
}

function nameArgument(text: string): string {
  const problem = problemOfLeaseName(text);
  if (problem !== undefined) throw new InvalidArgumentError(`${problem}.`);
  return text;
}

function ttlArgument(text: string): number {
  const ms = durationArgument(text);
  if (ms < LEASE_TTL_MS_MIN || ms > LEASE_TTL_MS_MAX)
    throw new InvalidArgumentError('expected a duration from 2s to 60s.');
  return ms;
}
