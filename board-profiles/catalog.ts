import { GridvineError } from '#runtime/core/errors.ts';
import { BUILTIN_PROFILES } from './data/builtin.ts';
import { resolveProfile, unknownProfile } from './merge.ts';
import type { BoardProfile } from './profile.ts';
import type { ProfileSource } from './schema.ts';

/** A set of profiles, all resolved. */
export interface ProfileCatalog {
  /** Ordered by id. */
  readonly profiles: readonly BoardProfile[];
  /** @throws GridvineError `E_CONFIG` listing the known ids */
  get(id: string): BoardProfile;
}

/**
 * Resolves a set of checked profiles.
 * @throws GridvineError `E_CONFIG` for two of one id, and whatever {@link resolveProfile} refuses
 */
export function createCatalog(sources: readonly ProfileSource[]): ProfileCatalog {
  const byId = new Map<string, ProfileSource>();
  for (const source of sources) {
    if (byId.has(source.id)) {
      throw new GridvineError('E_CONFIG', `profile ${source.id}: expected one profile of this id; got two`);
    }
    byId.set(source.id, source);
  }
  const resolved = new Map([...byId.keys()].sort().map((id) => [id, resolveProfile(id, byId)] as const));
  return {
    profiles: [...resolved.values()],
    get(id) {
      const profile = resolved.get(id);
      if (profile === undefined) {
        throw new GridvineError('E_CONFIG', `profile: ${unknownProfile(id, resolved.keys())}`);
      }
      return profile;
    },
  };
}

let builtin: ProfileCatalog | undefined;

/** The profiles that come with the program. */
export function builtinCatalog(): ProfileCatalog {
  builtin ??= createCatalog(BUILTIN_PROFILES);
  return builtin;
}
