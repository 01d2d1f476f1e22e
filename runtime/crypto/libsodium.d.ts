/** The part of libsodium, compiled to WebAssembly, that seals: pointers and lengths are bytes of `HEAPU8`. It has no types of its own. */
declare module 'libsodium' {
  export interface Sodium {
    /** Replaced when the memory grows, which it does only in `_malloc`. */
    readonly HEAPU8: Uint8Array;
    _malloc(bytes: number): number;
    /** Lengths come in two halves of 32 bits, the lower first. @returns 0. */
    _crypto_aead_chacha20poly1305_ietf_encrypt(
      sealed: number,
      sealedLengthOut: number,
      text: number,
      textLength: number,
      textLengthHigh: number,
      aad: number,
      aadLength: number,
      aadLengthHigh: number,
      unused: number,
      nonce: number,
      key: number,
    ): number;
    /** @returns 0, or -1 where the tag is wrong. */
    _crypto_aead_chacha20poly1305_ietf_decrypt(
      text: number,
      textLengthOut: number,
      unused: number,
      sealed: number,
      sealedLength: number,
      sealedLengthHigh: number,
      aad: number,
      aadLength: number,
      aadLengthHigh: number,
      nonce: number,
      key: number,
    ): number;
  }
  const load: () => Promise<Sodium>;

  // biome-ignore lint/style/noDefaultExport: it is the package's own.
  export { load as default };
}
