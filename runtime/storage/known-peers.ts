import { parseAddress } from '../core/address.ts';
import { type Endpoint, endpointKey } from '../core/endpoint.ts';
import type { FilePort } from './file-port.ts';
import { type After, SnapshotFile, type SnapshotFileOptions } from './snapshot-file.ts';

/** Enough to find the cluster again, few enough to try. */
export const KNOWN_PEERS_MAX = 32;

export interface KnownPeersOptions {
  readonly files: FilePort;
  readonly directory: string;
  readonly after: After;
  readonly notify: SnapshotFileOptions['notify'];
}

/** Where peers were last reached, kept in `peers.json` as seeds for the next life: at most one write in 10 minutes, and at close. */
export class KnownPeers {
  readonly #file: SnapshotFile;
  #endpoints: readonly Endpoint[] = [];

  constructor(options: KnownPeersOptions) {
    this.#file = new SnapshotFile({
      ...options,
      name: 'peers.json',
      schema: 'gridvine.peers/1',
      delayMs: 30_000,
      intervalMs: 600_000,
      codes: { damaged: 'peers-damaged', unsaved: 'peers-unsaved' },
      take: () => this.#endpoints,
    });
  }

  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  async load(): Promise<readonly Endpoint[]> {
    const body = await this.#file.load();
    this.#endpoints = Array.isArray(body) ? body.filter(isEndpoint).slice(0, KNOWN_PEERS_MAX) : [];
    return this.#endpoints;
  }

  /** Takes the peers that are reached now; none keeps the last ones, which may be right again. */
  update(endpoints: readonly Endpoint[]): void {
    if (endpoints.length === 0) return;
    const byKey = new Map(endpoints.map((endpoint) => [endpointKey(endpoint), endpoint]));
    const sorted = [...byKey.keys()].sort().slice(0, KNOWN_PEERS_MAX);
    if (sorted.join() === this.#endpoints.map(endpointKey).join()) return;
    this.#endpoints = sorted.map((key) => {
      const { transport, address, port } = byKey.get(key) as Endpoint;
      return { transport, address, port };
    });
    this.#file.changed();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function isEndpoint(json: unknown): json is Endpoint {
  const { transport, address, port } = (json ?? {}) as Record<string, unknown>;
  return (
    (transport === 'udp' || transport === 'http') &&
    typeof address === 'string' &&
    parseAddress(address) !== undefined &&
    Number.isInteger(port) &&
    (port as number) > 0 &&
    (port as number) <= 65_535
  );
}
