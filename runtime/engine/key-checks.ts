import { GridvineError } from '../core/errors.ts';
import { type Fingerprint, KEYS_MAX, type MemberKeys } from '../core/key-views.ts';
import type { KeySet } from '../crypto/key-set.ts';
import type { EngineContext } from './context.ts';
import type { KeyKeeper } from './key-keeper.ts';
import { memberKeys } from './keys-view.ts';

/** Members that are named in a message, at most. */
const NAMED_MAX = 5;

interface Asked {
  readonly type: 'install' | 'use' | 'remove';
  readonly fingerprint: Fingerprint;
  readonly force?: boolean;
}

/**
 * Whether an operation may be given out now. It is refused while a live member would be cut off by it.
 * @throws GridvineError `E_QUOTA`, `E_NOT_FOUND`, `E_KEYS`.
 */
export function checkOperation(ctx: EngineContext, keeper: KeyKeeper, keys: KeySet, asked: Asked): void {
  const { type, fingerprint, force = false } = asked;
  if (type === 'install') {
    if (keys.find(fingerprint) === undefined && keys.isFull)
      refuse(
        'E_QUOTA',
        `key ${fingerprint}: this node holds ${KEYS_MAX} keys, the most it may. Remove one that nobody needs (gridvine keys list)`,
      );
    return;
  }
  const others = memberKeys(ctx, keeper).slice(1);
  const live = others.filter(isLive);
  if (type === 'use') {
    if (keys.find(fingerprint) === undefined)
      refuse(
        'E_NOT_FOUND',
        `key ${fingerprint}: this node doesn't hold it. Install it first, or see: gridvine keys list`,
      );
    const lacking = live.filter(({ reads }) => !reads.includes(fingerprint));
    if (lacking.length > 0 && !force)
      refuse(
        'E_KEYS',
        `key ${fingerprint}: ${namesOf(lacking)} ${has(lacking)} not installed it, and would hear others only after catching up. Wait and look at gridvine keys list; or --force`,
      );
    return;
  }
  const isKnown =
    keys.find(fingerprint) !== undefined ||
    keys.state.of(fingerprint) !== undefined ||
    others.some(({ reads }) => reads.includes(fingerprint));
  if (!isKnown) refuse('E_NOT_FOUND', `key ${fingerprint}: no member has it. See: gridvine keys list`);
  const { writing, state } = keys;
  if (writing.fingerprint === fingerprint || state.use?.fingerprint === fingerprint)
    refuse(
      'E_KEYS',
      `key ${fingerprint}: it is the key that the cluster writes with. Use another one first: gridvine keys use FINGERPRINT`,
    );
  const writers = live.filter(({ writes }) => writes === fingerprint);
  const lacking = live.filter(({ reads }) => !reads.includes(writing.fingerprint));
  if (force || writers.length + lacking.length === 0) return;
  const why =
    writers.length > 0
      ? `${namesOf(writers)} still ${writers.length === 1 ? 'writes' : 'write'} with it`
      : `${namesOf(lacking)} ${has(lacking)} not installed ${writing.fingerprint}, the key that is written with`;
  refuse(
    'E_KEYS',
    `key ${fingerprint}: ${why}, and would be cut off. Wait and look at gridvine keys list; or --force`,
  );
}

/** Whether a member counts: it takes part now and isn't about to go. */
function isLive({ state }: MemberKeys): boolean {
  return state === 'alive' || state === 'suspect' || state === 'joining';
}

function namesOf(members: readonly MemberKeys[]): string {
  const names = members.slice(0, NAMED_MAX).map(({ name }) => name);
  const more = members.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}

function has(members: readonly unknown[]): string {
  return members.length === 1 ? 'has' : 'have';
}

function refuse(code: 'E_QUOTA' | 'E_NOT_FOUND' | 'E_KEYS', message: string): never {
  throw new GridvineError(code, message);
}
