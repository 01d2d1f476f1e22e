import type { NodeId } from '../../core/ids.ts';
import type { QueryEnd, QuerySummary } from '../../core/query-views.ts';
import type { ReplyVerdict } from '../../wire/message.ts';

export interface OpenQueryOptions {
  readonly number: number;
  readonly askedMs: number;
  readonly timeoutMs: number;
  readonly ack: boolean;
  /** Members that it asks, as far as this node knows. */
  readonly expected: readonly NodeId[];
  readonly answersMax: number;
  readonly bytesMax: number;
}

/** One query of this node, while answers are waited for [P-18.9]: each node is heard once, and not for ever. */
export class OpenQuery {
  readonly number: number;
  readonly askedMs: number;
  readonly endMs: number;
  readonly #options: OpenQueryOptions;
  readonly #missing: Set<NodeId>;
  readonly #acked = new Set<NodeId>();
  readonly #answered = new Set<NodeId>();
  #bytes = 0;

  constructor(options: OpenQueryOptions) {
    this.#options = options;
    this.number = options.number;
    this.askedMs = options.askedMs;
    this.endMs = options.askedMs + options.timeoutMs;
    this.#missing = new Set(options.expected);
  }

  /** @returns whether this is news: a node acknowledges once and answers once, and who has answered needn't acknowledge. */
  take(from: NodeId, verdict: ReplyVerdict, bytes: number): boolean {
    if (this.#answered.has(from)) return false;
    if (verdict === 'ack') {
      if (!this.#options.ack || this.#acked.has(from) || this.#acked.size >= this.#options.answersMax)
        return false;
      this.#acked.add(from);
      return true;
    }
    this.#answered.add(from);
    this.#missing.delete(from);
    this.#bytes += bytes;
    return true;
  }

  /** Why it is over now; undefined: it isn't. */
  endAt(nowMs: number): QueryEnd | undefined {
    const { answersMax, bytesMax } = this.#options;
    if (this.#missing.size === 0) return 'complete';
    if (this.#answered.size >= answersMax || this.#bytes >= bytesMax) return 'limit';
    return nowMs >= this.endMs ? 'timeout' : undefined;
  }

  summary(end: QueryEnd, nowMs: number): QuerySummary {
    return {
      end,
      expected: this.#options.expected.length,
      acks: this.#acked.size,
      answers: this.#answered.size,
      silent: [...this.#missing].filter((id) => !this.#acked.has(id)),
      tookMs: Math.max(0, Math.round(nowMs - this.askedMs)),
    };
  }
}
