import { type Endpoint, endpointKey } from '../../core/endpoint.ts';
import { toHex } from '../../core/ids.ts';
import type { Call } from './call.ts';
import type { AdmissionLimits } from './limits.ts';

/** This node's own calls by connection: those under way, one an endpoint, and those that may still repeat an acknowledgement. */
export class CallTable {
  readonly #callsMax: number;
  readonly #byConnection = new Map<string, Call>();
  readonly #underWay = new Map<string, Call>();
  readonly #lingering = new Set<Call>();

  constructor({ callsMax }: AdmissionLimits) {
    this.#callsMax = callsMax;
  }

  get size(): number {
    return this.#byConnection.size;
  }

  isCalling(endpoint: Endpoint): boolean {
    return this.#underWay.has(endpointKey(endpoint));
  }

  /** Strangers may provoke half of the calls, so that they don't keep this node from its own. */
  hasRoom({ provoked }: { readonly provoked: boolean }): boolean {
    if (this.#underWay.size >= this.#callsMax) return false;
    if (!provoked) return true;
    const ofStrangers = [...this.#underWay.values()].filter((call) => call.provoked).length;
    return ofStrangers < this.#callsMax / 2;
  }

  keyOf(call: Call): string {
    return toHex(call.connection);
  }

  get(key: string): Call | undefined {
    return this.#byConnection.get(key);
  }

  find(connection: Uint8Array): Call | undefined {
    return this.#byConnection.get(toHex(connection));
  }

  /** @returns its key. */
  add(call: Call): string {
    const key = this.keyOf(call);
    this.#byConnection.set(key, call);
    this.#underWay.set(endpointKey(call.endpoint), call);
    return key;
  }

  /** Notes that a call has its outcome. @returns the key of a lingering one that had to make room. */
  end(call: Call): string | undefined {
    const place = endpointKey(call.endpoint);
    if (this.#underWay.get(place) === call) this.#underWay.delete(place);
    this.#lingering.add(call);
    if (this.#lingering.size <= this.#callsMax) return undefined;
    const [oldest] = this.#lingering;
    this.delete(oldest);
    return this.keyOf(oldest);
  }

  delete(call: Call): void {
    this.#byConnection.delete(this.keyOf(call));
    this.#lingering.delete(call);
  }
}
