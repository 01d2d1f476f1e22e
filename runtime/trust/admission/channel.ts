import type { NoiseSession } from '../../crypto/noise/handshake-state.ts';
import { type FrameCodec, NONCE_MAX, type Role, type SealedFrame, type SealedStep } from './frame.ts';
import { FRAME_HEADER_BYTES } from './limits.ts';

/** The sealed datagrams of one finished handshake, each whole in itself: they may be lost, repeated and reordered [P-13.8]. */
export class Channel {
  readonly #codec: FrameCodec;
  readonly #connection: Uint8Array;
  readonly #role: Role;
  readonly #session: NoiseSession;
  #nonce = 0;

  constructor(parts: {
    readonly codec: FrameCodec;
    readonly connection: Uint8Array;
    readonly role: Role;
    readonly session: NoiseSession;
  }) {
    this.#codec = parts.codec;
    this.#connection = parts.connection;
    this.#role = parts.role;
    this.#session = parts.session;
  }

  /** A datagram of its own nonce; to send the same again, keep it. @throws RangeError after 128. */
  seal(step: SealedStep, payload: Uint8Array): Uint8Array {
    if (this.#nonce > NONCE_MAX) throw new RangeError('admission: the nonces of this handshake are used up');
    const nonce = this.#nonce++;
    const header = this.#codec.sealedHeader(step, this.#connection, { sender: this.#role, nonce });
    this.#session.sending.setNonce(nonce);
    const sealed = this.#session.sending.encrypt(header, payload);
    const bytes = new Uint8Array(FRAME_HEADER_BYTES + sealed.length);
    bytes.set(header);
    bytes.set(sealed, FRAME_HEADER_BYTES);
    return bytes;
  }

  /** @returns the payload, or undefined where the other side didn't seal it. */
  open({ nonce, header, sealed }: SealedFrame): Uint8Array | undefined {
    this.#session.receiving.setNonce(nonce);
    const read = this.#session.receiving.decrypt(header, sealed);
    return 'payload' in read ? read.payload : undefined;
  }
}
