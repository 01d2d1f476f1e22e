import { equalBytes } from '../../core/bytes.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import type { NoiseHandshake } from '../../crypto/noise/handshake-state.ts';
import { Channel } from './channel.ts';
import type { AdmissionDrop } from './contract.ts';
import type { Desk } from './desk.ts';
import type { HelloFrame, SealedFrame } from './frame.ts';
import { ATTEMPTS_MAX, HANDSHAKE_MS, REPEATS_MAX } from './limits.ts';
import {
  decodeDone,
  decodeIntroduction,
  encodeDenied,
  encodeDone,
  encodeIntroduction,
  type Introduction,
} from './payload.ts';
import { Settlement } from './settlement.ts';

/** The responder's side of one handshake. It speaks when spoken to; only a grant it repeats by itself, to one it has admitted. */
export class Answer {
  readonly endpoint: Endpoint;
  readonly connection: Uint8Array;
  readonly #desk: Desk;
  readonly #ephemeral: Uint8Array;
  #endMs: number;
  #handshake: NoiseHandshake | undefined;
  #response: Uint8Array | undefined;
  #attempts = 0;
  #repeats = 0;
  #channel: Channel | undefined;
  #settlement: Settlement | undefined;
  /** What was read as the third message, so that the same again gets the same answer without another key agreed. */
  #finishHash: Uint8Array | undefined;
  #verdict: Uint8Array | undefined;
  #isOver = false;

  private constructor(
    desk: Desk,
    parts: { readonly endpoint: Endpoint; readonly hello: HelloFrame; readonly nowMs: number },
  ) {
    this.#desk = desk;
    this.endpoint = parts.endpoint;
    this.connection = new Uint8Array(parts.hello.connection);
    this.#ephemeral = new Uint8Array(parts.hello.ephemeral);
    this.#endMs = parts.nowMs + HANDSHAKE_MS;
  }

  /** Answers a hello whose cookie is good: three asymmetric operations. @returns undefined where its key is none. */
  static begin(
    desk: Desk,
    parts: { readonly endpoint: Endpoint; readonly hello: HelloFrame; readonly nowMs: number },
  ): Answer | undefined {
    const answer = new Answer(desk, parts);
    return answer.#respond() ? answer : undefined;
  }

  get nextMs(): number {
    return Math.min(this.#endMs, this.#settlement?.nextMs ?? Number.POSITIVE_INFINITY);
  }

  /** Whether the initiator has introduced itself, and had its verdict. */
  get isSettled(): boolean {
    return this.#verdict !== undefined;
  }

  isExpired(nowMs: number): boolean {
    return this.#isOver || nowMs >= this.#endMs;
  }

  /** The hello came again: so does the response, unless another key is in it. */
  onHello({ ephemeral }: HelloFrame): AdmissionDrop | undefined {
    if (this.#response === undefined || !equalBytes(ephemeral, this.#ephemeral)) return 'unsolicited';
    return this.#repeat(this.#response);
  }

  onFinish(nowMs: number, message: Uint8Array): AdmissionDrop | undefined {
    if (this.#verdict !== undefined) {
      const isSame = equalBytes(this.#desk.options.provider.sha256(message), this.#finishHash ?? message);
      return isSame ? this.#repeat(this.#verdict) : 'unsolicited';
    }
    const handshake = this.#handshake;
    if (handshake === undefined || this.#attempts >= ATTEMPTS_MAX) return 'worn-out';
    const read = handshake.attempt(message);
    const { session, peerStatic } = handshake;
    if ('fault' in read || session === undefined || peerStatic === undefined) {
      this.#attempts++;
      return 'forged';
    }
    if (this.#desk.isSelf(peerStatic)) {
      this.#isOver = true;
      return 'own';
    }
    this.#finishHash = this.#desk.options.provider.sha256(message);
    this.#handshake = undefined;
    this.#response = undefined;
    this.#repeats = 0;
    this.#endMs = nowMs + HANDSHAKE_MS;
    const { codec } = this.#desk;
    const channel = new Channel({ codec, connection: this.connection, role: 'responder', session });
    this.#channel = channel;
    this.#verdict = this.#judge(nowMs, channel, {
      introduction: decodeIntroduction(read.payload, 'finish'),
      peerStatic,
    });
    return undefined;
  }

  onSealed(frame: SealedFrame): AdmissionDrop | undefined {
    const payload = this.#channel?.open(frame);
    if (payload === undefined) return this.#channel === undefined ? 'unsolicited' : 'forged';
    if (this.#settlement === undefined) return 'unsolicited';
    if (frame.step === 'grant' && !this.#settlement.isGiving) return this.#settlement.onGrant(payload);
    if (frame.step !== 'done') return 'unsolicited';
    const done = decodeDone(payload);
    if (done === undefined) return 'malformed';
    this.#settlement.onDone(done.name);
    return undefined;
  }

  onTimeout(nowMs: number): void {
    this.#settlement?.onTimeout(nowMs);
  }

  /** Sends the verdict. @returns it. */
  #judge(
    nowMs: number,
    channel: Channel,
    {
      introduction,
      peerStatic,
    }: { readonly introduction: Introduction | undefined; readonly peerStatic: Uint8Array },
  ): Uint8Array {
    const { endpoint } = this;
    const own = this.#desk.options.currentEpoch();
    const judgement = this.#desk.judge(introduction, peerStatic, endpoint);
    const by = judgement.admitted ? judgement.id : undefined;
    if (introduction?.denial !== undefined)
      this.#desk.emit({ type: 'denied', reason: introduction.denial, by, endpoint });
    if (judgement.admitted && introduction?.denial === undefined) {
      const settlement = new Settlement(this.#desk, { channel, id: judgement.id, endpoint });
      this.#settlement = settlement;
      const grant = settlement.offer(nowMs, own, introduction?.epoch);
      if (grant !== undefined) return grant;
    }
    const verdict = judgement.admitted
      ? channel.seal('done', encodeDone(own))
      : channel.seal('denied', encodeDenied(judgement.reason));
    this.#desk.send(endpoint, verdict);
    return verdict;
  }

  #respond(): boolean {
    const handshake = this.#desk.handshake('responder', this.connection);
    if ('fault' in handshake.read(this.#ephemeral)) return false;
    const { credential, currentEpoch } = this.#desk.options;
    const message = handshake.write(
      encodeIntroduction({ credential: credential(), epoch: currentEpoch() }, 'response'),
    );
    if (message === undefined) return false;
    this.#handshake = handshake;
    this.#response = this.#desk.codec.noise('response', this.connection, message);
    this.#desk.send(this.endpoint, this.#response);
    return true;
  }

  /** An address is proven, but not that this datagram came from there: repeats are counted. */
  #repeat(bytes: Uint8Array): AdmissionDrop | undefined {
    if (++this.#repeats > REPEATS_MAX) return 'worn-out';
    this.#desk.send(this.endpoint, bytes);
    return undefined;
  }
}
