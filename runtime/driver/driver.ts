import { type Endpoint, endpointKey, formatAuthority, formatEndpoint } from '../core/endpoint.ts';
import { assert, GridvineError } from '../core/errors.ts';
import type { NodeId } from '../core/ids.ts';
import type { EngineEvent, Output, Path } from '../core/outputs.ts';
import { BOOT_MAX } from '../core/version.ts';
import type { GossipEngine } from '../engine/contract.ts';
import type { Transport, TransportFailure, TransportHandlers } from '../transport/transport.ts';
import type { TrustState } from '../trust/trust.ts';
import { noteBootsLeft } from './boots-left.ts';
import type { Clock } from './clock.ts';
import type { EventQueue } from './event-queue.ts';
import { EventSaver } from './event-saver.ts';
import type { HealthBoard } from './health-board.ts';
import { httpNotice } from './http-health.ts';
import { KeySaver } from './key-saver.ts';
import { LeaseSaver } from './lease-saver.ts';
import type { LogSink } from './log.ts';
import type { Scheduler } from './scheduler.ts';
import { deniedNotice } from './trust-health.ts';
import { TrustSaver } from './trust-saver.ts';
import { TwinConditions } from './twin-conditions.ts';

/** A timer this late means that the event loop or the machine stood still: the engine is told before it judges anybody. */
export const LAG_REPORT_MS = 50;

/** Turns of the loop in which waiting datagrams go before a late timer. */
const CATCH_UP_TURNS_MAX = 16;

/** How long conditions known from single events stay on the health list after the last one. */
const FLEETING_MS = 60_000;
/** Nobody is called again sooner than 60 s after a denial. */
const DENIED_MS = 150_000;

const KEY_CHANGED =
  "Either one of the two has another key file, or the cluster's keys were changed while one was away. On a member run gridvine keys list, and compare with gridvine keys list here; put the key that the members write with into the key file of the one that lacks it, and restart it.";

export interface DriverOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly transports: readonly Transport[];
  readonly events: EventQueue;
  readonly health: HealthBoard;
  readonly log: LogSink;
  /** Persists a boot counter before the engine goes on under it. Rejects with GridvineError where it can't. */
  readonly persistBoot: (boot: number) => Promise<void>;
  /** Puts the node's keys on the medium. Rejects with the platform's error where it can't. */
  readonly persistKeys: (kept: Uint8Array) => Promise<void>;
  /** Puts what the node lives by in a cluster of certificates on the medium, as `persistKeys`. Absent: there is none. */
  readonly persistTrust?: (state: TrustState) => Promise<void>;
  /** Puts what the node promised as a voter on the medium. Rejects with the platform's error where it can't. */
  readonly persistLeases: (kept: Uint8Array) => Promise<void>;
  /** Puts how far the node got with events on the medium. Rejects with the platform's error where it can't. */
  readonly persistEvents: (kept: Uint8Array, scope: 'all' | 'changes') => Promise<void>;
}

/**
 * The event loop of one node: a datagram, the timer or a command is one mutation of the engine, after which its outputs are
 * carried out: datagrams to the transports, events to the queue, and the deadline to the one timer.
 */
