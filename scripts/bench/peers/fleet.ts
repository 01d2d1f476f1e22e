import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { type Answers, type Order, parseReply, type Started } from './messages.ts';

/** From asking a process to end until it is killed. */
const GRACE_MS = 5_000;

export interface FleetOptions {
  readonly processes: number;
  readonly signal: AbortSignal;
  /** Program of a process; default: `worker.ts`. */
  readonly program?: string;
}

type OrderOf<T extends Order['type']> = Extract<Order, { type: T }>;

interface Waiting {
  readonly resolve: (answer: Answers[Order['type']]) => void;
  readonly reject: (error: Error) => void;
}

/** One process with nodes: orders go in, answers come back. */
export class FleetProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  #lastId = 0;
  #stderr = '';
  #failure: Error | undefined;

  constructor(program: string) {
    this.#child = fork(program, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = `${this.#stderr}${text}`.slice(-2_000);
    });
    this.#child.on('message', (message) => this.#receive(message));
    this.#child.on('error', (error) => this.#fail(error));
    this.#ended = new Promise((resolve) => {
      // Not `close`: it doesn't come where this end closed the channel.
      this.#child.on('exit', (code) => {
        this.#fail(new Error(`a process with nodes ended: exit code ${code}\n${this.#stderr}`));
        resolve();
      });
    });
  }

  /** @throws Error with the process's own words where it can't, or where it has ended. */
  ask<T extends Order['type']>(order: OrderOf<T>): Promise<Answers[T]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = ++this.#lastId;
    const answer = new Promise<Answers[Order['type']]>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    this.#child.send({ id, order }, (error) => error !== null && this.#fail(error));
    return answer as Promise<Answers[T]>;
  }

  /** Ends the process; what was asked and not answered fails with `why`. */
  async close(why = 'the fleet was closed'): Promise<void> {
    this.#fail(new Error(why));
    if (this.#child.connected) this.#child.disconnect();
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), GRACE_MS);
    await this.#ended;
    clearTimeout(kill);
  }

  #receive(message: unknown): void {
    try {
      const reply = parseReply(message);
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ('error' in reply) waiting?.reject(new Error(reply.error));
      else waiting?.resolve(reply.answer);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}

/** The nodes of a cluster, spread evenly over some processes. */
export class Fleet {
  readonly #processes: readonly FleetProcess[];
  readonly #nodes: Started[] = [];
  readonly #homes: FleetProcess[] = [];
  readonly #signal: AbortSignal;
  readonly #abort: () => void;

  /** @throws the signal's reason where it is aborted. */
  constructor({ processes, signal, program = join(import.meta.dirname, 'worker.ts') }: FleetOptions) {
    signal.throwIfAborted();
    this.#processes = Array.from({ length: processes }, () => new FleetProcess(program));
    this.#signal = signal;
    this.#abort = () => void this.close('interrupted');
    signal.addEventListener('abort', this.#abort);
  }

  /** By number. */
  get nodes(): readonly Started[] {
    return this.#nodes;
  }

  /** Starts nodes 0 to `count` - 1. @returns the smallest receive buffer that a socket was granted, in bytes. */
  async start(count: number): Promise<{ recvBufferBytes: number }> {
    const shares = sharesOf(count, this.#processes.length);
    const answers = await Promise.all(
      shares.map((share, i) => this.#processes[i].ask<'start'>({ type: 'start', ...share })),
    );
    for (const [i, { nodes }] of answers.entries()) {
      for (const node of nodes) {
        this.#nodes.push(node);
        this.#homes.push(this.#processes[i]);
      }
    }
    return { recvBufferBytes: Math.min(...answers.map((answer) => answer.recvBufferBytes)) };
  }

  askAll<T extends Order['type']>(order: OrderOf<T>): Promise<Answers[T][]> {
    return Promise.all(this.#processes.map((one) => one.ask<T>(order)));
  }

  put(order: OrderOf<'put'>): Promise<Answers['put']> {
    return this.#homes[order.node].ask<'put'>(order);
  }

  crash(order: OrderOf<'crash'>): Promise<Answers['crash']> {
    return this.#homes[order.node].ask<'crash'>(order);
  }

  /** Ends all processes. Idempotent. */
  async close(why?: string): Promise<void> {
    this.#signal.removeEventListener('abort', this.#abort);
    await Promise.all(this.#processes.map((one) => one.close(why)));
  }
}

/** Splits `count` nodes into as many runs as there are processes; their lengths differ by one at the most. */
export function sharesOf(count: number, processes: number): { first: number; count: number }[] {
  return Array.from({ length: processes }, (_, i) => {
    const first = Math.floor((i * count) / processes);
    return { first, count: Math.floor(((i + 1) * count) / processes) - first };
  });
}
