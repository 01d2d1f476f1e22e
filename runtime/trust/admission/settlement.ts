import type { Endpoint } from '../../core/endpoint.ts';
import type { NodeId } from '../../core/ids.ts';
import { compareEpochs, type Epoch, type EpochName } from '../epoch.ts';
import type { Channel } from './channel.ts';
import type { AdmissionDrop } from './contract.ts';
import type { Desk } from './desk.ts';
import { REPEATS_MAX } from './limits.ts';
import { decodeGrant, encodeDone, encodeGrant } from './payload.ts';
import { Resender } from './resender.ts';

/**
 * What two sides settle that admit each other: the one with the higher epoch gives it to the other, until that one says that it
 * has it [P-13.9]. It exists for admitted peers only, so that nobody else is ever given anything.
 */
export class Settlement {
  readonly #desk: Desk;
  readonly #channel: Channel;
  readonly #peer: { readonly id: NodeId; readonly endpoint: Endpoint };
  readonly #resender: Resender;
  #given: { readonly epoch: EpochName; readonly bytes: Uint8Array } | undefined;
  #acknowledgement: Uint8Array | undefined;
  #repeats = 0;

  constructor(
    desk: Desk,
    parts: { readonly channel: Channel; readonly id: NodeId; readonly endpoint: Endpoint },
  ) {
    this.#desk = desk;
    this.#channel = parts.channel;
    this.#peer = parts;
    this.#resender = new Resender(desk, parts.endpoint);
  }

  get nextMs(): number {
    return this.#resender.nextMs;
  }

  /** Whether a grant of ours isn't acknowledged yet. */
  get isGiving(): boolean {
    return this.#given !== undefined;
  }

  /**
   * Gives `own` where it is above what the peer has.
   * @returns the grant, which goes on being sent; undefined where there is nothing to give.
   */
  offer(nowMs: number, own: Epoch | undefined, theirs: EpochName | undefined): Uint8Array | undefined {
    if (own === undefined || !isAbove(own, theirs)) return undefined;
    if (this.#desk.options.mayGive?.(own) === false) return undefined;
    const bytes = this.#channel.seal('grant', encodeGrant(own));
    this.#given = { epoch: own, bytes };
    this.#desk.counters.epochsGiven++;
    this.#resender.start(nowMs, bytes);
    return bytes;
  }

  /** A grant came. @returns undefined where it was acknowledged. */
  onGrant(payload: Uint8Array): AdmissionDrop | undefined {
    if (this.#acknowledgement !== undefined) {
      if (++this.#repeats > REPEATS_MAX) return 'worn-out';
      this.#desk.send(this.#peer.endpoint, this.#acknowledgement);
      return undefined;
    }
    const epoch = decodeGrant(this.#desk.options.provider, payload);
    if (epoch === undefined) return 'malformed';
    const own = this.#desk.options.currentEpoch();
    // Made up: else any member could lead newcomers away. Nothing of it is taken, and what this node has is said.
    const isWarranted = this.#desk.options.isWarranted(epoch);
    const isHigher = isWarranted && isAbove(epoch, own);
    this.#acknowledgement = this.#channel.seal('done', encodeDone(isHigher ? epoch : own));
    this.#desk.send(this.#peer.endpoint, this.#acknowledgement);
    if (!isWarranted) return 'unwarranted';
    if (!isHigher) return undefined;
    this.#desk.counters.epochsTaken++;
    this.#desk.emit({ type: 'granted', epoch, by: this.#peer.id, endpoint: this.#peer.endpoint });
    return undefined;
  }

  /** The peer says what it has. @returns whether that acknowledges our grant. */
  onDone(theirs: EpochName | undefined): boolean {
    if (this.#given === undefined || isAbove(this.#given.epoch, theirs)) return false;
    const { epoch } = this.#given;
    this.#given = undefined;
    this.#resender.stop();
    this.#desk.emit({
      type: 'gave',
      epoch: { number: epoch.number, id: epoch.id },
      to: this.#peer.id,
      endpoint: this.#peer.endpoint,
    });
    return true;
  }

  onTimeout(nowMs: number): void {
    this.#resender.onTimeout(nowMs);
  }
}

/** None is below all. */
function isAbove(epoch: EpochName, other: EpochName | undefined): boolean {
  return other === undefined || compareEpochs(epoch, other) > 0;
}
