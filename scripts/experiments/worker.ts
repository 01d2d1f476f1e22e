/** The program of a worker thread of the study. */
import { parentPort } from 'node:worker_threads';
import { serveTasks } from '#device/simulation/worker-port.ts';
import { measureCell } from './measure.ts';

serveTasks(parentPort, measureCell);
