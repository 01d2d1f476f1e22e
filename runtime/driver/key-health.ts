import type { Fingerprint, KeysView, KeyWaitReason } from '../core/key-views.ts';
import type { HealthNotice } from './health-board.ts';

const WHY: Readonly<Record<KeyWaitReason, string>> = {
  full: 'this node holds as many keys as it may; remove one that nobody needs',
  sealed:
    'none of the keys that this node holds opens it; give this node the key file by hand and restart it',
  stamp:
    'its number is out of all order, so whoever gave it out is at fault; look at who did, and install it again',
};

/** What is worth knowing about this node's keys, by code. @param configured the key file's. */
export function keyHealth(view: KeysView, configured: Fingerprint): ReadonlyMap<string, HealthNotice> {
  const found = new Map<string, HealthNotice>();
  const [self] = view.members;
  const row = view.keys.find(({ fingerprint }) => fingerprint === configured);
  const replace = `Put the present key (${self?.writes ?? 'see keys list'}) into the key file`;
  if (row?.state === 'removed' && self?.writes !== configured)
    found.set('key-file-outdated', {
      severity: 'warning',
      title: 'the key file holds a key that the cluster removed',
      text: `Its key ${configured} isn't used; this node goes on with what it kept when the keys were changed. ${replace}: without the data directory it could not come back.`,
    });
  else if (self !== undefined && view.use !== null && self.writes === view.use && view.use !== configured)
    found.set('key-file-outdated', {
      severity: 'info',
      title: 'the key file holds a key that the cluster no longer writes with',
      text: `Its key is ${configured}. ${replace} before the old one is removed.`,
    });
  const [waiting] = view.waiting;
  if (waiting !== undefined)
    found.set('key-not-followed', {
      severity: 'warning',
      title: 'a change of keys is not followed',
      text: `Key ${waiting.fingerprint}: ${WHY[waiting.reason]}.`,
    });
  return found;
}

export const KEY_HEALTH_CODES = ['key-file-outdated', 'key-not-followed'] as const;
