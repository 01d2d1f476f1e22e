import { Command } from 'commander';
import { PROTOCOL_VERSION } from '#runtime/wire/header.ts';
import { buildInfo } from '../../build-info.ts';
import { jsonOption } from '../arguments.ts';
import type { CliIo } from '../io.ts';
import { printJson } from '../output.ts';

/** `gridvine version`: which build this is. */
export function versionCommand(io: CliIo): Command {
  return new Command('version').addOption(jsonOption()).action(({ json }: { json?: true }) => {
    const build = buildInfo();
    if (json)
      printJson(io, { schema: 'gridvine.version/1', name: 'gridvine', ...build, protocol: PROTOCOL_VERSION });
    else
      io.stdout.write(
        `gridvine ${build.version} commit ${build.commit} ${build.target} node ${build.node}\n`,
      );
  });
}
