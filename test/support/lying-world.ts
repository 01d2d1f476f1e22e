import assert from 'node:assert/strict';
import type { NodeId } from '#runtime/core/ids.ts';
import type { Output } from '#runtime/core/outputs.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { Engine } from '#runtime/engine/engine.ts';
import type { EngineGauges, GaugeName } from '#runtime/engine/gauges.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import { DEFAULT_QUALITY, type Medium } from '#runtime/simulator/options.ts';
import { World } from '#runtime/simulator/world.ts';
import { type Lie, LyingHost } from './lying-host.ts';
import { EngineWrapper } from './planted-faults/engine-wrapper.ts';

const FORM_MS_MAX = 60_000;
/** The news of the joins has died down. */
const QUIET_MS = 3_000;
const WATCH_MS = 100;

/** How long an honest node said `down` of another one that ran. */
export interface DownSpell {
  readonly by: number;
  readonly about: number;
  readonly fromMs: number;
  untilMs: number;
}

/** What the simulator's tables can't hold: events about members that no host is. */
class StrangersUnheard extends EngineWrapper {
  readonly #hosts: ReadonlySet<NodeId>;

  constructor(inner: Engine, hosts: ReadonlySet<NodeId>) {
    super(inner);
    this.#hosts = hosts;
  }

  override pollOutput(): Output {
    for (;;) {
      const output = this.inner.pollOutput();
      const isOfStranger =
        output.type === 'event' && output.event.type === 'member' && !this.#hosts.has(output.event.id);
      if (!isOfStranger) return output;
    }
  }
}

/** A cluster of real engines on virtual time with one lying host, the last one; it notes what the liar does to the others. */
export class LyingWorld {
  readonly world: World;
  readonly downs: DownSpell[] = [];
  /** The highest value of each gauge that any honest engine had since the lying began. */
  readonly peaks: Partial<Record<GaugeName, number>> = {};
  readonly honest: readonly number[];
  #liar: LyingHost | undefined;

  constructor(lie: Lie, { nodes = 6, medium = 'unicast' as Medium, seed = 1 } = {}) {
    const ids = new Set<NodeId>();
    this.honest = Array.from({ length: nodes - 1 }, (_, index) => index);
    this.world = new World(
      { nodes, seed, medium, quality: DEFAULT_QUALITY, settings: settingsOf('lan') },
      {
        provider: createNodeProvider(),
        createEngine: (options) => {
          ids.add(options.id);
          if (options.name !== `node-${nodes - 1}`) return new StrangersUnheard(new Engine(options), ids);
          this.#liar = new LyingHost(options, lie);
          return this.#liar;
        },
      },
    );
    this.world.observe((observation) => {
      if (observation.type !== 'event' || observation.event.type !== 'member') return;
      this.#noteState(observation.node, observation.event.id, observation.event.to);
    });
  }

  get liar(): LyingHost {
    assert.ok(this.#liar !== undefined, 'the liar has started');
    return this.#liar;
  }

  /** Counters of one honest node. */
  counters(host: number) {
    const { engine } = this.world.hosts[host];
    assert.ok(engine !== undefined, `node ${host} runs`);
    return engine.counters;
  }

  gauges(host: number): EngineGauges {
    const { engine } = this.world.hosts[host];
    assert.ok(engine !== undefined, `node ${host} runs`);
    return engine.gauges();
  }

  /** Whether all honest nodes that run say `alive` of each other. */
  get isWhole(): boolean {
    const running = this.honest.filter((host) => this.world.hosts[host].state === 'running');
    return running.every((a) =>
      running.every((b) => a === b || this.world.members.stateOf(a, b) === 'alive'),
    );
  }

  /** What honest nodes say of each other, for people. */
  describe(): string {
    return this.honest
      .flatMap((by) =>
        this.honest.map((about) => `node ${by} says ${this.world.members.stateOf(by, about)} of ${about}`),
      )
      .filter((text) => !text.includes('alive') && !text.includes('undefined'))
      .join('; ');
  }

  /** Starts everybody, and waits until the liar is taken for a member. */
  form(): this {
    const { world } = this;
    for (const host of world.hosts) world.start(host.index, [0, 1]);
    const last = world.hosts.length - 1;
    const isFormed = () =>
      this.isWhole && this.honest.every((host) => world.members.stateOf(host, last) === 'alive');
    assert.ok(world.runUntil(isFormed, FORM_MS_MAX) !== undefined, 'a cluster with the liar in it');
    world.runFor(QUIET_MS);
    assert.equal(this.liar.others.length, this.honest.length, 'the liar knows all');
    return this;
  }

  /** Lets it lie for so long. @returns bytes that honest nodes sent, and that the liar sent, meanwhile. */
  lieFor(ms: number): { readonly honestBytes: number; readonly liarBytes: number } {
    const before = this.#sentBytes();
    this.liar.startLying();
    this.#watchFor(ms);
    this.liar.stopLying();
    const after = this.#sentBytes();
    return { honestBytes: after.honest - before.honest, liarBytes: after.liar - before.liar };
  }

  /** Time without lies. */
  rest(ms: number): void {
    this.#watchFor(ms);
  }

  /** Spells of `down` about honest nodes that lasted longer than so. */
  downsLongerThan(ms: number): string[] {
    return this.downs
      .map(({ by, about, fromMs, untilMs }) => ({
        text: `node ${by} says down of ${about} from ${Math.round(fromMs)} ms on`,
        lastedMs: Math.min(untilMs, this.world.nowMs) - fromMs,
      }))
      .filter(({ lastedMs }) => lastedMs > ms)
      .map(({ text, lastedMs }) => `${text} for ${Math.round(lastedMs)} ms`);
  }

  #watchFor(ms: number): void {
    const endMs = this.world.nowMs + ms;
    while (this.world.nowMs < endMs) {
      this.world.runFor(Math.min(WATCH_MS, endMs - this.world.nowMs));
      for (const host of this.honest) this.#notePeaks(host);
    }
  }

  #notePeaks(host: number): void {
    if (this.world.hosts[host].state !== 'running') return;
    for (const [name, value] of Object.entries(this.gauges(host)) as [GaugeName, number][])
      this.peaks[name] = Math.max(this.peaks[name] ?? 0, value);
  }

  #noteState(byId: NodeId, aboutId: NodeId, to: string | undefined): void {
    const by = this.world.indexOf(byId);
    const about = this.world.indexOf(aboutId);
    const last = this.downs.findLast((spell) => spell.by === by && spell.about === about);
    if (last !== undefined) last.untilMs = Math.min(last.untilMs, this.world.nowMs);
    const isHonest = this.honest.includes(about) && this.world.hosts[about].state === 'running';
    if ((to === 'down' || to === 'left') && isHonest)
      this.downs.push({ by, about, fromMs: this.world.nowMs, untilMs: Number.POSITIVE_INFINITY });
  }

  #sentBytes(): { honest: number; liar: number } {
    const { network, hosts } = this.world;
    const sent = hosts.map(({ index }) => network.traffic(index).total.sentBytes);
    return { honest: sent.slice(0, -1).reduce((sum, bytes) => sum + bytes, 0), liar: sent[hosts.length - 1] };
  }
}
