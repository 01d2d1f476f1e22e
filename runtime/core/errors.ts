/** Stable codes of operating errors: what a caller may branch on. */
export type ErrorCode =
  | 'E_CLOSED'
  | 'E_KEY_INVALID'
  | 'E_KEY_RESERVED'
  | 'E_VALUE_INVALID'
  | 'E_VALUE_TOO_LARGE'
  | 'E_TTL_INVALID'
  | 'E_UNIT_INVALID'
  | 'E_VERSION_CONFLICT'
  | 'E_QUOTA'
  | 'E_BATCH'
  | 'E_CURSOR'
  | 'E_MEMBER_ALIVE'
  | 'E_CRDT_TYPE'
  | 'E_CRDT_LIMIT'
  | 'E_NOT_FOUND'
  | 'E_NOT_DURABLE'
  | 'E_KEY_FILE'
  | 'E_KEYS'
  | 'E_LEASE'
  | 'E_EVENT'
  | 'E_LEASE_UNAVAILABLE'
  | 'E_FLEET'
  | 'E_CONFIG'
  | 'E_CA'
  | 'E_CERTIFICATE'
  | 'E_NOT_ALLOWED'
  | 'E_PASSPHRASE'
  | 'E_IDENTITY'
  | 'E_TRUST_FILE'
  | 'E_BOOT_COUNTER'
  | 'E_DATA_DIR'
  | 'E_DATA_DIR_IN_USE'
  | 'E_ADDRESS_IN_USE'
  | 'E_ADDRESS'
  | 'E_SOCKET';

/**
 * An operating error that a person or caller can act on. The message names the thing, what was expected, what came, and the
 * next step; the state is as it was before the call unless the thrower says otherwise.
 */
export class GridvineError extends Error {
  override readonly name = 'GridvineError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Our own bug: crash and let the service manager restart. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
