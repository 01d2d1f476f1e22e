import { GridvineError } from '#runtime/core/errors.ts';

/** Something about the CA's directory or what it was asked for: the message names it, and the next step. */
export function caError(message: string, cause?: unknown): GridvineError {
  return new GridvineError('E_CA', message, cause === undefined ? undefined : { cause });
}

/** A passphrase that is wrong, or can't be had. */
export function passphraseError(message: string): GridvineError {
  return new GridvineError('E_PASSPHRASE', message);
}
