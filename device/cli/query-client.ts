import type { ApiClient } from './api-client.ts';
import { CliError } from './io.ts';

/** One answer to a query, as the API streams it. */
export interface QueryAnswerJson {
  readonly schema: 'gridvine.query-answer/1';
  readonly node: string;
  readonly name: string;
  readonly kind: 'ack' | 'answer' | 'none' | 'failed';
  readonly value: unknown;
  readonly cutFrom: number | null;
  readonly afterMs: number;
  readonly relayed: boolean;
}

/** How a query ended. */
export interface QueryOverJson {
  readonly schema: 'gridvine.query-over/1';
  readonly end: 'complete' | 'timeout' | 'limit' | 'cancelled';
  readonly expected: number;
  readonly acks: number;
  readonly answers: number;
  readonly silent: readonly string[];
  readonly tookMs: number;
}

/** What is asked. */
export interface QueryRequest {
  readonly name: string;
  readonly payload?: unknown;
  readonly nodes?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly groups?: readonly string[];
  readonly timeoutMs: number;
  readonly ack?: boolean;
}

/** The daemon ends a query by itself; so much later it counts as gone. */
const GRACE_MS = 10_000;

/**
 * Asks, and gives each answer as it comes. @returns how it ended.
 * @throws CliError 69 where no daemon answers, or it goes away; RefusedError where it refuses.
 */
export async function askQuery(
  client: ApiClient,
  request: QueryRequest,
  onAnswer: (answer: QueryAnswerJson) => void,
): Promise<QueryOverJson> {
  const timeout = request.timeoutMs + GRACE_MS;
  let over: QueryOverJson | undefined;
  for await (const line of client.lines({ method: 'POST', path: '/v1/queries', timeout }, request)) {
    const document = JSON.parse(line) as QueryAnswerJson | QueryOverJson;
    if (document.schema === 'gridvine.query-over/1') over = document;
    else onAnswer(document);
  }
  if (over === undefined)
    throw new CliError('the daemon ended the query before it was over; is it stopping?');
  return over;
}
