/** Something about the stored state that people should know of; the driver shows it as a health item. */
export interface StorageNotice {
  readonly code: StorageNoticeCode;
  readonly severity: 'info' | 'warning' | 'failure';
  readonly title: string;
  /** What happened, and what to do next. */
  readonly text: string;
}

export type StorageNoticeCode =
  | 'boot-counter-damaged'
  | 'boot-counter-lost'
  | 'boot-counter-unsaved'
  | 'records-damaged'
  | 'state-damaged'
  | 'state-unsaved'
  | 'keyring-damaged'
  | 'trust-damaged'
  | 'leases-lost'
  | 'events-forgotten'
  | 'peers-damaged'
  | 'peers-unsaved';

/** The platform's code of a file error, for messages. */
export function fileErrorCode(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code ?? String(error);
}
