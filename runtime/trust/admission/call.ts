import { equalBytes } from '../../core/bytes.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import type { NoiseHandshake } from '../../crypto/noise/handshake-state.ts';
import type { Epoch } from '../epoch.ts';
import { Channel } from './channel.ts';
import type { AdmissionDrop, CallOutcome, Judgement } from './contract.ts';
import type { Desk } from './desk.ts';
import type { RetryFrame, SealedFrame } from './frame.ts';
import {
  ATTEMPTS_MAX,
  CONNECTION_ID_BYTES,
  COOKIE_BYTES,
  COOKIES_TAKEN_MAX,
  HANDSHAKE_MS,
} from './limits.ts';
import { decodeDenied, decodeDone, decodeIntroduction, encodeIntroduction } from './payload.ts';
import { Resender } from './resender.ts';
import { Settlement } from './settlement.ts';

/** How long a provoked call waits for its cookie: the one hello that it may send was lost, or nobody is there. */
const PROVOKED_MS = 3_000;
const NOTHING = new Uint8Array(0);
const NO_COOKIE = new Uint8Array(COOKIE_BYTES);
const NO_EPHEMERAL = new Uint8Array(32);

/**
 * Where a call stands: it asks for a cookie, presents it with its key, has introduced itself, gives its epoch, and lastly only
 * repeats what it said [P-13.7].
 */
type Stage = 'asking' | 'greeting' | 'introduced' | 'giving' | 'over';

/** The initiator's side of one handshake. */
export class Call {
  readonly endpoint: Endpoint;
  readonly connection: Uint8Array;
  /** Whether a datagram that anybody may have sent led to it: until its peer has answered it sends one hello only. */
  readonly provoked: boolean;
  readonly #desk: Desk;
  readonly #resender: Resender;
  #stage: Stage = 'asking';
  #endMs: number;
  #handshake: NoiseHandshake | undefined;
  #ephemeral: Uint8Array = NO_EPHEMERAL;
  #cookie: Uint8Array = NO_COOKIE;
  #cookiesTaken = 0;
  #attempts = 0;
  #sawItself = false;
  #channel: Channel | undefined;
  #judgement: Judgement | undefined;
  /** What this node had when it judged the peer: nothing newer is given on the strength of that judgement. */
  #ownEpoch: Epoch | undefined;
  #settlement: Settlement | undefined;

  /** Sends the first hello. */
  constructor(
    desk: Desk,
    parts: { readonly endpoint: Endpoint; readonly provoked: boolean; readonly nowMs: number },
  ) {
    const { endpoint, provoked, nowMs } = parts;
    this.#desk = desk;
    this.endpoint = endpoint;
    this.provoked = provoked;
    this.connection = desk.options.random.bytes(CONNECTION_ID_BYTES);
    this.#resender = new Resender(desk, endpoint);
    this.#endMs = nowMs + (provoked ? PROVOKED_MS : HANDSHAKE_MS);
    this.#resender.start(nowMs, this.#hello());
    if (provoked) this.#resender.stop();
  }

