import { formatDuration } from '#runtime/core/durations.ts';
import type { HealthItem } from '#runtime/driver/contract.ts';

interface Condition {
  readonly sinceMs: number;
  readonly severity: HealthItem['severity'];
  readonly title: string;
  readonly text: string;
}

/** Codes of the conditions that the bridge reports; each clears itself. */
export type MqttHealthCode = 'mqtt-unreachable' | 'mqtt-refused' | 'mqtt-too-many-topics' | 'mqtt-no-uplink';

/** The lasting conditions of a bridge. */
export class BridgeHealth {
  readonly #conditions = new Map<MqttHealthCode, Condition>();

  /** Begins a condition, or rewords one that lasts. @returns whether it is new. */
  raise(code: MqttHealthCode, nowMs: number, wording: Omit<Condition, 'sinceMs'>): boolean {
    const known = this.#conditions.get(code);
    this.#conditions.set(code, { ...wording, sinceMs: known?.sinceMs ?? nowMs });
    return known === undefined;
  }

  /** @returns whether there was such a condition. */
  clear(code: MqttHealthCode): boolean {
    return this.#conditions.delete(code);
  }

  items(nowMs: number): HealthItem[] {
    return Array.from(this.#conditions, ([code, { sinceMs, ...wording }]) => ({
      code,
      ...wording,
      sinceMs: nowMs - sinceMs,
    }));
  }
}

export function unreachableWording(options: {
  readonly server: string;
  readonly reason: string;
  readonly failures: number;
  readonly retryMs: number;
}): Omit<Condition, 'sinceMs'> {
  const { server, reason, failures, retryMs } = options;
  const attempts = failures === 1 ? 'once' : `${failures} times in a row`;
  return {
    severity: 'warning',
    title: 'MQTT broker not reachable',
    text: `${server}: ${reason} (failed ${attempts}, next attempt within ${formatDuration(Math.max(1_000, retryMs))}). Gossip goes on; the newest values are published once the broker answers. Check mqtt.url, and that the broker runs.`,
  };
}

/** @param reason why this node can't even ask; undefined: it asks, and nobody gets it. */
export function noUplinkWording(lease: string, reason: string | undefined): Omit<Condition, 'sinceMs'> {
  return {
    severity: 'warning',
    title: 'nobody feeds the MQTT broker',
    text: `No node is known to hold the lease ${lease}${reason === undefined ? '' : ` (${reason})`}. Leases need a majority of their voters: see gridvine lease list and leases.voters.`,
  };
}
