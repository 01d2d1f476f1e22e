import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gridvineRound } from './gridvine.ts';
import { runProcess } from './process.ts';
import {
  CRASH_PAUSE_MS,
  crashesOf,
  LIMITS,
  parseRound,
  type Round,
  type RoundPlan,
  roundLimitMs,
  UPDATES_S_MAX,
} from './round.ts';

/** Where Debian puts the sources of Go libraries. */
export const GOPATH = '/usr/share/gocode';
export const LIBRARY = join(GOPATH, 'src/github.com/hashicorp/memberlist');
const BUILD_LIMIT_MS = 300_000;

/** What to install, in words for people. */
export const INSTALL_HINT =
  'memberlist is missing: expected the Debian packages golang-go and golang-github-hashicorp-memberlist-dev; install them with\n' +
  '  sudo apt-get install --no-install-recommends golang-go golang-github-hashicorp-memberlist-dev\n' +
  'or measure without it: --only gridvine';

/** One of the things compared: it does a round in processes of its own. */
export type Side = (plan: RoundPlan) => Promise<Round>;

export const SIDES = ['gridvine', 'memberlist'] as const;
export type SideName = (typeof SIDES)[number];

export interface SideOptions {
  /** For everything temporary; the caller removes it. */
  readonly directory: string;
  readonly signal: AbortSignal;
  /** Processes that the nodes are spread over, where the side has several. */
  readonly processes: number;
}

export function gridvineSide({ signal, processes }: SideOptions): Side {
  return (plan) => gridvineRound(plan, { processes, signal });
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
      args: memberlistArguments(plan),
      env: process.env,
      limitMs: roundLimitMs(plan),
      signal,
    });
    return parseRound(text);
  };
}

function memberlistArguments(plan: RoundPlan): string[] {
  return [
    `-nodes=${plan.nodes}`,
    `-updates=${plan.updates}`,
    `-updates-s=${UPDATES_S_MAX}`,
    `-payload=${plan.payloadBytes}`,
    `-settle=${plan.settleS}`,
    `-idle=${plan.idleS}`,
    `-crashes=${crashesOf(plan)}`,
    `-crash-pause=${CRASH_PAUSE_MS / 1_000}`,
    `-join-over=${plan.joinOverS}`,
    `-join-limit=${plan.joinS}`,
    `-update-limit=${LIMITS.updateS}`,
    `-crash-limit=${LIMITS.crashS}`,
  ];
}
