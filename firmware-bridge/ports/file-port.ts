/** Why a file could not be read: not there, not permitted, or the driver behind it answered with an error. */
export type FileFault = 'absent' | 'denied' | 'failed';

export type FileResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: FileFault; readonly detail: string };

/** Sizes of the file system that holds a path. */
export interface FileSystemSize {
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Free to an unprivileged user: less than `freeBytes` where blocks are reserved for root. */
  readonly availableBytes: number;
}

/**
 * Reads the kernel's files. Paths are absolute as on the board; the port puts a root in front of them, so that a fake
 * tree is a test fixture. Nothing here throws or rejects.
 */
export interface FilePort {
  /** The text of a file, as UTF-8; at most `FILE_BYTES_MAX` bytes from its start. */
  readText(path: string): Promise<FileResult<string>>;
  /** The names in a directory, sorted. */
  list(path: string): Promise<FileResult<readonly string[]>>;
  fileSystemSize(path: string): Promise<FileResult<FileSystemSize>>;
}
