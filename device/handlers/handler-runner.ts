import type { ClockPort } from '#bridge/ports/clock-port.ts';
import type { ProcessPort } from '#bridge/ports/process-port.ts';
import type { EngineEvent } from '#runtime/core/outputs.ts';
import type { QueryReceived } from '#runtime/core/query-views.ts';
import type { HealthItem, RunningNode } from '#runtime/driver/contract.ts';
import type { LogSink } from '#runtime/driver/log.ts';
import { CutAnswer, cutText } from '#runtime/driver/node-queries.ts';
import { Conditions } from '../daemon/conditions.ts';
import type { HandlerConfig } from './config.ts';
import { behindText, Handler, type HandlerCounters } from './handler.ts';
import type { ScriptResult } from './script-run.ts';
import { Slots } from './slots.ts';
import { type HandlerTask, taskOfGap, taskOfMember, taskOfQuery, taskOfUserEvent } from './task.ts';
import { fires, kindOf, type TriggerKind } from './trigger.ts';

export interface HandlerRunnerOptions {
  readonly configs: readonly HandlerConfig[];
  readonly node: Pick<RunningNode, 'id' | 'name' | 'members' | 'onEvent' | 'onQuery'>;
  readonly processes: ProcessPort;
  readonly clock: ClockPort;
  /** The daemon's API, so that scripts find it. */
  readonly socket: string;
  readonly log: LogSink;
}

/** A board has one or two cores to spare, and each script is a process. */
const RUNNING_MAX = 4;

/** Runs the configured scripts at events and queries. Whatever a script does, the daemon goes on. */
export class HandlerRunner {
  readonly #options: HandlerRunnerOptions;
  readonly #handlers: readonly Handler[];
  readonly #conditions: Conditions;
  #unsubscribe: (() => void)[] = [];

  constructor(options: HandlerRunnerOptions) {
    const { configs, processes, clock } = options;
    this.#options = options;
    this.#conditions = new Conditions(() => clock.nowMs());
    const slots = new Slots(RUNNING_MAX);
    const variables = () => this.#variables();
    const onChange = (handler: Handler) => this.#note(handler);
    this.#handlers = configs.map(
      (config) => new Handler(config, { processes, clock, slots, variables, onChange }),
    );
  }

  start(): void {
    const { node } = this.#options;
    if (this.#handlers.length === 0) return;
    this.#unsubscribe = [node.onEvent((event) => this.#onEvent(event))];
    for (const handler of this.#handlers)
      for (const { kind, name } of handler.triggers)
        if (kind === 'query' && name !== undefined)
          this.#unsubscribe.push(node.onQuery(name, (query) => this.#answer(handler, query)));
  }

  /** Resolves when all that was called for is done, or `timeoutMs` later: call it when no more events come. */
  async drain(timeoutMs: number): Promise<void> {
    const done = Promise.all(this.#handlers.map((handler) => handler.idle()));
    let cancel = () => {};
    const timeout = new Promise<void>((resolve) => {
      cancel = this.#options.clock.schedule(timeoutMs, resolve);
    });
    await Promise.race([done, timeout]);
    cancel();
  }

  /** Begins nothing after the call; resolves when nothing of any script runs any more. What was still to be done is logged. */
  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    const stopOne = async (handler: Handler) => {
      const cut = await handler.stop();
      if (cut > 0) this.#options.log('warn', 'handler-cut', { handler: handler.name, events: cut });
    };
    await Promise.all(this.#handlers.map(stopOne));
  }

  health(): HealthItem[] {
    return this.#conditions.items();
  }

  /** What all handlers did since the start. */
  counters(): HandlerCounters {
    const sum: HandlerCounters = { runs: 0, failed: 0, timedOut: 0, dropped: 0 };
    for (const { counters } of this.#handlers)
      for (const key of Object.keys(sum) as (keyof HandlerCounters)[]) sum[key] += counters[key];
    return sum;
  }

  #onEvent(event: EngineEvent): void {
    const kind = kindOf(event);
    if (kind === undefined) return;
    const name = event.type === 'user-event' ? event.event.name : undefined;
    const called = this.#handlers.filter(({ triggers }) => triggers.some((each) => fires(each, kind, name)));
    if (called.length === 0) return;
    const task = this.#taskOf(event, kind);
    if (task === undefined) return;
    for (const handler of called) void handler.run(task);
  }

  #taskOf(event: EngineEvent, kind: TriggerKind): HandlerTask | undefined {
    if (event.type === 'user-event') return taskOfUserEvent(event.event);
    if (event.type === 'event-gap') return taskOfGap(event.gap);
    if (event.type !== 'member') return undefined;
    const member = this.#options.node.members().find(({ id }) => id === event.id);
    return member === undefined ? undefined : taskOfMember(kind, member);
  }

  /** What the script prints is the answer. @throws Error with what happened, where it failed. */
  async #answer(handler: Handler, query: QueryReceived): Promise<string | CutAnswer> {
    const result = await handler.run(taskOfQuery(query));
    if (result === 'dropped') throw new Error('this node is too busy to answer');
    if (result.problem !== undefined) throw new Error(result.problem);
    return answerOf(result);
  }

  #note(handler: Handler): void {
    const { log } = this.#options;
    const index = this.#handlers.indexOf(handler);
    const { name, problem } = handler;
    if (problem === undefined) this.#conditions.clear(`failed/${index}`);
    else {
      const text = `handlers[${index}], ${name}, ${problem}. It is run again at its next event; try it by hand with the variables that device/README.md names.`;
      const isNew = this.#conditions.raise(`failed/${index}`, {
        code: 'handler-failed',
        severity: 'warning',
        title: 'a handler failed',
        text,
      });
      if (isNew) log('warn', 'handler-failed', { handler: name, problem });
    }
    if (!handler.isBehind) this.#conditions.clear(`behind/${index}`);
    else
      this.#conditions.raise(`behind/${index}`, {
        code: 'handler-behind',
        severity: 'warning',
        title: 'a handler does not keep up',
        text: behindText(handler),
      });
  }

  #variables(): Record<string, string> {
    const { node, socket } = this.#options;
    const own = node.members().find(({ id }) => id === node.id);
    const tags = Object.entries(own?.tags ?? {}).map(([tag, value]) => [variableOf(tag), value]);
    return {
      ...Object.fromEntries(tags),
      GRIDVINE_SELF: node.name,
      GRIDVINE_SELF_ID: node.id,
      GRIDVINE_SOCKET: socket,
    };
  }
}

function answerOf({ output, outputBytes }: ScriptResult): string | CutAnswer {
  const text = Buffer.from(output)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  const cut = cutText(text);
  if (outputBytes <= output.length || !(cut instanceof CutAnswer)) return cut;
  return new CutAnswer(cut.text, outputBytes);
}

/** `GRIDVINE_TAG_ROLE` of the tag `role`. */
function variableOf(tag: string): string {
  return `GRIDVINE_TAG_${tag.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}
