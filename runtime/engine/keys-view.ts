import type { Fingerprint, KeyRow, KeysView, MemberKeys } from '../core/key-views.ts';
import type { EngineContext } from './context.ts';
import type { KeyKeeper } from './key-keeper.ts';

/** The cluster's keys, as this node knows them. */
export function keysView(ctx: EngineContext, keeper: KeyKeeper): KeysView {
  const members = memberKeys(ctx, keeper);
  return {
    use: keeper.current.state.use?.fingerprint ?? null,
    keys: keyRows(keeper, members),
    members,
    waiting: Array.from(keeper.waiting, ([fingerprint, reason]) => ({ fingerprint, reason })),
    saving: keeper.saving,
  };
}

/** What each member reads and writes with, this node first, then the others by name. */
export function memberKeys(ctx: EngineContext, keeper: KeyKeeper): MemberKeys[] {
  const { writing, fingerprints } = keeper.current;
  const self: MemberKeys = {
    id: ctx.id,
    name: ctx.self.name,
    state: ctx.self.state,
    told: true,
    reads: fingerprints,
    writes: writing.fingerprint,
  };
  const others = Array.from(ctx.members.all(), ({ id, facts, state }): MemberKeys => {
    const report = keeper.reportOf(id);
    const heard = keeper.heardWith(id);
    return {
      id,
      name: facts.name,
      state,
      told: report !== undefined,
      reads: report?.reads ?? (heard === undefined ? [] : [heard]),
      writes: report?.writes ?? heard ?? null,
    };
  });
  others.sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
  return [self, ...others];
}

function keyRows(keeper: KeyKeeper, members: readonly MemberKeys[]): KeyRow[] {
  const { state } = keeper.current;
  const known = new Set<Fingerprint>([
    ...keeper.current.fingerprints,
    ...members.flatMap(({ reads }) => reads),
    ...state.changes.map(({ fingerprint }) => fingerprint),
  ]);
  return Array.from(known, (fingerprint) => ({
    fingerprint,
    state: state.wants(fingerprint) ? 'installed' : 'removed',
    held: keeper.current.find(fingerprint) !== undefined,
  }));
}
