/** One event of a stream of server-sent events. */
export interface ServerSentEvent {
  /** `message` where the stream doesn't say. */
  readonly type: string;
  readonly data: string;
}

const BUFFER_CHARS_MAX = 1_048_576;

/** Reads server-sent events out of text that comes in pieces (https://html.spec.whatwg.org, section 9.2.6). */
export class SseParser {
  #buffer = '';
  #id: string | undefined;
  #type = '';
  #data: string[] = [];

  /** The last `id` that an event or a heartbeat carried: where to resume. */
  lastId: string | undefined;

  /** @throws Error where a line never ends: then it is no such stream. */
  push(text: string): ServerSentEvent[] {
    this.#buffer += text;
    const lines = this.#buffer.split(/\r\n|\n|\r/);
    this.#buffer = lines.pop() ?? '';
    if (this.#buffer.length > BUFFER_CHARS_MAX) throw new Error('a line of the event stream is too long');
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): ServerSentEvent[] {
    if (line === '') return this.#dispatch();
    const match = /^(id|event|data)(?:: ?(.*))?$/s.exec(line);
    if (match === null) return [];
    const [, field, value = ''] = match;
    if (field === 'id') this.#id = value;
    else if (field === 'event') this.#type = value;
    else this.#data.push(value);
    return [];
  }

  #dispatch(): ServerSentEvent[] {
    this.lastId = this.#id;
    const event = { type: this.#type || 'message', data: this.#data.join('\n') };
    this.#type = '';
    this.#data = [];
    return event.data === '' ? [] : [event];
  }
}
