import { endpointText, type LinkEndpoint } from '../../ports/link-port.ts';
import type { SourcePorts } from '../../ports/source-ports.ts';
import { ModbusBus, type ModbusBusOptions } from './modbus-bus.ts';

interface Shared {
  readonly bus: ModbusBus;
  users: number;
}

/** One pool for each set of ports: sources that are given the same ports share their buses. */
const pools = new WeakMap<SourcePorts, Map<string, Shared>>();

/** A bus as long as it is needed. */
export interface BusUse {
  readonly bus: ModbusBus;
  /** Gives it back; the last one to do so closes its port. */
  release(): Promise<void>;
}

/** The bus at an address, opened by whoever needs it first. Its line's settings are those of the first, too. */
export function useBus(options: ModbusBusOptions, ports: SourcePorts): BusUse {
  const pool = pools.get(ports) ?? new Map<string, Shared>();
  pools.set(ports, pool);
  const id = `${options.framing} ${busAddress(options.endpoint)}`;
  const shared = pool.get(id) ?? { bus: new ModbusBus(options, ports), users: 0 };
  pool.set(id, shared);
  shared.users += 1;
  if (shared.users === 1) shared.bus.start();
  let isReleased = false;
  return {
    bus: shared.bus,
    async release() {
      if (isReleased) return;
      isReleased = true;
      shared.users -= 1;
      if (shared.users > 0) return;
      pool.delete(id);
      await shared.bus.stop();
    },
  };
}

function busAddress(endpoint: LinkEndpoint): string {
  return endpointText(endpoint);
}
