import type { Endpoint } from '../../core/endpoint.ts';
import type { RandomSource } from '../../core/random.ts';
import { HmacSha256 } from '../../crypto/hmac.ts';
import type { CryptoProvider } from '../../crypto/provider.ts';
import { CONNECTION_ID_BYTES, COOKIE_BYTES, COOKIE_LIFETIME_MS } from './limits.ts';

const KEY_BYTES = 32;
const encoder = new TextEncoder();

/**
 * Cookies that prove an address without any memory of it [P-13.4]: a MAC over where a hello came from and its connection, under
 * a secret that is drawn anew each minute. What the one before signed is still taken.
 */
export class CookieJar {
  readonly #provider: CryptoProvider;
  readonly #random: RandomSource;
  #current: HmacSha256;
  #previous: HmacSha256 | undefined;
  #sinceMs: number | undefined;

  constructor(parts: { readonly provider: CryptoProvider; readonly random: RandomSource }) {
    this.#provider = parts.provider;
    this.#random = parts.random;
    this.#current = this.#draw();
  }

  /** The cookie of this address and connection. @param nowMs monotonic. */
  bake(nowMs: number, from: Endpoint, connection: Uint8Array): Uint8Array {
    this.#rotate(nowMs);
    return macOf(this.#current, inputOf(from, connection));
  }

  /** Whether the cookie was given to this address, for this connection, a minute or two ago at most. */
  accepts(nowMs: number, from: Endpoint, { connection, cookie }: CookieClaim): boolean {
    this.#rotate(nowMs);
    const input = inputOf(from, connection);
    if (isEqual(cookie, macOf(this.#current, input))) return true;
    return this.#previous !== undefined && isEqual(cookie, macOf(this.#previous, input));
  }

  #rotate(nowMs: number): void {
    this.#sinceMs ??= nowMs;
    const periods = Math.floor((nowMs - this.#sinceMs) / COOKIE_LIFETIME_MS);
    if (periods < 1) return;
    this.#previous = periods === 1 ? this.#current : undefined;
    this.#current = this.#draw();
    this.#sinceMs += periods * COOKIE_LIFETIME_MS;
  }

  #draw(): HmacSha256 {
    return new HmacSha256(this.#provider, this.#random.bytes(KEY_BYTES));
  }
}

export interface CookieClaim {
  readonly connection: Uint8Array;
  readonly cookie: Uint8Array;
}

function inputOf({ transport, address, port }: Endpoint, connection: Uint8Array): Uint8Array {
  const where = encoder.encode(`${transport} ${port} ${address}`);
  const input = new Uint8Array(CONNECTION_ID_BYTES + where.length);
  input.set(connection);
  input.set(where, CONNECTION_ID_BYTES);
  return input;
}

function macOf(hmac: HmacSha256, input: Uint8Array): Uint8Array {
  return hmac.of(input).slice(0, COOKIE_BYTES);
}

/** Without telling by its time where they differ. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= (a[i] ?? 0) ^ b[i];
  return difference === 0;
}
