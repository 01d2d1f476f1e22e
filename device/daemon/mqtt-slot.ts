import { isDeepStrictEqual } from 'node:util';
import type { HealthItem } from '#runtime/driver/contract.ts';
import { type MqttConfig, publishes } from '../mqtt/config.ts';

/** A bridge, as far as the daemon handles it. */
export interface Bridge {
  start(): void;
  stop(): Promise<void>;
  health(): HealthItem[];
  /** Whether another node goes on where this one stops. */
  readonly isLeased: boolean;
}

export interface MqttSlotOptions {
  /** Made only where there is a broker. */
  readonly make: (config: MqttConfig) => Promise<Bridge>;
}

/** The place of the MQTT bridge: none, or one that is replaced when its configuration changes. */
export class MqttSlot {
  readonly #make: MqttSlotOptions['make'];
  #config: MqttConfig | undefined;
  #bridge: Bridge | undefined;
  #phase: 'new' | 'running' | 'stopped' = 'new';

  constructor({ make }: MqttSlotOptions) {
    this.#make = make;
  }

  /**
   * Has the bridge go by this from now on. One at a time; the one before says goodbye to its broker first.
   * @param config as it stands in the configuration; undefined or without a broker: no bridge.
   */
  async use(config: MqttConfig | undefined): Promise<void> {
    const wanted = publishes(config) ? config : undefined;
    if (this.#phase === 'stopped' || isDeepStrictEqual(wanted, this.#config)) return;
    const next = wanted === undefined ? undefined : await this.#make(wanted);
    const before = this.#bridge;
    this.#bridge = undefined;
    await before?.stop();
    this.#config = wanted;
    if (this.#isStopped()) return;
    this.#bridge = next;
    if (this.#phase === 'running') next?.start();
  }

  start(): void {
    this.#phase = 'running';
    this.#bridge?.start();
  }

  async stop(): Promise<void> {
    this.#phase = 'stopped';
    await this.#bridge?.stop();
  }

  get isLeased(): boolean {
    return this.#bridge?.isLeased ?? false;
  }

  health(): HealthItem[] {
    return this.#bridge?.health() ?? [];
  }

  /** It may have been stopped meanwhile. */
  #isStopped(): boolean {
    return this.#phase === 'stopped';
  }
}
