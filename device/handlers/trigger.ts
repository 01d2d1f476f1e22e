import { problemOfEventName } from '#runtime/coordination/events/event-name.ts';
import type { EngineEvent } from '#runtime/core/outputs.ts';

/** What may be written without a name. */
export const TRIGGER_KINDS = ['member-join', 'member-leave', 'member-failed', 'user', 'event-gap'] as const;
export type TriggerKind = (typeof TRIGGER_KINDS)[number] | 'query';

/** At what a handler runs. */
export interface Trigger {
  readonly kind: TriggerKind;
  /** Of `user` and `query`; with a slash at its end all below it. undefined: any. */
  readonly name: string | undefined;
}

/** `member-join`, `user`, `user:deploy`, `user:alarm/`, `query:load`; undefined: it is none. */
export function parseTrigger(text: string): Trigger | undefined {
  const kind = TRIGGER_KINDS.find((each) => each === text);
  if (kind !== undefined) return { kind, name: undefined };
  const [, named, name = ''] = /^(user|query):(.*)$/s.exec(text) ?? [];
  if (named === undefined || problemOfEventName(name) !== undefined) return undefined;
  // A query is answered by its whole name.
  if (named === 'query' && name.endsWith('/')) return undefined;
  return { kind: named as 'user' | 'query', name };
}

/** What an event of the engine is to handlers; undefined: nothing. */
export function kindOf(event: EngineEvent): TriggerKind | undefined {
  if (event.type === 'user-event') return 'user';
  if (event.type === 'event-gap') return 'event-gap';
  if (event.type !== 'member') return undefined;
  const { from, to } = event;
  const wasThere = from === 'joining' || from === 'alive' || from === 'suspect' || from === 'leaving';
  if (to === 'alive' || to === 'joining') return wasThere ? undefined : 'member-join';
  if (to === 'left') return 'member-leave';
  return to === 'down' ? 'member-failed' : undefined;
}

/** Whether a trigger is for an event of this kind and name. */
export function fires(trigger: Trigger, kind: TriggerKind, name: string | undefined): boolean {
  if (trigger.kind !== kind) return false;
  if (trigger.name === undefined) return true;
  return trigger.name.endsWith('/') ? name?.startsWith(trigger.name) === true : name === trigger.name;
}
