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
  readonly #suspicions = new Map<NodeId, Suspicion>();

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
    for (const suspicion of this.#suspicions.values()) suspicion.by.delete(node);
  }

  #impair({ type, node, cause, atMs }: Observed<'impaired' | 'restored'>): void {
    const { stalls, cuts } = this.#past(node);
    const spells = cause === 'stalled' ? stalls : cuts;
    if (type === 'impaired') spells.begin(atMs);
    else spells.end(atMs);
  }

  #judgeEvent({ node, event, atMs }: Observed<'event'>): Verdict | undefined {
    if (event.type !== 'member') return undefined;
    const suspected = event.to === 'suspect' || event.to === 'down';
    const suspicion = this.#suspicionOf(event.id, `${event.boot}.${event.incarnation}`, { suspected, atMs });
    if (suspected) suspicion?.by.add(node);
    else suspicion?.by.delete(node);
    if (event.to !== 'down' || suspicion === undefined) return undefined;
    const suspectedAtMs = suspicion.sinceMs;
    const subject = this.#past(event.id);
    // Said of an earlier life: that one is over indeed.
    const kind =
      event.boot < subject.boot ? 'right' : kindOf(subject, this.#past(node), { suspectedAtMs, atMs });
    if (kind === 'false' && this.#options.couldMeet?.(node, event.id, suspectedAtMs) === false)
      return { kind: 'isolated', by: node, about: event.id, suspectedAtMs };
    return { kind, by: node, about: event.id, suspectedAtMs };
  }

  #suspicionOf(
    about: NodeId,
    order: string,
    now: { readonly suspected: boolean; readonly atMs: number },
  ): Suspicion | undefined {
    const known = this.#suspicions.get(about);
    const stands = known !== undefined && known.order === order && known.by.size > 0;
    if (stands || !now.suspected) return stands ? known : undefined;
    const made = { order, sinceMs: now.atMs, by: new Set<NodeId>() };
    this.#suspicions.set(about, made);
    return made;
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
