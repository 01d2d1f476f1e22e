import { problemOfEventName } from '../coordination/events/event-name.ts';
import type { EventRecord } from '../coordination/events/event-record.ts';
import { GridvineError } from '../core/errors.ts';
import type { NodeId } from '../core/ids.ts';
import { EVENT_WINDOW_MS_MAX, EVENT_WINDOW_MS_MIN } from '../core/limits.ts';
import { BUILT_IN_QUERIES } from '../core/query-views.ts';
import type { AppValue } from '../core/value.ts';
import { problemOfValue } from '../wire/value-check.ts';
import type { EngineContext } from './context.ts';

/** Which queries nodes answer themselves. */
const BUILT_IN: ReadonlySet<string> = new Set(BUILT_IN_QUERIES);

/** Who may send which events and queries [P-18.8]. With a pre-shared key everybody may send all. */
export class EventRights {
  readonly #ctx: EngineContext;

  constructor(ctx: EngineContext) {
    this.#ctx = ctx;
  }

  maySend(sender: NodeId, { name, question }: Pick<EventRecord, 'name' | 'question'>): boolean {
    // What every member may ask tells nothing that members don't see anyway.
    if (question !== undefined && isBuiltIn(name)) return true;
    return this.#has(sender, `${question === undefined ? 'event' : 'query'}/${name}`);
  }

  /** Whose events nobody acts on can't tell of any that were missed either; nor can a query, by somebody who may send no such event. */
  mayTell(sender: NodeId, { name }: Pick<EventRecord, 'name'>): boolean {
    return this.#has(sender, `event/${name}`);
  }

  /** @throws GridvineError `E_NOT_ALLOWED` where this node may not send it. */
  checkOwn(event: Pick<EventRecord, 'name' | 'question'>): void {
    const { id, warden } = this.#ctx;
    if (warden?.knows(id) !== true || this.maySend(id, event)) return;
    const what = event.question === undefined ? 'event' : 'query';
    throw new GridvineError(
      'E_NOT_ALLOWED',
      `${what}/${event.name}: this node's certificate names no group that may send it. Without a rule for it those groups may that have the right command. See \`gridvine ca policy\`.`,
    );
  }

  #has(sender: NodeId, key: string): boolean {
    return this.#ctx.warden?.maySend(sender, key) !== false;
  }
}

/** Whether nodes answer a query of this name themselves. */
export function isBuiltIn(name: string): boolean {
  return BUILT_IN.has(name);
}

/** @throws GridvineError `E_EVENT`, `E_VALUE_INVALID` where nobody could send this. */
export function checkEvent(
  what: 'event' | 'query',
  {
    name,
    payload,
    windowMs,
  }: { readonly name: string; readonly payload: AppValue; readonly windowMs: number },
): void {
  const problem = problemOfEventName(name);
  if (problem !== undefined) throw new GridvineError('E_EVENT', `${what} name: ${problem}`);
  if (!(Number.isInteger(windowMs) && windowMs >= EVENT_WINDOW_MS_MIN && windowMs <= EVENT_WINDOW_MS_MAX))
    throw new GridvineError(
      'E_EVENT',
      `${what} ${name}: expected a ${what === 'query' ? 'timeout' : 'window'} of ${EVENT_WINDOW_MS_MIN} to ${EVENT_WINDOW_MS_MAX} ms; got ${windowMs}`,
    );
  // One deeper than it is: it stands in an array.
  const wrong = problemOfValue([payload], 'payload')?.replace('payload[0]', 'payload');
  if (wrong !== undefined) throw new GridvineError('E_VALUE_INVALID', `${what} ${name}: ${wrong}`);
}
