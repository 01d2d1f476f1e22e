import { Command, InvalidArgumentError, Option } from 'commander';
import { linkEndpoint, parseLinkAddress } from '#bridge/link-address.ts';
import type { LinkEndpoint } from '#bridge/ports/link-port.ts';
import { VEDIRECT_LINE } from '#bridge/sources/vedirect/vedirect-source.ts';
import { durationArgument } from '../arguments.ts';
import type { CliIo } from '../io.ts';

interface VedirectOptions {
  readonly for: number;
  readonly get?: readonly number[];
  readonly json?: true;
}

/** `gridvine vedirect`: what a Victron device says, without the daemon and without a configuration. */
export function vedirectCommand(io: CliIo): Command {
  return new Command('vedirect')
    .argument('<address>', 'serial port, or tcp://HOST:PORT', endpointArgument)
    .addOption(
      new Option('--for <duration>', 'how long to listen').argParser(durationArgument).default(5_000, '5s'),
    )
    .option(
      '--get <register>',
      'also ask for a register by HEX, such as 0xEDDB; may be repeated',
      registerArgument,
    )
    .option('--json', 'print one JSON document a line')
    .action(async (endpoint: LinkEndpoint, { for: durationMs, get = [], json }: VedirectOptions) => {
      const { listenToVedirect } = await import('../vedirect-listener.ts');
      await listenToVedirect({ io, endpoint, durationMs, registers: get, json: json === true });
    });
}

function endpointArgument(text: string): LinkEndpoint {
  const address = parseLinkAddress(text);
  const isUsable = address?.kind === 'serial' || (address?.kind === 'tcp' && address.port !== undefined);
  if (!isUsable) {
    throw new InvalidArgumentError(
      'expected a serial port such as /dev/serial/by-id/usb-Victron..., or tcp://HOST:PORT.',
    );
  }
  return linkEndpoint(text, { line: VEDIRECT_LINE });
}

function registerArgument(text: string, before: readonly number[] = []): readonly number[] {
  const register = /^(?:0x[0-9a-f]{1,4}|\d{1,5})$/i.test(text) ? Number(text) : Number.NaN;
  if (!(register <= 0xffff))
    throw new InvalidArgumentError('expected a register from 0 to 0xFFFF, such as 0xEDDB.');
  return [...before, register];
}
