import { type AgreementKey, agreementKeyFrom } from '../agreement-key.ts';
import { AGREEMENT_KEY_BYTES } from '../agreement-rules.ts';
import type { CryptoProvider } from '../provider.ts';
import type { NoiseCipher } from './cipher-state.ts';
import type { NoiseFault, NoiseRead } from './noise-error.ts';
import { type NoisePattern, type NoiseRole, type NoiseToken, noiseProtocolName } from './pattern.ts';
import { NoiseSymmetricState } from './symmetric-state.ts';

/** The longest message (Noise specification section 3). */
export const NOISE_MESSAGE_BYTES_MAX = 65_535;

export interface NoiseOptions {
  readonly provider: CryptoProvider;
  readonly pattern: NoisePattern;
  readonly role: NoiseRole;
  /** What both sides must know alike before, such as the cluster's name; it isn't sent. */
  readonly prologue: Uint8Array;
  /** 32 random bytes for the ephemeral key, drawn from a cryptographic source and used for this handshake only. */
  readonly ephemeralSecret: Uint8Array;
  /** Own static key, where the pattern has one. */
  readonly ownStatic?: AgreementKey;
  /** The other side's static key, where the pattern takes it for known. */
  readonly peerStatic?: Uint8Array;
}

/** What a finished handshake leaves. */
export interface NoiseSession {
  /** Encrypts what this side sends. */
  readonly sending: NoiseCipher;
  readonly receiving: NoiseCipher;
  /** 32 bytes that no other session has: for binding something to this one. */
  readonly handshakeHash: Uint8Array;
}

/**
 * One side of a handshake (Noise specification section 5.3), without any I/O: `write` and `read` in turn until `session` is there.
 * A fault ends it: everything after is refused, and a new handshake with a new ephemeral key has to begin.
 */
export class NoiseHandshake {
  readonly #provider: CryptoProvider;
  readonly #pattern: NoisePattern;
  readonly #role: NoiseRole;
  #symmetric: NoiseSymmetricState;
  readonly #ephemeral: AgreementKey;
  readonly #static: AgreementKey | undefined;
  #peerEphemeral: Uint8Array | undefined;
  #peerStatic: Uint8Array | undefined;
  #turn = 0;
  #fault: NoiseFault | undefined;
  #session: NoiseSession | undefined;

  /** @throws RangeError where a key that the pattern needs is missing or has another length: our own bug. */
  constructor(options: NoiseOptions) {
    const { provider, pattern, role, ownStatic, peerStatic } = options;
    this.#provider = provider;
    this.#pattern = pattern;
    this.#role = role;
    this.#ephemeral = agreementKeyFrom(provider, options.ephemeralSecret);
    this.#static = ownStatic;
    this.#peerStatic = peerStatic === undefined ? undefined : new Uint8Array(peerStatic);
    this.#symmetric = new NoiseSymmetricState(provider, noiseProtocolName(pattern));
    this.#symmetric.mixHash(options.prologue);
    const { initiator, responder } = pattern.known;
    if (initiator) this.#symmetric.mixHash(this.#staticOf('initiator'));
    if (responder) this.#symmetric.mixHash(this.#staticOf('responder'));
  }

  /** Whether the next message is this side's to write. */
  get isOurTurn(): boolean {
    return !this.#isOver && (this.#turn % 2 === 0) === (this.#role === 'initiator');
  }

  /** The other side's static key, once it was read (or was known). It is proven only when `session` is there. */
  get peerStatic(): Uint8Array | undefined {
    return this.#peerStatic;
  }

  /** There once the last message was written or read. */
  get session(): NoiseSession | undefined {
    return this.#session;
  }

  /** Why it ended without a session, if it did. */
  get fault(): NoiseFault | undefined {
    return this.#fault;
  }

