import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { isDialable } from '#runtime/core/endpoint.ts';
import { DATAGRAM_BYTES_MAX } from '#runtime/core/limits.ts';
import { decodeFrames, encodeFrames } from '#runtime/transport/http/frames.ts';
import { InboundSessions } from '#runtime/transport/http/inbound-sessions.ts';
import { FRAME_BYTES_MIN, MEDIA_TYPE, RESOURCE, SESSION_HEADER } from '#runtime/transport/http/limits.ts';
import { RequestHandler } from '#runtime/transport/http/request-handler.ts';
import { parseTarget, Targets } from '#runtime/transport/http/targets.ts';
import { type FuzzTarget, promise, textOf, utf8 } from '../contract.ts';

const FRAMES = [[], [32], [49, 300], [1_200, 32]].map((lengths) =>
  encodeFrames(lengths.map((length) => new Uint8Array(length).fill(7))),
);
const SESSION = 'ab'.repeat(16);
const HEAD = [RESOURCE, 'POST', MEDIA_TYPE, SESSION, 'wait=0'].join('\n');

/** A body is whole datagrams, or none. */
export const httpBody: FuzzTarget = {
  name: 'http-body',
  about: 'bodies of requests and answers over HTTP',
  shape: 'bytes',
  bytesMax: 4_000,
  weight: 200,
  reaches: ['refused', 'datagrams', 'empty'],
  seeds: () => [...FRAMES, Uint8Array.of(0, 0), Uint8Array.of(0)],
  prepare: () => (input) => {
    const datagrams = decodeFrames(input);
    if (datagrams === undefined) return 'refused';
    promise(
      datagrams.every(({ length }) => length >= FRAME_BYTES_MIN && length <= DATAGRAM_BYTES_MAX),
      'a datagram of another length',
    );
    promise(
      isDeepStrictEqual(Uint8Array.from(encodeFrames(datagrams)), input),
      'another body when encoded again',
    );
    return datagrams.length === 0 ? 'empty' : 'datagrams';
  },
};

/** A request is answered once, by a status and nothing else unless it is one of ours; what isn't brings no datagram. */
export const httpRequest: FuzzTarget = {
  name: 'http-request',
  about: 'requests over HTTP: path, method, type, session and wish to wait, a line each, then the body',
  shape: 'bytes',
  bytesMax: 2_000,
  weight: 30,
  words: [RESOURCE, MEDIA_TYPE, SESSION, 'POST', 'GET', 'wait=', '\n'],
  reaches: ['204', '400', '404', '405', '415'],
  seeds: () => [
    ...FRAMES.slice(0, 3).map((body) => Uint8Array.from([...utf8(`${HEAD}\n`), ...body])),
    utf8(`${HEAD.replace('POST', 'GET')}\n`),
    utf8(`/\nPOST\n\n\n\n`),
    Uint8Array.from([...utf8(`${HEAD}\n`), 0, 0]),
    utf8(`${RESOURCE}\nPOST\ntext/html\n${SESSION}\n\n`),
  ],
  prepare: () => (input) => {
    const sessions = new InboundSessions();
    let datagrams = 0;
    let faults = 0;
    const handler = new RequestHandler({
      sessions,
      nowMs: () => 0,
      linkOf: () => 'lo',
      isMember: () => false,
      onDatagram: (session) => {
        datagrams++;
        promise(!isDialable(session), 'a session whose place somebody else could call');
      },
      onFault: () => {
        faults++;
      },
    });
    const { fields, body } = split(input);
    const [url, method, type, session, prefer] = fields;
    const request = Object.assign(new EventEmitter(), {
      url,
      method,
      headers: { 'content-type': type, [SESSION_HEADER]: session, prefer },
      socket: { remoteAddress: '10.0.0.1', localAddress: '10.0.0.2' },
    });
    const response = new FakeResponse();
    const connection = { source: '10.0.0.1', usedMs: 0, answering: 0, isKnown: false };
    handler.handle(request as unknown as IncomingMessage, response as unknown as ServerResponse, connection);
    request.emit('data', Buffer.from(body));
    request.emit('end');
    for (const one of sessions.all()) one.answer?.();
    promise(response.heads === 1 && response.isEnded, `${response.heads} answers`);
    promise(response.bytes === 0, 'an answer with a body, though nothing waits');
    const isOurs = response.status === 204;
    promise(isOurs === (faults === 0), 'a refusal that is not counted');
    promise(isOurs || (datagrams === 0 && sessions.size === 0), 'a refused request that had an effect');
    return String(response.status);
  },
};

/** A listener's address is taken or refused; what is taken leads back to itself. */
export const httpTarget: FuzzTarget = {
  name: 'http-target',
  about: 'addresses of listeners as people write them',
  shape: 'text',
  bytesMax: 200,
  weight: 60,
  words: ['http://', 'https://', '[::1]', ':80', '/', 'gate.example', '10.0.0.7'],
  reaches: ['refused', 'http', 'https'],
  seeds: () =>
    ['http://10.0.0.7:1', 'https://gate.example/site', 'http://[fd00::1]', 'ftp://x', ''].map(utf8),
  prepare: () => (input) => {
    const text = textOf(input);
    const target = parseTarget(text);
    if (target === undefined) return 'refused';
    const targets = new Targets();
    const endpoint = targets.add(text);
    promise(isDialable(endpoint), 'an endpoint that nobody can call');
    promise(isDeepStrictEqual(targets.of(endpoint), target), 'another listener than was named');
    promise(isDeepStrictEqual(targets.add(text), endpoint), 'two endpoints for one listener');
    return target.scheme;
  },
};

/** Five lines, and what is behind them. */
function split(input: Uint8Array): { readonly fields: readonly string[]; readonly body: Uint8Array } {
  const fields: string[] = [];
  let at = 0;
  while (fields.length < 5) {
    const end = input.indexOf(10, at);
    fields.push(textOf(input.subarray(at, end < 0 ? input.length : end)));
    at = end < 0 ? input.length : end + 1;
  }
  return { fields, body: input.subarray(at) };
}

class FakeResponse extends EventEmitter {
  sendDate = true;
  headersSent = false;
  destroyed = false;
  writableFinished = false;
  status = 0;
  heads = 0;
  bytes = 0;
  isEnded = false;

  writeHead(status: number): void {
    this.status = status;
    this.heads++;
    this.headersSent = true;
  }

  end(body?: Uint8Array): void {
    this.bytes += body?.length ?? 0;
    this.isEnded = true;
    this.writableFinished = true;
    this.emit('close');
  }
}
