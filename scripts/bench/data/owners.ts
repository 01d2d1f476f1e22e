import { NODE_ID_BYTES, toHex } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { createDefaultProvider } from '#runtime/driver/default-provider.ts';
import { Engine } from '#runtime/engine/engine.ts';
import { CertifiedHosts } from '#runtime/simulator/certified-hosts.ts';
import type { Block } from '#runtime/wire/message.ts';
import { CLUSTER, engineOptions } from '../peers/bench-node.ts';

const SEED = 20;

/** The certificates of all: the same in each process. */
export async function fleetOf(owners: number): Promise<CertifiedHosts> {
  const provider = await createDefaultProvider();
  return new CertifiedHosts({
    provider,
    cluster: CLUSTER,
    random: new SeededRandom(SEED),
    hosts: owners + 1,
  });
}

export function cardOf(fleet: CertifiedHosts, host: number) {
  return { id: fleet.id(host), trust: fleet.trust(host) };
}

/** What the members from `first` on have said of themselves and of their readings. @param fleet undefined: by a pre-shared key. */
export function blocksOf(
  first: number,
  {
    owners,
    records,
    fleet,
  }: { readonly owners: number; readonly records: number; readonly fleet: CertifiedHosts | undefined },
): Block[] {
  const random = new SeededRandom(SEED);
  return Array.from({ length: owners - first }, (_, i) => {
    const host = first + i;
    const card = fleet === undefined ? undefined : cardOf(fleet, host);
    const engine = new Engine({
      ...engineOptions(`board-${host}`, card),
      // The same at all that hold them.
      ...(card === undefined ? { id: toHex(random.bytes(NODE_ID_BYTES)) } : {}),
      // Nobody can be reached but those that hold them all.
      endpoints: [],
      links: [{ name: 'lo', multicast: 'off' }],
    });
    engine.start(1);
    for (let n = 0; n < records; n++)
      engine.put(1, keyOf(n), 1_200 + ((7 * host + n) % 100) / 10, { unit: 'W' });
    const block = engine.blockOf(1, engine.id);
    if (block === undefined) throw new Error('an engine without its own records');
    return block;
  });
}

export function keyOf(n: number): string {
  return `sensor/${n}/power`;
}
