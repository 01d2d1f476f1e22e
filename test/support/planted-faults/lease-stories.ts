import assert from 'node:assert/strict';
import type { Roster } from '#runtime/core/roster.ts';
import type { Violation } from '#runtime/simulator/checkers/checker.ts';
import { LeaseWatch } from '#runtime/simulator/lease-watch.ts';
import { Run } from '#runtime/simulator/run.ts';
import { World, type WorldParts } from '#runtime/simulator/world.ts';
import { optionsOf } from '../../sim/play.ts';

const NAME = 'uplink';
/** Voters are the first three; two more nodes want the lease; three more become voters later. */
const VOTERS = [0, 1, 2];
const [FIRST, SECOND] = [3, 4];
const LATER = [5, 6, 7];
const NODES = 8;

/** What happens, and what a story needs of its world. */
export interface LeaseStory {
  readonly play: (stage: LeaseStage) => void;
  /** Speeds of the clocks of the first five. */
  readonly clockRates?: readonly number[];
}

/** A cluster with a roster, and what stories do to it. */
export class LeaseStage {
  readonly world: World;
  readonly #run: Run;

  constructor(parts: WorldParts, clockRates: readonly number[] = []) {
    const options = { ...optionsOf({ scenario: 'join', nodes: NODES }), clockRates, clockDriftShare: 0.01 };
    this.world = new World(options, parts);
    this.#run = new Run(this.world, options);
    new LeaseWatch(this.world);
    for (const { index } of this.world.hosts) this.giveRoster(index, this.roster(1, VOTERS));
    this.#run.form();
  }

  get violations(): readonly Violation[] {
    return this.#run.checkers.violations.filter(({ checker }) =>
      ['one-holder', 'fence-grows'].includes(checker),
    );
  }

  roster(version: number, voters: readonly number[], previous: readonly number[] = []): Roster {
    const ids = (indexes: readonly number[]) => indexes.map((index) => this.world.hosts[index].id);
    return { version, voters: ids(voters), previous: ids(previous) };
  }

  giveRoster(index: number, roster: Roster): void {
    this.world.giveRoster(index, roster);
  }

  ask(index: number, ttlMs = 10_000): void {
    this.world.acquireLease(index, NAME, { ttlMs });
  }

  letGo(index: number): void {
    this.world.hosts[index].mutate((engine, nowMs) => engine.leases.release(nowMs, NAME));
  }

  holds(index: number): boolean {
    const host = this.world.hosts[index];
    return host.engine?.leases.own(host.localNow(), NAME)?.state === 'held';
  }

  /** Asks until it is held. */
  take(index: number, ttlMs?: number): void {
    this.ask(index, ttlMs);
    const tookMs = this.world.runUntil(() => this.holds(index), 5_000);
    assert.ok(tookMs !== undefined, `node ${index} did not get the lease`);
  }

  cut(index: number, others: readonly number[]): void {
    const links = others.map((other) => [index, other] as const);
    this.world.degrade(links, { lossShare: 1 });
  }

  restart(index: number, storage: 'kept' | 'lost' = 'kept'): void {
    this.world.kill(index);
    if (storage === 'lost') this.world.hosts[index].disk.leases = 'lost';
    this.world.start(index, [0, 1, 2, 3]);
  }
}

/** The holder has the promises of two voters, of which one restarts; a rival reaches that one and the third. */
function restartedVoter(storage: 'kept' | 'lost'): LeaseStory['play'] {
  return (stage) => {
    stage.cut(FIRST, [2]);
    stage.take(FIRST);
    stage.cut(SECOND, [0]);
    stage.restart(1, storage);
    stage.ask(SECOND);
    stage.world.runFor(8_000);
  };
}

/** The medium of one of the two voters takes nothing, and that voter restarts. */
function fullDisk(stage: LeaseStage): void {
  stage.cut(FIRST, [2]);
  stage.world.hosts[1].disk.works = false;
  stage.ask(FIRST);
  stage.world.runUntil(() => stage.holds(FIRST), 1_000);
  stage.cut(SECOND, [0]);
  stage.world.hosts[1].disk.works = true;
  stage.restart(1);
  stage.ask(SECOND);
  stage.world.runFor(8_000);
}