  /**
   * Writes the next message.
   * @returns undefined where the other side's key turns out weak (`fault` says so). @throws Error out of turn, RangeError for a
   * payload that makes the message longer than 65,535 bytes: our own bugs.
   */
  write(payload: Uint8Array): Uint8Array | undefined {
    if (!this.isOurTurn) throw new Error("Noise: it isn't this side's turn to write");
    const parts: Uint8Array[] = [];
    for (const token of this.#tokens()) {
      if (token === 'e') {
        this.#symmetric.mixHash(this.#ephemeral.publicKey);
        parts.push(this.#ephemeral.publicKey);
      } else if (token === 's') {
        parts.push(this.#symmetric.encryptAndHash(this.#ownStatic().publicKey));
      } else if (!this.#mix(token)) {
        return undefined;
      }
    }
    parts.push(this.#symmetric.encryptAndHash(payload));
    const message = joined(parts);
    if (message.length > NOISE_MESSAGE_BYTES_MAX)
      throw new RangeError(`Noise: expected a message of at most ${NOISE_MESSAGE_BYTES_MAX} bytes`);
    this.#advance();
    return message;
  }

  /** Reads the other side's next message. Never throws for what came from outside. @throws Error out of turn: our own bug. */
  read(message: Uint8Array): NoiseRead {
    if (this.#fault !== undefined) return { fault: this.#fault };
    if (this.#isOver || this.isOurTurn) throw new Error("Noise: it isn't the other side's turn");
    if (message.length > NOISE_MESSAGE_BYTES_MAX) return this.#fail('too-long');
    let at = 0;
    const take = (length: number): Uint8Array | undefined => {
      if (message.length - at < length) return undefined;
      at += length;
      return message.subarray(at - length, at);
    };
    for (const token of this.#tokens()) {
      if (token === 'e') {
        const key = take(AGREEMENT_KEY_BYTES);
        if (key === undefined) return this.#fail('truncated');
        this.#peerEphemeral = new Uint8Array(key);
        this.#symmetric.mixHash(key);
      } else if (token === 's') {
        const sealed = take(AGREEMENT_KEY_BYTES + this.#symmetric.overheadBytes);
        if (sealed === undefined) return this.#fail('truncated');
        const read = this.#symmetric.decryptAndHash(sealed);
        if ('fault' in read) return this.#fail(read.fault);
        this.#peerStatic = read.payload.slice();
      } else if (!this.#mix(token)) {
        return this.#fail('weak-key');
      }
    }
    const read = this.#symmetric.decryptAndHash(message.subarray(at));
    if ('fault' in read) return this.#fail(read.fault);
    this.#advance();
    return read;
  }

  /**
   * Reads like `read`, but a message with a fault leaves the handshake as it was: where messages are datagrams, anybody may send
   * one in between, and the true one still has to be read. The caller bounds how many it tries.
   */
  attempt(message: Uint8Array): NoiseRead {
    const before = {
      symmetric: this.#symmetric.copy(),
      ephemeral: this.#peerEphemeral,
      static: this.#peerStatic,
      fault: this.#fault,
    };
    const read = this.read(message);
    if ('fault' in read) {
      this.#symmetric = before.symmetric;
      this.#peerEphemeral = before.ephemeral;
      this.#peerStatic = before.static;
      this.#fault = before.fault;
    }
    return read;
  }

  get #isOver(): boolean {
    return this.#session !== undefined || this.#fault !== undefined;
  }

  #tokens(): readonly NoiseToken[] {
    return this.#pattern.messages[this.#turn] ?? [];
  }

  /** Mixes in what two keys share; of `es` and `se` the first letter is the initiator's key (section 5.3). */
  #mix(token: 'ee' | 'es' | 'se' | 'ss'): boolean {
    const [initiators, responders] = token;
    const [own, theirs] = this.#role === 'initiator' ? [initiators, responders] : [responders, initiators];
    const { secret } = own === 'e' ? this.#ephemeral : this.#ownStatic();
    const peer = theirs === 'e' ? this.#peerEphemeral : this.#peerStatic;
    if (peer === undefined)
      throw new Error(`Noise: the pattern ${this.#pattern.name} uses a key before it is sent`);
    const shared = this.#provider.agree(secret.reveal(), peer);
    if (shared === undefined) {
      this.#fault = 'weak-key';
      return false;
    }
    this.#symmetric.mixKey(shared);
    return true;
  }

  #fail(fault: NoiseFault): { readonly fault: NoiseFault } {
    this.#fault = fault;
    return { fault };
  }

  #advance(): void {
    this.#turn++;
    if (this.#turn < this.#pattern.messages.length) return;
    const [first, second] = this.#symmetric.split();
    const isInitiator = this.#role === 'initiator';
    this.#session = {
      sending: isInitiator ? first : second,
      receiving: isInitiator ? second : first,
      handshakeHash: this.#symmetric.hash,
    };
  }

  #staticOf(role: NoiseRole): Uint8Array {
    if (role === this.#role) return this.#ownStatic().publicKey;
    const key = this.#peerStatic;
    if (key?.length !== AGREEMENT_KEY_BYTES)
      throw new RangeError(`Noise: the pattern ${this.#pattern.name} needs the other side's static key`);
    return key;
  }

  #ownStatic(): AgreementKey {
    if (this.#static === undefined)
      throw new RangeError(`Noise: the pattern ${this.#pattern.name} needs an own static key`);
    return this.#static;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
