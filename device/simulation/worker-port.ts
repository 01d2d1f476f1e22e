import type { MessagePort } from 'node:worker_threads';

/** What the pool tells a worker. */
export interface TaskMessage<Task> {
  readonly task: Task;
}

/** What a worker answers: one for each task. */
export type AnswerMessage<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly message: string; readonly stack: string };

/** The worker's side of a pool: does each task that comes, one at a time, and answers. What is thrown is an answer too. */
export function serveTasks<Task, Result>(port: MessagePort | null, work: (task: Task) => Result): void {
  if (port === null) throw new Error('this program only runs as a worker thread');
  port.on('message', ({ task }: TaskMessage<Task>) => port.postMessage(answer(work, task)));
}

function answer<Task, Result>(work: (task: Task) => Result, task: Task): AnswerMessage<Result> {
  try {
    return { ok: true, result: work(task) };
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    return { ok: false, message, stack: stack ?? message };
  }
}
