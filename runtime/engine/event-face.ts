import type { EmitOptions } from '../core/event-views.ts';
import type { NodeId } from '../core/ids.ts';
import type { AnswerKind, AskOptions } from '../core/query-views.ts';
import type { AppValue } from '../core/value.ts';
import type { EngineContext } from './context.ts';

/** What can be done with events on an engine. Methods that change something are mutations: drain after each. */
export interface EventFace {
  /**
   * Sends an event to all members, this node among them; the event `user-event` delivers it. @returns its number. @throws GridvineError
   * `E_EVENT` (a bad name or window), `E_VALUE_INVALID`, `E_VALUE_TOO_LARGE`, `E_QUOTA`, `E_NOT_ALLOWED`; the state is unchanged then.
   */
  emit(nowMs: number, name: string, payload: AppValue, options?: EmitOptions): number;
  /**
   * Asks nodes, this one among them; `query-answer` and `query-over` tell what comes of it. @returns the query's number. @throws
   * GridvineError as `emit`; `E_EVENT` also for a filter that can't be.
   */
  ask(nowMs: number, name: string, payload: AppValue, options?: AskOptions): number;
  /** Ends an own query; what is answered meanwhile is ignored. Idempotent. */
  cancel(nowMs: number, number: number): void;
  /**
   * This node's one answer to a query (event `query`). @returns false where it was answered, or nobody waits any more. @throws
   * GridvineError `E_VALUE_INVALID`, `E_VALUE_TOO_LARGE`: another answer may be given then.
   */
  answer(
    nowMs: number,
    query: { readonly asker: NodeId; readonly number: number },
    answer: { readonly kind: AnswerKind; readonly value: AppValue; readonly cutFrom?: number | null },
  ): boolean;
  /** Own events and queries that are within their windows: at most 64. Changes nothing. */
  live(nowMs: number): number;
  /** Of a node that was to hold them: from now on events are delivered. Idempotent. */
  release(nowMs: number): void;
  /** Takes no more events; those that were taken are delivered, once the medium knows of them. Idempotent. */
  stop(nowMs: number): void;
  /** How many were taken and aren't delivered yet. Changes nothing. */
  unsettled(): number;
  /** After the output `keep-events`: what it holds is on the medium, or could not be put there. */
  kept(nowMs: number, ticket: number, outcome: 'kept' | 'failed'): void;
}

/** The face of an engine's desk. @param mutate runs one mutation. */
export function eventFaceOf(ctx: EngineContext, mutate: <T>(nowMs: number, change: () => T) => T): EventFace {
  const { events, queries } = ctx;
  return {
    emit: (nowMs, name, payload, options = {}) =>
      mutate(nowMs, () => events.emit(name, payload, options, nowMs)),
    ask: (nowMs, name, payload, options = {}) =>
      mutate(nowMs, () => queries.ask(name, payload, options, nowMs)),
    cancel: (nowMs, number) => mutate(nowMs, () => queries.cancel(number, nowMs)),
    answer: (nowMs, { asker, number }, answer) =>
      mutate(nowMs, () => queries.answer(asker, number, answer, nowMs)),
    live: (nowMs) => events.live(nowMs),
    release: (nowMs) => mutate(nowMs, () => events.release()),
    stop: (nowMs) => mutate(nowMs, () => events.stop(nowMs)),
    unsettled: () => events.unsettled,
    kept: (nowMs, ticket, outcome) => mutate(nowMs, () => events.kept(ticket, outcome, nowMs)),
  };
}
