import packageJson from '../package.json' with { type: 'json' };

/** Which build of gridvine this is. */
export type BuildInfo = {
  /** Semantic version, from `package.json`. */
  readonly version: string;
  /** Full commit hash, with `-dirty` where files differed from it; `unknown` outside a checkout, `source` when not built. */
  readonly commit: string;
  /** `linux-x64` or `linux-arm64` for a binary, `source` when run from the source tree. */
  readonly target: string;
  /** Version of the Node runtime that executes this, without the `v`. */
  readonly node: string;
};

// The bundler (`scripts/release/bundle.ts`) replaces these names by string literals. Run from source they don't
// exist at all, hence the `typeof` guard below.
declare const __GRIDVINE_VERSION__: string | undefined;
declare const __GRIDVINE_COMMIT__: string | undefined;

/**
 * Tells which build is running. Never throws.
 *
 * One bundle serves every target, so the target is asked of the runtime and not written in.
 */
export function buildInfo(): BuildInfo {
  const node = process.versions.node;
  if (typeof __GRIDVINE_VERSION__ === 'undefined' || typeof __GRIDVINE_COMMIT__ === 'undefined') {
    return { version: packageJson.version, commit: 'source', target: 'source', node };
  }
  const target = `${process.platform}-${process.arch}`;
  return { version: __GRIDVINE_VERSION__, commit: __GRIDVINE_COMMIT__, target, node };
}
