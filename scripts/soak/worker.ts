/** The program of a worker thread of the soak. */
import { parentPort } from 'node:worker_threads';
import { serveTasks } from '#device/simulation/worker-port.ts';
import { judge } from './judge.ts';

serveTasks(parentPort, judge);
