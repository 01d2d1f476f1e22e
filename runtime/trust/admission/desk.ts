import { equalBytes } from '../../core/bytes.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import { jitter } from '../../core/random.ts';
import { clusterTag } from '../../crypto/cluster.ts';
import { NoiseHandshake } from '../../crypto/noise/handshake-state.ts';
import { NOISE_XX } from '../../crypto/noise/pattern.ts';
import {
  type AdmissionCounters,
  type AdmissionEvent,
  type AdmissionOptions,
  type AdmissionOutput,
  createAdmissionCounters,
  type Judgement,
} from './contract.ts';
import { FrameCodec, type Role } from './frame.ts';
import type { Introduction } from './payload.ts';

const EPHEMERAL_BYTES = 32;
const RESEND_JITTER = 0.2;
const LABEL = new TextEncoder().encode('gridvine/1 admission');

/** What every handshake of this node needs: its own side, the way out, and the counters. */
export class Desk {
  readonly options: AdmissionOptions;
  readonly codec: FrameCodec;
  readonly counters: AdmissionCounters = createAdmissionCounters();
  readonly outputs: AdmissionOutput[] = [];
  readonly #cluster: Uint8Array;

  constructor(options: AdmissionOptions) {
    this.options = options;
    this.codec = new FrameCodec(clusterTag(options.provider, options.cluster));
    this.#cluster = new TextEncoder().encode(options.cluster);
  }

  send(to: Endpoint, bytes: Uint8Array): void {
    this.outputs.push({ type: 'transmit', to, bytes });
  }

  emit(event: AdmissionEvent): void {
    this.outputs.push({ type: 'event', event });
  }

  /** Begins a handshake bound to its connection [P-13.5], under a fresh ephemeral key: one asymmetric operation. */
  handshake(role: Role, connection: Uint8Array): NoiseHandshake {
    const prologue = new Uint8Array(LABEL.length + 1 + this.#cluster.length + connection.length);
    prologue.set(LABEL);
    prologue[LABEL.length] = this.#cluster.length;
    prologue.set(this.#cluster, LABEL.length + 1);
    prologue.set(connection, LABEL.length + 1 + this.#cluster.length);
    return new NoiseHandshake({
      provider: this.options.provider,
      pattern: NOISE_XX,
      role,
      prologue,
      ephemeralSecret: this.options.random.bytes(EPHEMERAL_BYTES),
      ownStatic: this.options.agreementKey,
    });
  }

  /** Whether the other side speaks under this node's own key: it is this node, or a copy of it. */
  isSelf(peerStatic: Uint8Array): boolean {
    return equalBytes(peerStatic, this.options.agreementKey.publicKey);
  }

  /** Judges a peer by what it said of itself, and says so. */
  judge(introduction: Introduction | undefined, peerStatic: Uint8Array, endpoint: Endpoint): Judgement {
    const judgement = this.#judge(introduction, peerStatic);
    if (introduction === undefined || !judgement.admitted) {
      this.counters.refused++;
      if (!judgement.admitted) this.emit({ type: 'refused', reason: judgement.reason, endpoint });
      return judgement;
    }
    const { credential, epoch } = introduction;
    this.counters.admitted++;
    this.emit({ type: 'admitted', id: judgement.id, credential, epoch, endpoint });
    return judgement;
  }

  /** How long to wait for an answer, so that nodes that began together drift apart. */
  jittered(ms: number): number {
    return jitter(this.options.random, ms, RESEND_JITTER);
  }

  #judge(introduction: Introduction | undefined, peerStatic: Uint8Array): Judgement {
    if (introduction === undefined) return { admitted: false, reason: 'malformed' };
    const judgement = this.options.judge(introduction.credential, peerStatic);
    if (!judgement.admitted || equalBytes(judgement.agreementKey, peerStatic)) return judgement;
    return { admitted: false, reason: 'key-mismatch' };
  }
}
