/** The program of a worker thread that simulates: plays the runs that it is given. */
import { parentPort } from 'node:worker_threads';
import { playSeed } from './seed-task.ts';
import { serveTasks } from './worker-port.ts';

serveTasks(parentPort, playSeed);
