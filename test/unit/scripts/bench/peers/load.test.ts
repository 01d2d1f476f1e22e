import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  boundBy,
  machineShare,
  ownShare,
  parseMachineTicks,
} from '../../../../../scripts/bench/peers/load.ts';
import { makeLoad } from '../../../../support/bench-round.ts';

const stat = (line: string) => `${line}\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 5\n`;

test('a processor that waits for nothing or for a disk is not busy', () => {
  assert.deepEqual(parseMachineTicks(stat('cpu  10 20 30 400 50 1 2 3 0 0')), { busy: 66, all: 516 });
});

test('what is no such table tells nothing', () => {
  assert.equal(parseMachineTicks(''), undefined);
  assert.equal(parseMachineTicks(stat('cpu  10 20')), undefined);
});

test('the share of the machine is of the time between', () => {
  assert.equal(machineShare({ busy: 10, all: 100 }, { busy: 60, all: 200 }), 0.5);
  assert.equal(machineShare(undefined, { busy: 60, all: 200 }), null);
  assert.equal(machineShare({ busy: 10, all: 100 }, { busy: 10, all: 100 }), null);
});

test('the own share is of all processors', () => {
  assert.equal(ownShare(makeLoad({ wallMs: 1_000, cpuMs: 500 }), 2), 0.25);
  assert.equal(ownShare(makeLoad({ wallMs: 0 }), 2), 0);
});

test('nothing is bound by processors that have time', () => {
  assert.equal(boundBy(makeLoad(), 2), undefined);
});

test('a busy event loop is what bounds, though other processors have time', () => {
  const text = boundBy(makeLoad({ busiestLoop: 0.95, machineShare: 0.5, cpuMs: 950 }), 2);
  assert.match(
    text ?? '',
    /^CPU-bound: an event loop busy 95 %, 2 processors busy 50 %, loop delay p99 1 ms$/,
  );
});

test('busy processors bound, also without an event loop', () => {
  const load = makeLoad({ busiestLoop: null, loopDelayMs: null, machineShare: 0.99, cpuMs: 1_900 });
  assert.equal(boundBy(load, 2), 'CPU-bound: 2 processors busy 99 %');
});

test('processors that others keep busy disturb', () => {
  const text = boundBy(makeLoad({ machineShare: 1, cpuMs: 100 }), 2);
  assert.match(text ?? '', /^disturbed: 2 processors busy 100 %, 95 % with other work/);
});
