import { spawnSync } from 'node:child_process';

/** Where Debian's cross libraries for arm64 lie (`libc6-arm64-cross`, `libstdc++6-arm64-cross`, `libgcc-s1-arm64-cross`). */
const ARM64_SYSROOT = '/usr/aarch64-linux-gnu';

/** A command and its first arguments. */
export type Command = readonly [string, ...string[]];

/** How an executable of some architecture is started on this machine, or undefined where it can't be. */
export function executableRunner(arch: string, path: string): Command | undefined {
  if (process.platform === 'linux' && process.arch === arch) return [path];
  if (arch === 'arm64' && emulates()) return ['qemu-aarch64-static', '-L', ARM64_SYSROOT, path];
  return undefined;
}

/** How the Node of a target is started on this machine. */
export function nodeRunner(base: { readonly arch: string; readonly path: string }): Command | undefined {
  const command = executableRunner(base.arch, base.path);
  if (command === undefined) return undefined;
  const [program, ...args] = command;
  return spawnSync(program, [...args, '--version']).status === 0 ? command : undefined;
}

function emulates(): boolean {
  return spawnSync('qemu-aarch64-static', ['--version']).status === 0;
}
