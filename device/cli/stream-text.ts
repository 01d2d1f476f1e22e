import { type Endpoint, formatEndpoint } from '#runtime/core/endpoint.ts';
import type { RecordJson } from './documents.ts';
import { formatAge, formatValue } from './format.ts';
import type { CliIo } from './io.ts';
import { painter, plain } from './output.ts';
import type { ServerSentEvent } from './sse-parser.ts';

interface StreamEvent {
  readonly type: string;
  readonly change?: string;
  readonly record?: RecordJson;
  readonly name?: string;
  readonly from?: string | null;
  readonly to?: string | null;
  readonly reason?: string;
  readonly missed?: number | null;
  readonly records?: number;
  readonly senderName?: string;
  readonly payload?: unknown;
  readonly lives?: readonly { readonly endpoint: Endpoint }[];
}

/** Each event as it came, one JSON object a line. */
export function printJsonLine(io: CliIo): (event: ServerSentEvent) => void {
  return ({ data }) => void io.stdout.write(`${data}\n`);
}

/** Each event as a sentence. */
export function printForPeople(io: CliIo): (event: ServerSentEvent) => void {
  const paint = painter(io);
  return ({ data }) => {
    const event = JSON.parse(data) as StreamEvent;
    const { record } = event;
    if (record !== undefined) {
      const what = event.change === 'put' ? `= ${formatValue(record)}` : paint('dim', event.change ?? '');
      io.stdout.write(`${plain(record.node)} ${plain(record.key)} ${what} (${formatAge(record)} old)\n`);
    } else if (event.type === 'member') {
      io.stdout.write(
        `${plain(event.name ?? '')} ${event.from ?? 'unknown'} -> ${event.to ?? 'forgotten'}\n`,
      );
    } else if (event.type === 'twin') {
      const name = plain(event.name ?? '');
      const places = (event.lives ?? []).map(({ endpoint }) => formatEndpoint(endpoint)).join(', ');
      const text = event.change === 'seen' ? `runs twice: ${places}` : 'no longer runs twice';
      io.stdout.write(`${paint('yellow', `${name} ${text}`)}\n`);
    } else if (event.type === 'user-event') {
      const { payload = null } = event;
      const what =
        payload === null ? '' : ` ${formatValue({ value: payload as RecordJson['value'], unit: null })}`;
      io.stdout.write(`${plain(event.senderName ?? '')} ${paint('bold', plain(event.name ?? ''))}${what}\n`);
    } else if (event.type === 'event-gap') {
      const missed = event.missed === null ? 'some events' : `${event.missed} events`;
      io.stdout.write(
        `${paint('yellow', `(${missed} of ${plain(event.senderName ?? '')} missed: away for too long)`)}\n`,
      );
    } else if (event.type === 'reset') {
      const why = event.reason === 'start' ? '' : `; ${missedText(event)}`;
      io.stdout.write(paint('yellow', `(all ${event.records} records follow${why})`).concat('\n'));
    } else if (event.type === 'overflow') {
      io.stdout.write(paint('yellow', `(${missedText(event)})`).concat('\n'));
    }
  };
}

function missedText({ missed, reason }: StreamEvent): string {
  return `${missed === null ? 'some events' : `${missed} events`} missed: ${reason}`;
}