  get nextMs(): number {
    return Math.min(this.#endMs, this.#resender.nextMs, this.#settlement?.nextMs ?? Number.POSITIVE_INFINITY);
  }

  /** Whether it has its outcome; it may still have to repeat an acknowledgement. */
  get isOver(): boolean {
    return this.#stage === 'over';
  }

  /** Whether it may be forgotten. */
  isExpired(nowMs: number): boolean {
    return this.isOver && nowMs >= this.#endMs;
  }

  /** A hello of this call came back to this node. It may be its own address, or somebody who reflects: no reason to give up. */
  onOwnHello(): AdmissionDrop {
    this.#sawItself = true;
    return 'own';
  }

  onRetry(nowMs: number, { cookie }: RetryFrame): AdmissionDrop | undefined {
    if (this.#stage !== 'asking' && this.#stage !== 'greeting') return 'unsolicited';
    if (equalBytes(cookie, this.#cookie)) return 'unsolicited';
    if (++this.#cookiesTaken > COOKIES_TAKEN_MAX) return 'worn-out';
    if (this.#handshake === undefined) {
      this.#handshake = this.#desk.handshake('initiator', this.connection);
      this.#ephemeral = this.#handshake.write(NOTHING) ?? NO_EPHEMERAL;
      if (this.provoked) this.#endMs = nowMs + HANDSHAKE_MS;
    }
    this.#stage = 'greeting';
    this.#cookie = new Uint8Array(cookie);
    this.#resender.start(nowMs, this.#hello());
    return undefined;
  }

  onResponse(nowMs: number, message: Uint8Array): AdmissionDrop | undefined {
    const handshake = this.#handshake;
    if (this.#stage !== 'greeting' || handshake === undefined) return 'unsolicited';
    if (this.#attempts >= ATTEMPTS_MAX) return 'worn-out';
    const read = handshake.attempt(message);
    const { peerStatic } = handshake;
    if ('fault' in read || peerStatic === undefined) {
      this.#attempts++;
      return 'forged';
    }
    if (this.#desk.isSelf(peerStatic)) {
      this.#end(nowMs, 'self');
      return undefined;
    }
    this.#ownEpoch = this.#desk.options.currentEpoch();
    const introduction = decodeIntroduction(read.payload, 'response');
    const judgement = this.#desk.judge(introduction, peerStatic, this.endpoint);
    this.#judgement = judgement;
    const finish = handshake.write(
      encodeIntroduction(
        {
          credential: this.#desk.options.credential(),
          epoch: this.#ownEpoch,
          ...(judgement.admitted ? {} : { denial: judgement.reason }),
        },
        'finish',
      ),
    );
    const { session } = handshake;
    // Only an ephemeral key of small order leaves it undefined, and under one the response wasn't read.
    if (finish === undefined || session === undefined) return 'forged';
    const { codec } = this.#desk;
    this.#channel = new Channel({ codec, connection: this.connection, role: 'initiator', session });
    if (judgement.admitted) {
      const { id } = judgement;
      this.#settlement = new Settlement(this.#desk, { channel: this.#channel, id, endpoint: this.endpoint });
    }
    this.#stage = 'introduced';
    this.#resender.start(nowMs, codec.noise('finish', this.connection, finish));
    return undefined;
  }

  onSealed(nowMs: number, frame: SealedFrame): AdmissionDrop | undefined {
    const payload = this.#channel?.open(frame);
    if (payload === undefined) return this.#channel === undefined ? 'unsolicited' : 'forged';
    if (frame.step === 'grant') return this.#onGrant(nowMs, payload);
    return frame.step === 'done' ? this.#onDone(nowMs, payload) : this.#onDenied(nowMs, payload);
  }

  onTimeout(nowMs: number): void {
    if (nowMs >= this.#endMs) {
      if (!this.isOver) this.#end(nowMs, this.#sawItself ? 'self' : 'timed-out');
      return;
    }
    this.#resender.onTimeout(nowMs);
    this.#settlement?.onTimeout(nowMs);
  }

  #onGrant(nowMs: number, payload: Uint8Array): AdmissionDrop | undefined {
    if (this.#settlement === undefined) return this.#onVerdict(nowMs);
    if (this.#stage === 'giving') return 'unsolicited';
    const drop = this.#settlement.onGrant(payload);
    if (drop === undefined && this.#stage === 'introduced') this.#end(nowMs, 'granted', { linger: true });
    return drop;
  }

  #onDone(nowMs: number, payload: Uint8Array): AdmissionDrop | undefined {
    const done = decodeDone(payload);
    if (done === undefined) return 'malformed';
    if (this.#settlement === undefined) return this.#onVerdict(nowMs);
    if (this.#stage === 'giving') {
      if (this.#settlement.onDone(done.name)) this.#end(nowMs, 'gave');
      return undefined;
    }
    if (this.#stage !== 'introduced') return 'unsolicited';
    this.#resender.stop();
    if (this.#settlement.offer(nowMs, this.#ownEpoch, done.name) === undefined) this.#end(nowMs, 'agreed');
    else this.#stage = 'giving';
    return undefined;
  }

  #onDenied(nowMs: number, payload: Uint8Array): AdmissionDrop | undefined {
    if (this.#stage !== 'introduced') return 'unsolicited';
    const reason = decodeDenied(payload);
    if (reason === undefined) return 'malformed';
    const by = this.#judgement?.admitted ? this.#judgement.id : undefined;
    this.#desk.emit({ type: 'denied', reason, by, endpoint: this.endpoint });
    this.#end(nowMs, 'denied');
    return undefined;
  }

  /** Whatever a peer answers that this node doesn't admit: it has heard so, and that is all. */
  #onVerdict(nowMs: number): AdmissionDrop | undefined {
    if (this.#stage !== 'introduced') return 'unsolicited';
    this.#end(nowMs, 'refused');
    return undefined;
  }

  #end(nowMs: number, outcome: CallOutcome, options: { readonly linger?: boolean } = {}): void {
    this.#stage = 'over';
    this.#resender.stop();
    this.#handshake = undefined;
    this.#endMs = options.linger ? nowMs + HANDSHAKE_MS : nowMs;
    this.#desk.emit({ type: 'ended', outcome, endpoint: this.endpoint });
  }

  #hello(): Uint8Array {
    return this.#desk.codec.hello(this.connection, { cookie: this.#cookie, ephemeral: this.#ephemeral });
  }
}
