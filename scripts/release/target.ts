/** An architecture that a binary is built for, in Node's words. */
export type Arch = 'x64' | 'arm64';

/** All targets of a release, in the order in which they are built. */
export const ARCHS: readonly Arch[] = ['x64', 'arm64'];

/** Debian's word for an architecture. */
export const DEBIAN_ARCH: Readonly<Record<Arch, string>> = { x64: 'amd64', arm64: 'arm64' };

/** `e_machine` of the ELF header for an architecture (System V ABI, AMD64 and AArch64 supplements). */
export const ELF_MACHINE: Readonly<Record<Arch, number>> = { x64: 62, arm64: 183 };

/** File name of a finished binary. */
export function binaryName(arch: Arch): string {
  return `gridvine-linux-${arch}`;
}

/**
 * Reads `--target x64 --target arm64` or `--target x64,arm64`; all targets when none is named.
 * Throws on anything else, naming what was expected.
 */
export function parseTargets(values: readonly string[]): readonly Arch[] {
  const wanted = new Set(values.flatMap((value) => value.split(',')));
  for (const name of wanted) {
    if (!ARCHS.some((arch) => arch === name)) {
      throw new Error(`--target: expected one of ${ARCHS.join(', ')}; got ${JSON.stringify(name)}`);
    }
  }
  return wanted.size === 0 ? ARCHS : ARCHS.filter((arch) => wanted.has(arch));
}
