/** What the bench asks of the processes that it starts, over the IPC channel; each order is answered by one message. */
export type DataOrder =
  /** Be one of the first members, the `holds`-th, and know so many with so many records each, this one included. */
  | {
      readonly type: 'hold';
      readonly holds: number;
      readonly holders: number;
      readonly owners: number;
      readonly records: number;
      readonly certified: boolean;
    }
  /** Join there, and tell when everything has come. */
  | {
      readonly type: 'sync';
      readonly ports: readonly number[];
      readonly owners: number;
      readonly records: number;
      readonly certified: boolean;
    }
  | { readonly type: 'open'; readonly ports: readonly number[] }
  | { readonly type: 'puts'; readonly perSecond: number; readonly keys: number; readonly seconds: number }
  | { readonly type: 'sample' };

export interface Opened {
  readonly port: number;
}

export interface Synced {
  /** From the first datagram to the last record. */
  readonly tookMs: number;
  /** Of all threads meanwhile. */
  readonly cpuMs: number;
  readonly receivedBytes: number;
  /** Of the whole process, before it opened a socket and after all that; garbage collected. */
  readonly heapBeforeMb: number;
  readonly heapMb: number;
  /** Buffers outside of the heap. */
  readonly externalMb: number;
  /** One record by owner and key. */
  readonly getUs: number;
  /** Each record of all, as a list. */
  readonly listMs: number;
}

export interface PutsDone {
  readonly puts: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  /** The last version of each key. */
  readonly last: Readonly<Record<string, number>>;
}

export interface PutsSeen {
  readonly alive: number;
  readonly cpuMs: number;
  readonly events: number;
  /** Events that the queue had no room for. */
  readonly eventsLost: number;
  /** Versions that were told after a higher one of their key. */
  readonly backwards: number;
  readonly last: Readonly<Record<string, number>>;
}
