/** What an application may store in a record: the JSON types, plus bytes and integers beyond 2^53 (as bigint). */
export type AppValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly AppValue[]
  | { readonly [key: string]: AppValue };

/** How far a reading may be trusted: `sub` is a substituted value (a default, an estimate). */
export type Quality = 'good' | 'stale' | 'bad' | 'sub';

/** Qualities in the order of their codes on the wire. */
export const QUALITIES: readonly Quality[] = ['good', 'stale', 'bad', 'sub'];
