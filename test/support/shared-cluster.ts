import type { SharedDataPort } from '#runtime/coordination/shared-data/contract.ts';
import { SharedData } from '#runtime/coordination/shared-data/shared-data.ts';
import type { NodeId } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import type { AppValue } from '#runtime/core/value.ts';
import type { RecordView } from '#runtime/core/views.ts';
import { crdtKeyOf } from '#runtime/data/crdt/crdt-key.ts';
import type { CrdtTypeName } from '#runtime/data/crdt/type-names.ts';
import { memberView, recordView } from './fake-node.ts';

/** One node's copy of everybody's records, and its shared data. */
export class SharedNode {
  readonly id: NodeId;
  readonly records = new Map<string, RecordView>();
  data: SharedData;
  /** What its disk holds, by key. */
  disk = new Map<string, AppValue>();
  boot = 1;
  readonly #cluster: SharedCluster;
  #sequence = 0;

  constructor(id: NodeId, cluster: SharedCluster) {
    this.id = id;
    this.#cluster = cluster;
    this.data = this.#open();
  }

  /** The next life: its table is gone, and its own records are those of its disk. */
  restart(disk: ReadonlyMap<string, AppValue>): void {
    this.boot++;
    this.#sequence = 0;
    this.records.clear();
    this.disk = new Map();
    for (const [key, value] of disk) this.#put(key, value);
    this.data = this.#open();
  }

  /** Hears of another's records as they are now; what the other no longer has is forgotten. */
  hear(from: SharedNode): void {
    for (const record of from.records.values()) {
      if (record.owner !== from.id) continue;
      const before = this.records.get(`${from.id} ${record.key}`);
      if (before !== undefined && before.version >= record.version) continue;
      this.records.set(`${from.id} ${record.key}`, record);
      this.data.onRecord({ type: 'record', change: 'put', record });
    }
    for (const record of [...this.records.values()])
      if (record.owner === from.id && !from.records.has(`${from.id} ${record.key}`)) this.forget(record);
  }

  /** An operator's `forget`. */
  forgetNode(id: NodeId): void {
    for (const record of [...this.records.values()]) if (record.owner === id) this.forget(record);
  }

  forget(record: RecordView): void {
    this.records.delete(`${record.owner} ${record.key}`);
    this.data.onRecord({ type: 'record', change: 'forget', record });
  }

  /** Deletes one of its own, as an owner may. */
  withdraw(key: string): void {
    const record = this.records.get(`${this.id} ${key}`);
    if (record === undefined) return;
    this.records.delete(`${this.id} ${key}`);
    this.data.onRecord({ type: 'record', change: 'delete', record: { ...record, value: null } });
  }

  #put(key: string, value: AppValue): void {
    this.#cluster.check?.(value);
    this.#sequence++;
    const version = this.boot * 2 ** 32 + this.#sequence;
    const record = recordView({ owner: this.id, key, value, version });
    this.records.set(`${this.id} ${key}`, record);
    this.disk.set(key, value);
  }

  #open(): SharedData {
    const port: SharedDataPort = {
      id: this.id,
      boot: this.boot,
      random: new SeededRandom(this.boot, Number.parseInt(this.id.slice(0, 8), 16)),
      nowMs: () => this.#cluster.nowMs,
      wallMs: () => 1_700_000_000_000,
      members: () => this.#cluster.living().map((id) => memberView({ id })),
      records: (key) =>
        [...this.records.values()].filter((record) =>
          key.endsWith('/') ? record.key.startsWith(key) : record.key === key,
        ),
      put: (key, value) => {
        this.#put(key, value);
        const record = this.records.get(`${this.id} ${key}`);
        // As the engine does it: its own put is an event, too.
        if (record !== undefined) this.data.onRecord({ type: 'record', change: 'put', record });
      },
    };
    return new SharedData(port, { soon: (callback) => callback() });
  }
}

/** Nodes that hear of each other's records when the test says so. */
export class SharedCluster {
  nowMs = 0;
  readonly nodes: SharedNode[];
  readonly gone = new Set<NodeId>();
  /** Refuses what a record couldn't hold. */
  check: ((value: AppValue) => void) | undefined;

  constructor(ids: readonly NodeId[]) {
    this.nodes = ids.map((id) => new SharedNode(id, this));
  }

  living(): NodeId[] {
    return this.nodes.map(({ id }) => id).filter((id) => !this.gone.has(id));
  }

  /** Everybody that lives hears of all others, and looks after its own, until nothing changes. */
  settle(rounds = 12): void {
    for (let round = 0; round < rounds; round++) {
      const living = this.nodes.filter(({ id }) => !this.gone.has(id));
      for (const node of living) for (const other of living) if (other !== node) node.hear(other);
      for (const node of living) node.data.tend();
      this.nowMs += 10_000;
    }
  }

  /** What each living node sees. */
  values(type: CrdtTypeName, name: string): AppValue[] {
    return this.nodes
      .filter(({ id }) => !this.gone.has(id))
      .map((node) => node.data.get(name, type)?.value ?? null);
  }

  slotOf(node: SharedNode, type: CrdtTypeName, name: string): AppValue | undefined {
    return node.records.get(`${node.id} ${crdtKeyOf({ type, name })}`)?.value;
  }
}
