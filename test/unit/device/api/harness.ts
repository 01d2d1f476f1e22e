import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startApiServer } from '#device/api/api-server.ts';
import { EventLog } from '#device/api/event-log.ts';
import type { ApiService, SourceReport } from '#device/api/service.ts';
import type { HealthItem } from '#runtime/driver/contract.ts';
import { FakeNode } from '../../../support/fake-node.ts';
import { FleetBoard } from '../../../support/fleet.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

/** An API over a fake node, on a socket of its own. */
export interface ApiHarness {
  readonly node: FakeNode;
  readonly events: EventLog;
  readonly socket: string;
  /** Time of the event log, set by the test. */
  readonly clock: { nowMs: number };
  /** Of sources and the bridge. */
  readonly conditions: HealthItem[];
  readonly sources: SourceReport[];
  readonly errors: unknown[];
  readonly fleet: FleetBoard;
  call(method: string, path: string, body?: string): Promise<Answer>;
  /** A request whose reply the test reads itself. */
  open(path: string, headers?: Record<string, string>): Promise<IncomingMessage>;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** biome-ignore lint/suspicious/noExplicitAny: tests look into documents of any shape */
  readonly json: any;
}

export async function startHarness(
  t: TestContext,
  options: { readonly capacity?: number; readonly heartbeatMs?: number } = {},
): Promise<ApiHarness> {
  const socket = join(await temporaryDirectory(t), 'api.sock');
  const node = new FakeNode();
  const clock = { nowMs: 1000 };
  const events = new EventLog({ boot: node.boot, nowMs: () => clock.nowMs, ...options });
  node.onEvent((event) => events.append(event));
  const conditions: HealthItem[] = [];
  const sources: SourceReport[] = [];
  const errors: unknown[] = [];
  const fleet = new FleetBoard(node);
  const service: ApiService = {
    node,
    version: '1.2.3',
    protocol: 1,
    events,
    profile: () => ({
      id: 'raspberry-pi-4b',
      title: 'Raspberry Pi 4B',
      matchedBy: 'compatible',
      interfaces: [{ name: 'eth0', kind: 'wired', multicast: 'full', used: true, reason: 'wired, link up' }],
    }),
    sources: () => sources,
    fleet: fleet.desk,
    health: () => [...node.health(), ...conditions],
    leave: () => node.leave(),
  };
  const { capacity: _capacity, ...rest } = options;
  const server = await startApiServer({ service, socket, onError: (error) => errors.push(error), ...rest });
  t.after(() => server.close());
  const open = (path: string, headers: Record<string, string> = {}) => send(socket, 'GET', path, headers);
  return {
    node,
    events,
    socket,
    clock,
    conditions,
    sources,
    errors,
    fleet,
    open,
    call: async (method, path, body) => read(await send(socket, method, path, {}, body)),
  };
}

function send(
  socketPath: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, headers, agent: false }, resolve);
    call.on('error', reject);
    call.end(body);
  });
}

async function read(response: IncomingMessage): Promise<Answer> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) text += chunk;
  const type = response.headers['content-type'] ?? '';
  const json = type.startsWith('application/json') && text !== '' ? JSON.parse(text) : undefined;
  return { status: response.statusCode ?? 0, headers: response.headers, text, json };
}
