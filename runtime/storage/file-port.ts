/**
 * The few things that storage asks of a file system. Another one may be put behind it (`fileCompliance` of `gridvine/testing` says what must
 * hold); tests put a disk behind it that tears writes and fills up.
 * Every method rejects with the platform's error (`code`: ENOSPC, EACCES, EROFS, ...).
 */
export interface FilePort {
  /** undefined where there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Creates (mode 0600) or empties the file, writes all bytes, and waits until they are on the medium. */
  writeSynced(path: string, bytes: Uint8Array): Promise<void>;
  /** As `writeSynced`, but writes over the present content: needs no free space where the length stays. */
  overwriteSynced(path: string, bytes: Uint8Array): Promise<void>;
  /** Replaces `to` if it exists, and waits until the directory is on the medium. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, and waits until the directory is on the medium; an absent one is well. */
  remove(path: string): Promise<void>;
  /** Names of the files in a directory. */
  list(directory: string): Promise<string[]>;
  /** Permission bits (`0o600`); undefined where there is no such file. */
  modeOf(path: string): Promise<number | undefined>;
  /**
   * The user id of a file's owner where that isn't this process's user; undefined where it is, where there is no such file, and where
   * the platform has no owners. Absent: files have no owners there.
   */
  foreignOwnerOf?(path: string): Promise<number | undefined>;
  /**
   * Makes a directory where it isn't there, and holds it for one user at a time. @returns what lets it go. Rejects where somebody else holds
   * it. Absent: it is a directory of this machine's file system, and made and held there.
   */
  lock?(directory: string): Promise<() => void>;
}

/**
 * Replaces a file so that a power cut at any moment leaves either the old content or the new.
 * Rejects with the platform's error; the old content stands then.
 */
export async function replaceFile(files: FilePort, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await files.writeSynced(temporary, bytes);
    await files.rename(temporary, path);
  } catch (error) {
    await files.remove(temporary).catch(() => undefined);
    throw error;
  }
}

/** Why a file stands aside: it can't be read, or another took its place on purpose. */
export type AsideReason = 'corrupt' | 'replaced';

/**
 * Moves a file out of the way as `NAME.corrupt-N` (or `NAME.replaced-N`), keeping it for people to look at.
 * @returns the new path.
 */
export async function setAside(
  files: FilePort,
  directory: string,
  name: string,
  reason: AsideReason = 'corrupt',
): Promise<string> {
  const path = await asidePath(files, directory, name, reason);
  await files.rename(`${directory}/${name}`, path);
  return path;
}

/** A path beside a file that isn't taken yet: `DIRECTORY/NAME.REASON-N`. */
export async function asidePath(
  files: FilePort,
  directory: string,
  name: string,
  reason: AsideReason,
): Promise<string> {
  const taken = new Set(await files.list(directory));
  let n = 1;
  while (taken.has(`${name}.${reason}-${n}`)) n++;
  return `${directory}/${name}.${reason}-${n}`;
}
