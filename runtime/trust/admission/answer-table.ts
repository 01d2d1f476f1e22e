import { type Endpoint, endpointKey } from '../../core/endpoint.ts';
import { toHex } from '../../core/ids.ts';
import type { Answer } from './answer.ts';
import type { AdmissionLimits } from './limits.ts';
import { networkOf } from './source-budget.ts';

/**
 * The handshakes that this node answers, by address and connection: whoever copies a connection id to another address finds
 * nothing. Open ones are bounded by address, network and in all; of the settled ones the oldest makes room.
 */
export class AnswerTable {
  readonly #limits: AdmissionLimits;
  readonly #open = new Map<string, Answer>();
  readonly #settled = new Map<string, Answer>();

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#open.size + this.#settled.size;
  }

  find(key: string): Answer | undefined {
    return this.#open.get(key) ?? this.#settled.get(key);
  }

  /** Whether one more from this address may be open. */
  hasRoomFor({ address }: Endpoint): boolean {
    const { openMax, openPerNetworkMax, openPerAddressMax } = this.#limits;
    if (this.#open.size >= openMax) return false;
    const network = networkOf(address);
    let ofNetwork = 0;
    let ofAddress = 0;
    for (const { endpoint } of this.#open.values()) {
      if (endpoint.address === address) ofAddress++;
      if (networkOf(endpoint.address) === network) ofNetwork++;
    }
    return ofNetwork < openPerNetworkMax && ofAddress < openPerAddressMax;
  }

  add(key: string, answer: Answer): void {
    this.#open.set(key, answer);
  }

  /** Notes that an open one has had its verdict. @returns the key of one that had to make room. */
  settle(key: string, answer: Answer): string | undefined {
    if (!this.#open.delete(key)) return undefined;
    this.#settled.set(key, answer);
    if (this.#settled.size <= this.#limits.settledMax) return undefined;
    const oldest = this.#settled.keys().next().value as string;
    this.#settled.delete(oldest);
    return oldest;
  }

  delete(key: string): void {
    this.#open.delete(key);
    this.#settled.delete(key);
  }
}

export function answerKey(from: Endpoint, connection: Uint8Array): string {
  return `${toHex(connection)} ${endpointKey(from)}`;
}