export class Driver {
  readonly #options: DriverOptions;
  readonly #failures = new Map<string, number>();
  readonly #keySaver: KeySaver;
  readonly #trustSaver: TrustSaver;
  readonly #leaseSaver: LeaseSaver;
  readonly #eventSaver: EventSaver;
  readonly #twins: TwinConditions;
  #engine: GossipEngine | undefined;
  #phase: 'new' | 'running' | 'stopped' = 'new';
  #mutating = false;
  #cancelTimer: (() => void) | undefined;
  #armedForMs = Number.POSITIVE_INFINITY;
  #catchingUp = false;
  #received = 0;
  #adopting = false;
  #leftWaiters: (() => void)[] = [];

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#keySaver = new KeySaver({ ...options, save: options.persistKeys });
    this.#trustSaver = new TrustSaver({ ...options, save: () => this.#persistTrust() });
    this.#leaseSaver = new LeaseSaver({ ...options, save: options.persistLeases });
    this.#eventSaver = new EventSaver({ ...options, save: options.persistEvents });
    this.#twins = new TwinConditions(options.health);
  }

  /** Failures by code, since the start. */
  get failures(): ReadonlyMap<string, number> {
    return this.#failures;
  }

  /** Announces the node. The transports are open by then: what they brought before was dropped. */
  start(engine: GossipEngine): void {
    assert(this.#phase === 'new', 'a driver starts once');
    this.#engine = engine;
    this.#phase = 'running';
    this.mutate((_engine, nowMs) => engine.start(nowMs));
  }

  /** Calls no engine any more; the transports are the owner's to close. */
  stop(): void {
    this.#phase = 'stopped';
    this.#keySaver.stop();
    this.#disarm();
    this.#settleLeft();
  }

  /** After `stop`: resolves when what the node lives by is on the medium, or was refused there. */
  async settle(): Promise<void> {
    await Promise.all([this.#trustSaver.close(), this.#eventSaver.close()]);
  }

  /**
   * Runs one mutation of the engine and drains its outputs.
   * @throws GridvineError `E_CLOSED` after `stop`; whatever the mutation throws.
   */
  mutate<T>(change: (engine: GossipEngine, nowMs: number) => T): T {
    const engine = this.#engine;
    if (this.#phase !== 'running' || engine === undefined)
      throw new GridvineError('E_CLOSED', 'this node is closed: make a new one');
    assert(!this.#mutating, 'one mutation at a time');
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    const jumpMs = clock.takeJumpMs();
    this.#mutating = true;
    try {
      if (jumpMs > 0) {
        engine.observeHost(nowMs, { lagMs: jumpMs });
        this.#drain(engine);
      }
      // What throws has left the engine as it was, so there is nothing to drain.
      const result = change(engine, nowMs);
      this.#drain(engine);
      return result;
    } finally {
      this.#mutating = false;
    }
  }

  /** Takes no more events. @returns when those that were taken are delivered, or `timeoutMs` later; undefined: they are. */
  stopEvents(timeoutMs: number): Promise<void> | undefined {
    const engine = this.#engine;
    if (this.#phase !== 'running' || engine === undefined) return undefined;
    this.mutate((_engine, nowMs) => engine.events.stop(nowMs));
    const isSettled = () => engine.events.unsettled() === 0;
    return isSettled() ? undefined : this.#eventSaver.settled(isSettled, timeoutMs);
  }

  /** Says goodbye; resolves when the engine has left, or `timeoutMs` later. */
  leave(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.scheduler.after(timeoutMs, resolve);
      this.#leftWaiters.push(() => {
        cancel();
        resolve();
      });
      this.mutate((engine, nowMs) => engine.leave(nowMs));
    });
  }

  /** What transports call; datagrams that come before `start` or after `stop` are dropped. */
  readonly handlers: TransportHandlers = {
    datagram: (path: Path, bytes: Uint8Array) => {
      if (this.#phase !== 'running') return;
      this.#received++;
      this.mutate((engine, nowMs) => engine.handleDatagram(nowMs, path, bytes));
    },
    unreachable: (endpoint: Endpoint) => {
      if (this.#phase !== 'running') return;
      this.mutate((engine, nowMs) => engine.handleUnreachable(nowMs, endpoint));
    },
    failure: (failure: TransportFailure) => this.#failed(failure),
    isMember: (endpoint: Endpoint) => this.#engine?.isMemberAt(endpoint) ?? false,
  };

  #drain(engine: GossipEngine): void {
    for (;;) {
      const output = engine.pollOutput();
      switch (output.type) {
        case 'transmit':
          this.#transmit(output);
          break;
        case 'touch':
          this.#touch(output.endpoint, output.bytes);
          break;
        case 'keep-keys':
          this.#keepKeys(output.ticket, output.kept);
          break;
        case 'keep-leases':
          this.#keepLeases(output.ticket, output.kept);
          break;
        case 'keep-events':
          this.#keepEvents(engine, output);
          break;
        case 'event':
          this.#notice(engine, output.event);
          break;
        case 'timeout':
          this.#arm(output.atMs);
          return;
      }
    }
  }

  #transmit({ to, bytes, trafficClass }: Extract<Output, { type: 'transmit' }>): void {
    for (const transport of this.#options.transports) {
      if (!transport.accepts(to)) continue;
      transport.send(to, bytes, trafficClass);
      return;
    }
    this.#failed(
      to.kind === 'unicast'
        ? { code: 'NO_TRANSPORT', endpoint: to.endpoint }
        : { code: 'NO_TRANSPORT', link: to.link },
    );
  }

  #touch(endpoint: Endpoint, bytes: Uint8Array): void {
    const to = { kind: 'unicast', endpoint } as const;
    this.#options.transports.find((transport) => transport.accepts(to))?.touch(endpoint, bytes);
  }

  #failed({ code, link, endpoint, what, where }: TransportFailure): void {
    const engine = this.#engine;
    if (this.#phase !== 'running' || engine === undefined) return;
    const name = what === undefined ? code : `${what} ${code}`;
    this.#failures.set(name, (this.#failures.get(name) ?? 0) + 1);
    // Heard on a link that this node doesn't use, or a shortcut that failed: nothing was lost that was meant for anybody.
    if (code === 'UNKNOWN_LINK' || what === 'touch') return;
    const { clock, health } = this.#options;
    if (what === 'http') {
      engine.counters.drops.http++;
      // A stranger's bad request is no condition of this node.
      if (endpoint !== undefined)
        health.raise(
          clock.nowMs(),
          'http-failing',
          httpNotice(code, where ?? formatEndpoint(endpoint)),
          FLEETING_MS,
        );
      return;
    }
    engine.counters.drops['send-failed']++;
    const place = endpoint === undefined ? `on ${link ?? 'a link'}` : `to ${formatAuthority(endpoint)}`;
    health.raise(
      clock.nowMs(),
      'send-failing',
      {
        severity: 'warning',
        title: 'datagrams can not be sent',
        text: `The last failure was ${code} ${place}. ENETUNREACH: no route or the link is down; EPERM: a firewall on this machine; ENOBUFS or QUEUE_FULL: the link is too slow; NO_SOCKET: no bound address fits.`,
      },
      FLEETING_MS,
    );
  }

  #notice(engine: GossipEngine, event: EngineEvent): void {
    const { health, clock, events } = this.#options;
    const raise = (code: string, title: string, text: string) =>
      health.raise(clock.nowMs(), code, { severity: 'warning', title, text }, FLEETING_MS);
    switch (event.type) {
      case 'boot-behind':
        this.#adopt(engine, event.seenBoot);
        break;
      case 'left':
        this.#settleLeft();
        break;
      case 'boot-claim':
        raise(
          'boot-claim',
          'a boot far above this one is claimed for this node',
          `Somebody says that this identity was seen with boot ${event.seenBoot}; this one is ${engine.boot}. That is further than is followed, or too often. Where it is no copy of this board, a member lies: find it, and change the cluster key. If this node's records don't reach others any more, stop it, run \`gridvine rekey\`, and start it again.`,
        );
        break;
      case 'twin':
        this.#twins.note(event, engine.id, clock.nowMs());
        break;
      case 'self-doubt':
        raise(
          'own-link-doubted',
          'this node hears too few others',
          `${event.silent} of ${event.asked} members asked lately did not answer, and nobody else misses them. Look at this node's cable, radio and switch port first.`,
        );
        break;
      case 'refused':
        raise(
          'join-refused',
          `a join was refused: ${event.code}`,
          `${event.address}, of cluster "${event.cluster}", answered ${event.code} (a hint, not authenticated). ${event.code === 'unknown-key' ? KEY_CHANGED : 'Compare cluster name and key.'}`,
        );
        break;
      case 'trust-changed':
        this.#trustSaver.changed();
        if (typeof engine.trust()?.epoch === 'number') health.clear('admission-denied');
        break;
      case 'denied':
        health.raise(clock.nowMs(), 'admission-denied', deniedNotice(event), DENIED_MS);
        break;
      case 'own-certificate-lapsed':
        this.#options.log('error', 'own-certificate-lapsed', { own: engine.trust()?.own });
        break;
      case 'unknown-key':
        raise(
          'unknown-key',
          'datagrams come under a key that this node does not hold',
          `From ${event.address}, of this cluster. ${KEY_CHANGED}`,
        );
        break;
      case 'foreign-cluster':
        raise(
          'foreign-cluster',
          'another cluster is heard',
          `Datagrams of a cluster with tag ${event.tag} come from ${event.address}. If it should be this one, compare the cluster names.`,
        );
        break;
    }
    events.push(event);
  }

  /** The engine goes on meanwhile; only one adoption runs at a time, and peers repeat what they saw. */
  #adopt(engine: GossipEngine, seenBoot: number): void {
    const { clock, health, persistBoot, log } = this.#options;
    const boot = seenBoot + 1;
    if (this.#adopting || boot <= engine.boot) return;
    if (boot > BOOT_MAX) {
      health.raise(clock.nowMs(), 'boot-counter-exhausted', {
        severity: 'failure',
        title: 'boot counter used up',
        text: `Peers have seen this identity with boot ${seenBoot}, the highest there is. The node goes on, but others may not take its records any more. Give it a new identity: stop it, run \`gridvine rekey\`, and start it again.`,
      });
      return;
    }
    this.#adopting = true;
    persistBoot(boot)
      .then(() => health.clear('boot-counter-unsaved'))
      .catch((error: unknown) => {
        if (!(error instanceof GridvineError)) throw error;
        // Alive under an unsaved boot beats dead: after the next start peers push it up again.
        health.raise(clock.nowMs(), 'boot-counter-unsaved', {
          severity: 'warning',
          title: 'boot counter not saved',
          text: error.message,
        });
      })
      .then(() => {
        this.#adopting = false;
        if (this.#phase !== 'running') return;
        log('warn', 'boot-adopted', { boot, seenBoot });
        noteBootsLeft(health, clock.nowMs(), boot);
        this.mutate((_engine, nowMs) => engine.adoptBoot(nowMs, boot));
      });
  }

  /** The engine goes on meanwhile under its present keys. */
  #keepKeys(ticket: number, kept: { reveal(): Uint8Array }): void {
    this.#keySaver.keep(kept, () => this.mutate((engine, nowMs) => engine.keysKept(nowMs, ticket)));
  }

  async #persistTrust(): Promise<void> {
    const state = this.#engine?.trustState();
    if (state !== undefined) await this.#options.persistTrust?.(state);
  }

  /** The engine abstains from then on where the medium takes nothing, and tries again by itself. */
  #keepLeases(ticket: number, kept: Uint8Array): void {
    this.#leaseSaver.keep(kept, (outcome) => {
      if (this.#phase === 'running')
        this.mutate((engine, nowMs) => engine.leases.kept(nowMs, ticket, outcome));
    });
  }

  /** They are delivered once this is done. */
  #keepEvents(engine: GossipEngine, keep: Extract<Output, { type: 'keep-events' }>): void {
    const { ticket, slowed } = keep;
    const sender = slowed?.sender ?? undefined;
    const nameNow = () => sender && nameOf(engine, sender, this.#options.clock.nowMs());
    if (slowed !== null) this.#eventSaver.noteSlowed(nameNow());
    this.#eventSaver.keep(keep, (outcome) => {
      if (this.#phase === 'running')
        this.mutate((_engine, nowMs) => engine.events.kept(nowMs, ticket, outcome));
    });
  }

  #settleLeft(): void {
    const waiters = this.#leftWaiters;
    this.#leftWaiters = [];
    for (const settle of waiters) settle();
  }

  /** An earlier deadline than asked stays armed: an extra timeout is harmless, and moving the timer for every datagram is not free. */
  #arm(atMs: number): void {
    if (this.#phase !== 'running' || this.#catchingUp || atMs >= this.#armedForMs) return;
    this.#disarm();
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#armedForMs = atMs;
    const delayMs = Math.max(0, atMs - this.#options.clock.nowMs());
    this.#cancelTimer = this.#options.scheduler.after(delayMs, () => this.#timerFired());
  }

  #disarm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#armedForMs = Number.POSITIVE_INFINITY;
  }

  #timerFired(): void {
    const { clock } = this.#options;
    const lagMs = clock.nowMs() - this.#armedForMs;
    // Sleep shows as lateness here; reporting both would count it twice.
    if (lagMs >= LAG_REPORT_MS) clock.takeJumpMs();
    this.#cancelTimer = undefined;
    this.#armedForMs = Number.POSITIVE_INFINITY;
    if (this.#phase !== 'running') return;
    if (lagMs < LAG_REPORT_MS) {
      this.#timeout();
      return;
    }
    // Answers that came while the loop stood still wait in the sockets: they go before the judgement that they are missing.
    this.#catchingUp = true;
    this.mutate((engine, nowMs) => engine.observeHost(nowMs, { lagMs }));
    this.#catchUp(CATCH_UP_TURNS_MAX);
  }

  #catchUp(turnsLeft: number): void {
    const before = this.#received;
    this.#options.scheduler.soon(() => {
      if (this.#phase !== 'running') return;
      if (this.#received !== before && turnsLeft > 1) {
        this.#catchUp(turnsLeft - 1);
        return;
      }
      this.#catchingUp = false;
      this.#timeout();
    });
  }

  #timeout(): void {
    this.mutate((engine, nowMs) => engine.handleTimeout(nowMs));
  }
}

function nameOf(engine: GossipEngine, member: NodeId, nowMs: number): string {
  return engine.members(nowMs).find(({ id }) => id === member)?.name ?? member;
}

/** Whether two lists name the same endpoints in the same order. */
export function sameEndpoints(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  return a.length === b.length && a.every((endpoint, i) => endpointKey(endpoint) === endpointKey(b[i]));
}
