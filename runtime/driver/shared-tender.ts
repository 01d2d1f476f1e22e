import { SharedData, TEND_INTERVAL_MS } from '../coordination/shared-data/shared-data.ts';
import type { RandomSource } from '../core/random.ts';
import type { AppValue } from '../core/value.ts';
import type { MemberView, RecordView } from '../core/views.ts';
import type { GossipEngine } from '../engine/contract.ts';
import type { Clock } from './clock.ts';
import type { LogSink } from './log.ts';
import type { Scheduler } from './scheduler.ts';

/** It is looked after so many names at a time: sockets and timers are served in between. */
const TEND_NAMES_MAX = 4;
const TEND_PAUSE_MS = 20;

export interface SharedTenderOptions {
  readonly engine: GossipEngine;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: RandomSource;
  readonly log: LogSink;
  readonly members: () => MemberView[];
  readonly records: (key: string) => RecordView[];
  readonly put: (key: string, value: AppValue) => void;
}

/** The shared data of one node, and who looks after it from time to time. */
export class SharedTender {
  readonly data: SharedData;
  readonly #scheduler: Scheduler;
  #cancel: () => void = () => undefined;

  constructor({ engine, clock, scheduler, random, log, members, records, put }: SharedTenderOptions) {
    this.#scheduler = scheduler;
    const port = {
      id: engine.id,
      get boot() {
        return engine.boot;
      },
      random,
      nowMs: () => clock.nowMs(),
      wallMs: () => Date.now(),
      members,
      records,
      put,
    };
    const soon = (callback: () => void) =>
      scheduler.soon(() => {
        try {
          callback();
        } catch (error) {
          // A listener's bug, not ours.
          log('error', 'listener-failed', { event: 'crdt', error: String(error) });
        }
      });
    this.data = new SharedData(port, { soon });
    this.#tend(TEND_INTERVAL_MS);
  }

  stop(): void {
    this.#cancel();
  }

  #tend(afterMs: number): void {
    this.#cancel = this.#scheduler.after(afterMs, () => {
      const more = this.data.tend(TEND_NAMES_MAX);
      this.#tend(more ? TEND_PAUSE_MS : TEND_INTERVAL_MS);
    });
  }
}