/** Nobody hears the holder any more, and a rival waits. */
function holderCutOff(options: {
  readonly ttlMs: number;
  readonly answersTakeMs?: number;
}): LeaseStory['play'] {
  return (stage) => {
    const { ttlMs, answersTakeMs = 0 } = options;
    if (answersTakeMs > 0) {
      const latency = { shape: 'uniform', delayMs: answersTakeMs, jitterMs: 0 } as const;
      stage.world.degrade(
        VOTERS.map((voter) => [voter, FIRST] as const),
        { latency },
        'forth',
      );
    }
    stage.take(FIRST, ttlMs);
    stage.world.partition([[FIRST]]);
    for (const rival of [SECOND, ...LATER]) stage.ask(rival, ttlMs);
    stage.world.runFor(2 * ttlMs);
  };
}

function pausedHolder(stage: LeaseStage): void {
  stage.take(FIRST, 3_000);
  stage.world.stall(FIRST, 6_000);
  stage.ask(SECOND, 3_000);
  stage.world.runFor(8_000);
}

function partedVoters(stage: LeaseStage): void {
  stage.world.partition([[0, FIRST]]);
  stage.ask(FIRST);
  stage.ask(SECOND);
  stage.world.runFor(5_000);
}

/** New voters on one side, and the old ones with their holder, who know nothing of that, on the other. */
function newVoters(stage: LeaseStage): void {
  stage.take(FIRST);
  stage.world.partition([[...VOTERS, FIRST]]);
  const next = stage.roster(2, LATER, VOTERS);
  for (const index of [...LATER, SECOND]) stage.giveRoster(index, next);
  stage.ask(SECOND);
  stage.world.runFor(8_000);
}

/** Two voters have been dismissed; somebody who doesn't know asks them. */
function dismissedVoters(stage: LeaseStage): void {
  const all = stage.world.hosts.map(({ index }) => index).filter((index) => index !== FIRST);
  for (const index of all) stage.giveRoster(index, stage.roster(2, [0], VOTERS));
  const settled = () => stage.world.hosts[0].engine?.leases.view(0).roster?.settled === true;
  assert.ok(stage.world.runUntil(settled, 90_000) !== undefined, 'the roster did not settle');
  for (const index of [0, SECOND]) stage.giveRoster(index, stage.roster(3, [0]));
  stage.world.partition([[FIRST, 1, 2]]);
  stage.ask(FIRST);
  stage.ask(SECOND);
  stage.world.runFor(8_000);
}

/** Some leases later everybody starts anew. */
function allRestart(stage: LeaseStage): void {
  for (let i = 0; i < 3; i++) {
    stage.take(FIRST);
    stage.letGo(FIRST);
    stage.world.runFor(500);
  }
  for (const { index } of stage.world.hosts) stage.world.kill(index);
  stage.world.runFor(1_000);
  for (const { index } of stage.world.hosts) stage.world.start(index, VOTERS);
  stage.world.runFor(5_000);
  stage.ask(SECOND);
  stage.world.runFor(15_000);
}

/** A rival asks where nobody hears it, with a ballot that is spent by the time it is heard. */
function lateRival(stage: LeaseStage): void {
  stage.world.partition([[SECOND]]);
  stage.ask(SECOND);
  for (let i = 0; i < 3; i++) {
    stage.take(FIRST);
    stage.letGo(FIRST);
    stage.world.runFor(500);
  }
  stage.world.heal();
  stage.world.runFor(15_000);
}

/** The holder's clock is slow, the voters' are fast. */
const APART = [1.05, 1.05, 1.05, 0.95, 1];

export const LEASE_STORIES = {
  'a voter restarts': { play: restartedVoter('kept') },
  'a voter loses its storage': { play: restartedVoter('lost') },
  'a voter can not write': { play: fullDisk },
  'a holder is cut off': { play: holderCutOff({ ttlMs: 10_000 }), clockRates: APART },
  'a holder hears its answers late': {
    play: holderCutOff({ ttlMs: 10_000, answersTakeMs: 245 }),
    clockRates: APART,
  },
  'a holder stands still': { play: pausedHolder },
  'voters are parted': { play: partedVoters },
  'other voters are named': { play: newVoters },
  'voters were dismissed': { play: dismissedVoters },
  'all nodes restart': { play: allRestart },
  'a rival is late': { play: lateRival },
} satisfies Readonly<Record<string, LeaseStory>>;

export type LeaseStoryName = keyof typeof LEASE_STORIES;

/** Tells a story. @returns what the checkers of leases object to. */
export function tellLeaseStory(name: LeaseStoryName, parts: WorldParts): readonly Violation[] {
  const story: LeaseStory = LEASE_STORIES[name];
  const stage = new LeaseStage(parts, story.clockRates);
  story.play(stage);
  return stage.violations;
}
