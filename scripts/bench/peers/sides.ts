import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runProcess } from './process.ts';
import { LIMITS, parseRound, type Round, type RoundPlan, roundLimitMs } from './round.ts';

/** Where Debian puts the sources of Go libraries. */
const GOPATH = '/usr/share/gocode';
const LIBRARY = join(GOPATH, 'src/github.com/hashicorp/memberlist');
const BUILD_LIMIT_MS = 300_000;

/** What to install, in words for people. */
export const INSTALL_HINT =
  'memberlist is missing: expected the Debian packages golang-go and golang-github-hashicorp-memberlist-dev; install them with\n' +
  '  sudo apt-get install --no-install-recommends golang-go golang-github-hashicorp-memberlist-dev';

/** One of the things compared: it does a round in a process of its own. */
export type Side = (plan: RoundPlan) => Promise<Round>;

export interface SideOptions {
  /** For everything temporary; the caller removes it. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

export function gridvineSide({ directory, signal }: SideOptions): Side {
  return async (plan) => {
    const text = await runProcess({
      command: process.execPath,
      args: [join(import.meta.dirname, 'gridvine.ts'), JSON.stringify(plan)],
      env: { ...process.env, TMPDIR: directory },
      limitMs: roundLimitMs(plan),
      signal,
    });
    return parseRound(text);
  };
}

/**
 * Compiles the Go program, without a network.
 * @throws Error with `INSTALL_HINT` where compiler or library is missing; with the compiler's words where it refuses.
 */
export async function memberlistSide({ directory, signal }: SideOptions): Promise<Side> {
  if (!existsSync(LIBRARY)) throw new Error(INSTALL_HINT);
  const command = join(directory, 'memberlist-round');
  try {
    await runProcess({
      command: 'go',
      args: ['build', '-o', command, join(import.meta.dirname, 'memberlist', 'main.go')],
      env: { ...process.env, GO111MODULE: 'off', GOPATH, GOFLAGS: '', GOCACHE: join(directory, 'go-cache') },
      limitMs: BUILD_LIMIT_MS,
      signal,
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw new Error(INSTALL_HINT);
    throw error;
  }
  return async (plan) => {
    const text = await runProcess({
      command,
      args: [
        `-nodes=${plan.nodes}`,
        `-broadcasts=${plan.broadcasts}`,
        `-payload=${plan.payloadBytes}`,
        `-settle=${plan.settleS}`,
        `-idle=${plan.idleS}`,
        `-join-limit=${LIMITS.joinS}`,
        `-broadcast-limit=${LIMITS.broadcastS}`,
        `-crash-limit=${LIMITS.crashS}`,
      ],
      env: process.env,
      limitMs: roundLimitMs(plan),
      signal,
    });
    return parseRound(text);
  };
}
