import { readFile, stat } from 'node:fs/promises';
import { builtinCatalog, createCatalog, type ProfileCatalog } from '#profiles/catalog.ts';
import { BUILTIN_PROFILES } from '#profiles/data/builtin.ts';
import type { BoardProfile } from '#profiles/profile.ts';
import { checkProfile, type ProfileProblem } from '#profiles/validate.ts';
import { GridvineError } from '#runtime/core/errors.ts';
import { type DetectBoardOptions, type DetectedBoard, detectBoard } from './detect.ts';

const FILE_BYTES_MAX = 262_144;

/** The document of `gridvine profile detect --json`. */
export interface ProfileDetectReport extends Omit<DetectedBoard, 'profile'> {
  readonly schema: 'gridvine.profile-detect/1';
  readonly profile: string;
  readonly title: string;
}

/** @throws GridvineError `E_CONFIG` for an unknown `profileOverride` */
export function reportDetection(options: DetectBoardOptions = {}): ProfileDetectReport {
  const { profile, ...board } = detectBoard(options);
  return { schema: 'gridvine.profile-detect/1', profile: profile.id, title: profile.title, ...board };
}

/** The document of `gridvine profile list --json`. */
export interface ProfileListReport {
  readonly schema: 'gridvine.profiles/1';
  readonly profiles: readonly {
    readonly id: string;
    readonly title: string;
    readonly extends: string | null;
    /** What it is recognised by, for people; empty: only by name. */
    readonly matches: readonly string[];
  }[];
}

export function reportProfiles(catalog: ProfileCatalog = builtinCatalog()): ProfileListReport {
  return {
    schema: 'gridvine.profiles/1',
    profiles: catalog.profiles.map((profile) => ({
      id: profile.id,
      title: profile.title,
      extends: profile.lineage[1] ?? null,
      matches: describeMatch(profile),
    })),
  };
}

/** The document of `gridvine profile show --json`. */
export interface ProfileReport {
  readonly schema: 'gridvine.profile/1';
  readonly profile: BoardProfile;
}

/** @throws GridvineError `E_CONFIG` for an unknown id, listing the known ones */
export function reportProfile(id: string, catalog: ProfileCatalog = builtinCatalog()): ProfileReport {
  return { schema: 'gridvine.profile/1', profile: catalog.get(id) };
}

/** The document of `gridvine profile validate --json`. */
export interface ProfileValidateReport {
  readonly schema: 'gridvine.profile-validate/1';
  readonly file: string;
  readonly ok: boolean;
  /** The profile's id; null where the file has none. */
  readonly id: string | null;
  readonly problems: readonly ProfileProblem[];
}

/**
 * Checks a profile in a YAML or JSON file, with what it extends from the profiles that come with the program. A file of
 * the id of one of those stands in for it. Faults of the content are in the report.
 * @throws GridvineError `E_CONFIG` where the file can't be read at all
 */
export async function reportValidation(file: string): Promise<ProfileValidateReport> {
  const report = (id: string | null, problems: readonly ProfileProblem[]): ProfileValidateReport => ({
    schema: 'gridvine.profile-validate/1',
    file,
    ok: problems.length === 0,
    id,
    problems,
  });
  const text = await readProfileFile(file);
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0) {
    return report(
      null,
      document.errors.map((error) => ({ path: '', text: error.message.split('\n')[0] ?? 'not YAML' })),
    );
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 50 });
  } catch (error) {
    return report(null, [{ path: '', text: (error as Error).message }]);
  }
  const check = checkProfile(value);
  if (!check.ok) return report(idOf(value), check.problems);
  try {
    createCatalog([...BUILTIN_PROFILES.filter(({ id }) => id !== check.source.id), check.source]);
  } catch (error) {
    if (!(error instanceof GridvineError)) throw error;
    return report(check.source.id, [{ path: '', text: error.message }]);
  }
  return report(check.source.id, []);
}

async function readProfileFile(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > FILE_BYTES_MAX) {
      throw new GridvineError(
        'E_CONFIG',
        `${file}: expected a profile of at most ${FILE_BYTES_MAX} bytes; got ${size}`,
      );
    }
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof GridvineError) throw error;
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new GridvineError(
      'E_CONFIG',
      `${file}: expected a readable profile (YAML or JSON); got ${reason}`,
      {
        cause: error,
      },
    );
  }
}

function idOf(value: unknown): string | null {
  const id = typeof value === 'object' && value !== null ? (value as { id?: unknown }).id : undefined;
  return typeof id === 'string' ? id.slice(0, 60) : null;
}

function describeMatch({ match }: BoardProfile): string[] {
  if (match === null) return [];
  return [
    ...(match.compatible ?? []).map((text) => `compatible ${text}`),
    ...(match.model === undefined ? [] : [`model ${match.model}`]),
    ...(match.revision ?? []).map((type) => `revision type 0x${type.toString(16)}`),
    ...(match.container ? ['container'] : []),
    ...(match.dmi ?? []).map((entry) => `DMI ${Object.values(entry).join(' and ')}`),
    ...(match.arch ?? []).map((arch) => `architecture ${arch}`),
  ];
}
