import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { projectPath } from '../../scripts/release/project.ts';
import { type Command, executableRunner } from '../../scripts/release/runner.ts';
import { type Arch, binaryName } from '../../scripts/release/target.ts';

export type { Command } from '../../scripts/release/runner.ts';
export { ARCHS, type Arch } from '../../scripts/release/target.ts';

/** The daemon run from source, by the Node that runs the tests. */
export const SOURCE_COMMAND: Command = [process.execPath, projectPath('device/main.ts')];

/**
 * How a built binary is started here: directly, or under an emulator where it is for another architecture.
 * @throws Error when it isn't built or can't run here. Nothing is passed over in silence.
 */
export function binaryCommand(arch: Arch): Command {
  const path = projectPath('dist', binaryName(arch));
  if (!existsSync(path)) throw new Error(`${path}: expected a built binary; run npm run build first`);
  const command = executableRunner(arch, path);
  if (command === undefined) {
    const packages = 'qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross libgcc-s1-arm64-cross';
    throw new Error(`${path}: needs a machine of its architecture, or the packages ${packages}`);
  }
  return command;
}

/** What came of a finished command. */
export type Finished = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs a command to its end; it is killed after 60 s. An exit code other than 0 is an answer, not an error. */
export function runCommand(
  command: Command,
  args: readonly string[],
  { env }: { readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Finished> {
  const [program, ...before] = command;
  return new Promise((resolve, reject) => {
    const options = { encoding: 'utf8' as const, timeout: 60_000, env: { ...process.env, ...env } };
    const child = execFile(program, [...before, ...args], options, (error, stdout, stderr) => {
      if (error !== null && child.exitCode === null) reject(error);
      else resolve({ code: child.exitCode, stdout, stderr });
    });
  });
}
