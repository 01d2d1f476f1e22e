/** What a handshake ends by when the other side's bytes are not what they should be. */
export type NoiseFault =
  /** Shorter than the keys and tags that the message must hold. */
  | 'truncated'
  /** Longer than 65,535 bytes. */
  | 'too-long'
  /** A public key of small order: what would be shared, anybody knows. */
  | 'weak-key'
  /** A tag doesn't fit: another key, another prologue, or bytes that were changed. */
  | 'forged'
  /** The nonces of this direction are used up. */
  | 'exhausted';

/** The outcome of reading a message: its payload, or why there is none. */
export type NoiseRead = { readonly payload: Uint8Array } | { readonly fault: NoiseFault };
