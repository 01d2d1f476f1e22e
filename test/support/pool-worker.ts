/** A worker thread for tests of the pool: each task says what is to happen. */
import { parentPort, threadId } from 'node:worker_threads';
import { serveTasks } from '#device/simulation/worker-port.ts';

export type PoolTask =
  | { readonly type: 'double'; readonly number: number }
  | { readonly type: 'throw'; readonly message: string }
  | { readonly type: 'exit' }
  | { readonly type: 'for-ever' };

export interface PoolAnswer {
  readonly number: number;
  readonly threadId: number;
}

serveTasks(parentPort, (task: PoolTask): PoolAnswer => {
  if (task.type === 'throw') throw new RangeError(task.message);
  if (task.type === 'exit') process.exit(3);
  if (task.type === 'for-ever') for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  return { number: task.type === 'double' ? task.number * 2 : 0, threadId };
});
