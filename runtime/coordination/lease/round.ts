import type { NodeId } from '../../core/ids.ts';
import type { LeaseAnswer } from '../../wire/message.ts';
import { type NamedRoster, votersOf } from './roster.ts';
import type { LeaseRules } from './rules.ts';

/** How a round stands. */
export type RoundState = 'open' | 'won' | 'lost';

/** One question to all voters, and what they answered. Its time counts from before it was first sent. */
export class Round {
  readonly number: number;
  readonly ballot: number;
  readonly sentMs: number;
  readonly roster: NamedRoster;
  readonly #rules: LeaseRules;
  readonly #granted = new Set<NodeId>();
  readonly #refused = new Map<NodeId, LeaseAnswer>();

  constructor(
    parts: {
      readonly number: number;
      readonly ballot: number;
      readonly sentMs: number;
      readonly roster: NamedRoster;
    },
    rules: LeaseRules,
  ) {
    this.number = parts.number;
    this.ballot = parts.ballot;
    this.sentMs = parts.sentMs;
    this.roster = parts.roster;
    this.#rules = rules;
  }

  get granted(): ReadonlySet<NodeId> {
    return this.#granted;
  }

  /** Who hasn't answered. */
  get silent(): NodeId[] {
    return votersOf(this.roster).filter((id) => !this.#granted.has(id) && !this.#refused.has(id));
  }

  get state(): RoundState {
    if (this.#rules.isQuorum(this.roster, this.#granted)) return 'won';
    return this.#rules.isQuorum(this.roster, this.#with(this.silent)) ? 'open' : 'lost';
  }

  /** Whether it would be won if those who only want a higher ballot got it. */
  get failsByBallot(): boolean {
    const lower = [...this.#refused].filter(([, { verdict }]) => verdict === 'ballot').map(([id]) => id);
    return lower.length > 0 && this.#rules.isQuorum(this.roster, this.#with([...this.silent, ...lower]));
  }

  /** The highest ballot that anybody told of. */
  get top(): number {
    return Math.max(0, ...Array.from(this.#refused.values(), ({ top }) => top));
  }

  /** The highest ballot that those voters told of who promise it to another; 0: none does. */
  get rivalTop(): number {
    const taken = [...this.#refused.values()].filter(({ verdict }) => verdict === 'taken');
    return Math.max(0, ...taken.map(({ top }) => top));
  }

  /** How long the one who has it is promised it, at most; 0: nobody has it. */
  get leftMs(): number {
    return Math.max(0, ...Array.from(this.#refused.values(), ({ leftMs }) => leftMs));
  }

  /** What most of those who refused said. */
  get reason(): LeaseAnswer['verdict'] | 'silence' {
    const counts = new Map<LeaseAnswer['verdict'], number>();
    for (const { verdict } of this.#refused.values()) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
    const [first] = [...counts].sort((a, b) => b[1] - a[1]);
    return first === undefined || this.silent.length > first[1] ? 'silence' : first[0];
  }

  /** An answer to this question; of one voter the last counts, but a promise that was given stands. */
  note(from: NodeId, answer: LeaseAnswer): void {
    if (!votersOf(this.roster).includes(from)) return;
    if (answer.verdict === 'granted') {
      this.#granted.add(from);
      this.#refused.delete(from);
    } else if (!this.#granted.has(from)) this.#refused.set(from, answer);
  }

  #with(more: readonly NodeId[]): ReadonlySet<NodeId> {
    return new Set([...this.#granted, ...more]);
  }
}
