import type { NodeId } from '../core/ids.ts';
import { Excuse } from './excuse.ts';
import type { Observation, Observed } from './observation.ts';

/**
 * Whose fault a verdict `down` is. `right`: the member was off. `false`: it ran, and most could reach it, during the whole
 * suspicion, but for spells so short that they excuse nothing. `stalled`: it was stalled or cut off for longer at some time
 * during the suspicion. `isolated`: the judge itself was cut off, from most or
 * from this member, and so could not know.
 */
export type VerdictKind = 'right' | 'false' | 'stalled' | 'isolated';

export interface Verdict {
  readonly kind: VerdictKind;
  readonly by: NodeId;
  readonly about: NodeId;
  /** When the suspicion began: the first `suspect` that anybody said of this life and incarnation. */
  readonly suspectedAtMs: number;
}

/** What is known of one node's recent past. */
interface Past {
  boot: number;
  running: boolean;
  /** When its present life began. */
  startedAtMs: number;
  readonly stalls: Excuse;
  readonly cuts: Excuse;
}

export interface VerdictJudgeOptions {
  /** Stalls and cuts up to this long excuse no verdict. 0: every one does. */
  readonly stallMsMax: number;
  /** Whether judge and member could exchange datagrams, directly or through others, since then. Absent: always. */
  readonly couldMeet?: (judge: NodeId, member: NodeId, sinceMs: number) => boolean;
}

/** A suspicion of one life and incarnation lasts from the first who says `suspect` until the last takes it back. */
interface Suspicion {
  readonly order: string;
  readonly sinceMs: number;
  readonly by: Set<NodeId>;
}

/** Tells false verdicts from right ones, by what was really done to the nodes. */
export class VerdictJudge {
  readonly #options: VerdictJudgeOptions;
  readonly #pasts = new Map<NodeId, Past>();
  readonly #suspicions = new Map<NodeId, Suspicion[]>();

  constructor(options: VerdictJudgeOptions) {
    this.#options = options;
  }

  /** @returns the verdict, where the observation is a member event to `down`. */
  judge(observation: Observation): Verdict | undefined {
    switch (observation.type) {
      case 'started':
        this.#start(observation);
        return undefined;
      case 'stopped':
        this.#stop(observation.node);
        return undefined;
      case 'impaired':
      case 'restored':
        this.#impair(observation);
        return undefined;
      case 'event':
        return this.#judgeEvent(observation);
      default:
        return undefined;
    }
  }

  #start({ node, boot, atMs }: Observed<'started'>): void {
    this.#pasts.set(node, this.#newPast({ boot, running: true, startedAtMs: atMs }));
  }

  #stop(node: NodeId): void {
    this.#past(node).running = false;
    for (const about of this.#suspicions.keys()) this.#takeBack(about, node);
  }

  #impair({ type, node, cause, atMs }: Observed<'impaired' | 'restored'>): void {
    const { stalls, cuts } = this.#past(node);
    const spells = cause === 'stalled' ? stalls : cuts;
    if (type === 'impaired') spells.begin(atMs);
    else spells.end(atMs);
  }

  #judgeEvent({ node, event, atMs }: Observed<'event'>): Verdict | undefined {
    // It goes on under a higher boot: whoever speaks of the one before speaks of a life that is over.
    if (event.type === 'boot-behind')
      this.#past(node).boot = Math.max(this.#past(node).boot, event.seenBoot + 1);
    if (event.type !== 'member') return undefined;
    const order = `${event.boot}.${event.incarnation}`;
    if (event.to !== 'suspect' && event.to !== 'down') {
      this.#takeBack(event.id, node);
      return undefined;
    }
    const suspicion = this.#suspicionOf(event.id, order, atMs);
    this.#takeBack(event.id, node, order);
    suspicion.by.add(node);
    if (event.to === 'suspect') return undefined;
    const suspectedAtMs = suspicion.sinceMs;
    const subject = this.#past(event.id);
    // Said of an earlier life: that one is over indeed.
    const kind =
      event.boot < subject.boot ? 'right' : kindOf(subject, this.#past(node), { suspectedAtMs, atMs });
    if (kind === 'false' && this.#options.couldMeet?.(node, event.id, suspectedAtMs) === false)
      return { kind: 'isolated', by: node, about: event.id, suspectedAtMs };
    return { kind, by: node, about: event.id, suspectedAtMs };
  }

  /** Of each life and incarnation there is one: who was cut off may long have suspected one that the others have heard refuted. */
  #suspicionOf(about: NodeId, order: string, atMs: number): Suspicion {
    const all = this.#suspicions.get(about) ?? [];
    const known = all.find((suspicion) => suspicion.order === order);
    if (known !== undefined) return known;
    const made = { order, sinceMs: atMs, by: new Set<NodeId>() };
    this.#suspicions.set(about, [...all, made]);
    return made;
  }

  /** A node suspects a member no longer, or in no other life than this one. */
  #takeBack(about: NodeId, node: NodeId, unless?: string): void {
    const all = this.#suspicions.get(about);
    if (all === undefined) return;
    for (const { order, by } of all) if (order !== unless) by.delete(node);
    const left = all.filter(({ order, by }) => by.size > 0 || order === unless);
    if (left.length === 0) this.#suspicions.delete(about);
    else this.#suspicions.set(about, left);
  }

  #past(node: NodeId): Past {
    let past = this.#pasts.get(node);
    if (past === undefined) {
      past = this.#newPast({ boot: 0, running: false, startedAtMs: Number.NEGATIVE_INFINITY });
      this.#pasts.set(node, past);
    }
    return past;
  }

  #newPast(life: Pick<Past, 'boot' | 'running' | 'startedAtMs'>): Past {
    const { stallMsMax } = this.#options;
    return { ...life, stalls: new Excuse(stallMsMax), cuts: new Excuse(stallMsMax) };
  }
}

function kindOf(
  subject: Past,
  judge: Past,
  { suspectedAtMs, atMs }: { readonly suspectedAtMs: number; readonly atMs: number },
): VerdictKind {
  if (!subject.running) return 'right';
  if (subject.startedAtMs >= suspectedAtMs) return 'stalled';
  if (subject.stalls.holds(suspectedAtMs, atMs) || subject.cuts.holds(suspectedAtMs, atMs)) return 'stalled';
  return judge.cuts.holds(suspectedAtMs, atMs) ? 'isolated' : 'false';
}
