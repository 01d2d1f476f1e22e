import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
} from 'node:crypto';

/**
 * A second, naive reader of the admission handshake [P-13], written from the specification and that of Noise (revision 34), with
 * no code of the runtime. It knows the secrets of both sides and follows what they say.
 */

const NAME = Buffer.from('Noise_XX_25519_ChaChaPoly_SHA256');
const STEPS = ['hello', 'retry', 'response', 'finish', 'grant', 'denied', 'done'];
/** Bytes of a step's datagram: exactly, or at least. */
const EXACT: Readonly<Record<string, number>> = { hello: 64, retry: 32 };
const LEAST: Readonly<Record<string, number>> = {
  response: 112,
  finish: 80,
  grant: 32,
  denied: 32,
  done: 32,
};

export interface Frame {
  readonly step: string;
  readonly ordinal: number;
  readonly connection: Buffer;
  readonly payload: Buffer;
}

/** [P-13.2] */
export function readFrame(datagram: Buffer, clusterTag: Buffer): Frame | { drop: string } {
  if (datagram.length < 32 || datagram.length > 1200) return { drop: 'size' };
  if (datagram[0] !== 0x47 || datagram[1] !== 0x15) return { drop: 'version' };
  if (!datagram.subarray(2, 6).equals(clusterTag)) return { drop: 'wrong-cluster' };
  const step = STEPS[datagram[6] - 1];
  const ordinal = datagram[7];
  const { length } = datagram;
  if (step === undefined || length < (LEAST[step] ?? 0) || length !== (EXACT[step] ?? length))
    return { drop: 'malformed' };
  if (datagram[6] <= 4 && ordinal !== 0) return { drop: 'malformed' };
  return { step, ordinal, connection: datagram.subarray(8, 16), payload: datagram.subarray(16) };
}

const sha256 = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const hmac = (key: Uint8Array, ...parts: Uint8Array[]): Buffer =>
  createHmac('sha256', key).update(Buffer.concat(parts)).digest();

function privateKey(secret: Buffer) {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secret]);
  return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
}

export function publicOf(secret: Buffer): Buffer {
  return createPublicKey(privateKey(secret)).export({ format: 'der', type: 'spki' }).subarray(-32);
}

function agree(secret: Buffer, peer: Buffer): Buffer {
  const spki = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), peer]);
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return diffieHellman({ privateKey: privateKey(secret), publicKey });
}

function nonceOf(counter: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32LE(counter, 4);
  return nonce;
}

export function seal(key: Buffer, counter: number, aad: Buffer, text: Buffer): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', key, nonceOf(counter), { authTagLength: 16 });
  cipher.setAAD(aad, { plaintextLength: text.length });
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

/** @throws where the tag doesn't fit. */
export function open(key: Buffer, counter: number, aad: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('chacha20-poly1305', key, nonceOf(counter), { authTagLength: 16 });
  decipher.setAAD(aad, { plaintextLength: sealed.length - 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

/** The state of section 5.2 of Noise. */
class Transcript {
  hash: Buffer = NAME;
  #chainingKey: Buffer = NAME;
  #key: Buffer = Buffer.alloc(0);
  #counter = 0;

  mixHash(data: Buffer): void {
    this.hash = sha256(this.hash, data);
  }

  mixKey(input: Buffer): void {
    [this.#chainingKey, this.#key] = this.#derive(input);
    this.#counter = 0;
  }

  decrypt(sealed: Buffer): Buffer {
    const text = open(this.#key, this.#counter++, this.hash, sealed);
    this.mixHash(sealed);
    return text;
  }

  split(): [Buffer, Buffer] {
    return this.#derive(Buffer.alloc(0));
  }

  #derive(input: Buffer): [Buffer, Buffer] {
    const secret = hmac(this.#chainingKey, input);
    const first = hmac(secret, Buffer.of(1));
    return [first, hmac(secret, first, Buffer.of(2))];
  }
}

export interface Secrets {
  readonly cluster: string;
  readonly connection: Buffer;
  readonly initiator: { readonly fixed: Buffer; readonly ephemeral: Buffer };
  readonly responder: { readonly fixed: Buffer; readonly ephemeral: Buffer };
}

export interface Followed {
  readonly responseText: Buffer;
  readonly finishText: Buffer;
  /** The keys of what the initiator and the responder send afterwards. */
  readonly keys: { readonly initiator: Buffer; readonly responder: Buffer };
}

/** Follows the three Noise messages [P-13.5]. @throws where one doesn't fit. */
export function follow(
  secrets: Secrets,
  messages: { readonly hello: Buffer; readonly response: Buffer; readonly finish: Buffer },
): Followed {
  const { initiator, responder, cluster, connection } = secrets;
  const name = Buffer.from(cluster);
  const transcript = new Transcript();
  transcript.mixHash(
    Buffer.concat([Buffer.from('gridvine/1 admission'), Buffer.of(name.length), name, connection]),
  );
  const firstKey = messages.hello.subarray(16);
  if (!firstKey.equals(publicOf(initiator.ephemeral))) throw new Error('another ephemeral key');
  transcript.mixHash(firstKey);
  transcript.mixHash(Buffer.alloc(0));

  const secondKey = messages.response.subarray(0, 32);
  transcript.mixHash(secondKey);
  transcript.mixKey(agree(initiator.ephemeral, secondKey));
  const responderFixed = transcript.decrypt(messages.response.subarray(32, 80));
  transcript.mixKey(agree(initiator.ephemeral, responderFixed));
  const responseText = transcript.decrypt(messages.response.subarray(80));

  const initiatorFixed = transcript.decrypt(messages.finish.subarray(0, 48));
  transcript.mixKey(agree(responder.ephemeral, initiatorFixed));
  const finishText = transcript.decrypt(messages.finish.subarray(48));
  for (const [sent, own] of [
    [secondKey, responder.ephemeral],
    [responderFixed, responder.fixed],
    [initiatorFixed, initiator.fixed],
  ])
    if (!sent.equals(publicOf(own))) throw new Error('a key is not its owner’s');
  const [fromInitiator, fromResponder] = transcript.split();
  return { responseText, finishText, keys: { initiator: fromInitiator, responder: fromResponder } };
}

/** [P-14.1] */
export function epochId(secret: Buffer, mark: Buffer): Buffer {
  return sha256(Buffer.from('gridvine/1 epoch'), secret, mark).subarray(0, 8);
}
