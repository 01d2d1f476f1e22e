import type { EventGap, UserEvent } from '#runtime/core/event-views.ts';
import type { QueryReceived } from '#runtime/core/query-views.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { valueToJson } from '#runtime/core/value-json.ts';
import type { MemberView } from '#runtime/core/views.ts';
import type { TriggerKind } from './trigger.ts';

/** What a script is told: by variables, and on its standard input. */
export interface HandlerTask {
  readonly kind: TriggerKind;
  /** Events of one name may stand for one another where a handler coalesces. */
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly input: string;
  /** How long somebody waits for its result; absent: nobody does. */
  readonly leftMs?: number;
}

export function taskOfUserEvent({
  name,
  payload,
  sender,
  senderName,
  number,
  id,
  ageMs,
}: UserEvent): HandlerTask {
  return {
    kind: 'user',
    name,
    variables: {
      GRIDVINE_EVENT: 'user',
      GRIDVINE_EVENT_NAME: name,
      GRIDVINE_EVENT_NUMBER: String(number),
      GRIDVINE_EVENT_ID: id,
      GRIDVINE_EVENT_AGE_MS: String(ageMs),
      GRIDVINE_SENDER: senderName,
      GRIDVINE_SENDER_ID: sender,
    },
    input: inputOf(payload),
  };
}

export function taskOfQuery({ name, payload, asker, askerName, number, leftMs }: QueryReceived): HandlerTask {
  return {
    kind: 'query',
    name,
    variables: {
      GRIDVINE_EVENT: 'query',
      GRIDVINE_EVENT_NAME: name,
      GRIDVINE_EVENT_NUMBER: String(number),
      GRIDVINE_QUERY_LEFT_MS: String(leftMs),
      GRIDVINE_SENDER: askerName,
      GRIDVINE_SENDER_ID: asker,
    },
    leftMs,
    input: inputOf(payload),
  };
}

export function taskOfGap({ sender, senderName, missed }: EventGap): HandlerTask {
  return {
    kind: 'event-gap',
    name: sender,
    variables: {
      GRIDVINE_EVENT: 'event-gap',
      GRIDVINE_EVENT_MISSED: missed === null ? '' : String(missed),
      GRIDVINE_SENDER: senderName,
      GRIDVINE_SENDER_ID: sender,
    },
    input: '',
  };
}

/** A line as serf's handlers get it: name, address, role and tags, with tabs between. */
export function taskOfMember(
  kind: TriggerKind,
  { id, name, path, endpoints, tags, state }: MemberView,
): HandlerTask {
  const address = path?.address ?? endpoints[0]?.address ?? '';
  const pairs = Object.entries(tags).map(([tag, value]) => `${tag}=${value}`);
  return {
    kind,
    name: id,
    variables: {
      GRIDVINE_EVENT: kind,
      GRIDVINE_MEMBER: name,
      GRIDVINE_MEMBER_ID: id,
      GRIDVINE_MEMBER_STATE: state,
      GRIDVINE_MEMBER_ADDRESS: address,
    },
    input: `${[name, address, tags.role ?? '', pairs.join(',')].join('\t')}\n`,
  };
}

/** Text as it is, null as nothing, other values as JSON. */
function inputOf(payload: AppValue): string {
  if (payload === null) return '';
  return typeof payload === 'string' ? payload : JSON.stringify(valueToJson(payload));
}
