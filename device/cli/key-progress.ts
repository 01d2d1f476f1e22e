import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from './api-client.ts';
import type { KeysJson, MemberKeysJson } from './documents.ts';

const POLL_MS = 200;

/** What was asked of the members. */
export interface AskedOfMembers {
  readonly operation: 'install' | 'use' | 'remove';
  readonly fingerprint: string;
}

/** How far the members are with it. */
export interface KeyProgress {
  readonly followed: readonly MemberKeysJson[];
  /** Alive, and not there yet. */
  readonly behind: readonly MemberKeysJson[];
  readonly down: readonly MemberKeysJson[];
}

/** Who has done what was asked, of those that take part; who left is nobody's concern. */
export function progressOf({ members }: KeysJson, asked: AskedOfMembers): KeyProgress {
  const live = members.filter(isLive);
  return {
    followed: live.filter((member) => hasFollowed(member, asked)),
    behind: live.filter((member) => !hasFollowed(member, asked)),
    down: members.filter(({ state }) => state === 'down'),
  };
}

/** Whether a member takes part. */
export function isLive({ state }: MemberKeysJson): boolean {
  return state === 'alive' || state === 'suspect' || state === 'joining';
}

/** Asks again until all that live have followed, or the time is over. */
export async function waitForAll(
  client: ApiClient,
  asked: AskedOfMembers,
  waitMs: number,
): Promise<{ readonly document: KeysJson; readonly progress: KeyProgress }> {
  const endMs = performance.now() + waitMs;
  for (;;) {
    const document = await client.call<KeysJson>('GET', '/v1/keys');
    const progress = progressOf(document, asked);
    const leftMs = endMs - performance.now();
    if (progress.behind.length === 0 || leftMs <= 0) return { document, progress };
    await delay(Math.min(POLL_MS, leftMs));
  }
}

/** What awaits a member that was down meanwhile. */
export function fateOf(member: MemberKeysJson, asked: AskedOfMembers, document: KeysJson): string {
  const present = document.members[0]?.writes;
  if (asked.operation !== 'remove') return 'follows when it is back, while a key that it has is not removed';
  if (present !== null && present !== undefined && member.reads.includes(present))
    return 'follows when it is back';
  return 'has no key left that the others read: give it the new key file by hand';
}

function hasFollowed({ reads, writes }: MemberKeysJson, { operation, fingerprint }: AskedOfMembers): boolean {
  if (operation === 'use') return writes === fingerprint;
  return reads.includes(fingerprint) === (operation === 'install');
}
