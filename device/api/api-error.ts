import { type ErrorCode, GridvineError } from '#runtime/core/errors.ts';

/** A refusal of a request. Its code is stable; its message is for people and says what was expected. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  E_CLOSED: 503,
  E_KEY_INVALID: 400,
  E_KEY_RESERVED: 403,
  E_VALUE_INVALID: 400,
  E_VALUE_TOO_LARGE: 413,
  E_TTL_INVALID: 400,
  E_UNIT_INVALID: 400,
  E_VERSION_CONFLICT: 409,
  E_KEYS: 409,
  E_NOT_ALLOWED: 403,
  E_CERTIFICATE: 422,
  E_LEASE: 409,
  E_EVENT: 400,
  E_LEASE_UNAVAILABLE: 409,
  E_FLEET: 409,
  E_CONFIG: 400,
  E_QUOTA: 507,
  E_BATCH: 400,
  E_MEMBER_ALIVE: 409,
  E_CRDT_TYPE: 409,
  E_CRDT_LIMIT: 413,
  E_NOT_FOUND: 404,
  E_NOT_DURABLE: 507,
};

/** How an error is answered; undefined for one that is our own bug. */
export function refusalOf(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (!(error instanceof GridvineError)) return undefined;
  const status = STATUS[error.code];
  return status === undefined ? undefined : new ApiError(status, error.code, error.message);
}
