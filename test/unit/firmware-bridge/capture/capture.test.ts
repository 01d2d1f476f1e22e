import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { encodeCaptureEntry, encodeCaptureHead, parseCapture } from '#bridge/capture/capture.ts';
import { recordingLinks } from '#bridge/capture/recording-links.ts';
import { replayingLinks } from '#bridge/capture/replaying-links.ts';
import { sourceSchema } from '#bridge/config.ts';
import { createSource } from '#bridge/create-source.ts';
import type { LinkPort } from '#bridge/ports/link-port.ts';
import { answerRtu, ModbusDevice } from '../../../support/devices/modbus.ts';
import { FakePorts } from '../support/fake-ports.ts';
import { RecordingSink } from '../support/recording-sink.ts';

const HEAD = encodeCaptureHead({ address: '/dev/ttyUSB0', startedAtMs: 0 });
const CONFIG = v.parse(sourceSchema, {
  kind: 'modbus',
  name: 'meter',
  address: '/dev/serial/by-id/usb-rs485',
  interval: '1s',
  registers: [{ key: 'current', at: 10, maxInterval: '1s' }],
});

/** Runs the source over these ports for a while. */
async function run(ports: FakePorts, links: LinkPort, forMs: number) {
  const sink = new RecordingSink();
  const world = { clock: ports.clock, files: ports.files, processes: ports.processes, links, log: () => {} };
  const source = createSource(CONFIG, { ports: world, inventoryCommand: [] });
  source.start(sink);
  await ports.clock.advance(forMs);
  await source.stop();
  return { readings: sink.readings.map(({ key, value, quality }) => ({ key, value, quality })), sink };
}

test('what was recorded of a source makes the same readings when it is played', async () => {
  const recorded: string[] = [];
  const device = new ModbusDevice().load('holding', 10, [2300]);
  const ports = new FakePorts();
  ports.links.onOpen = (link) => {
    link.answer = (request) => {
      const answer = answerRtu(new Map([[1, device]]), request);
      device.holding.set(10, (device.holding.get(10) ?? 0) + 100);
      if (answer !== undefined) queueMicrotask(() => link.brings(answer));
    };
    link.opens();
  };
  const links = recordingLinks(ports.links, ports.clock, (line) => recorded.push(line));
  const live = await run(ports, links, 5500);
  assert.equal(live.readings.length, 6);
  const capture = parseCapture(recorded.join(''));
  assert.ok(capture.kind === 'capture', JSON.stringify(capture));
  const other = new FakePorts();
  let isOver = false;
  const replay = replayingLinks({
    ...{ entries: capture.entries, clock: other.clock, speed: 1 },
    onEnd: () => {
      isOver = true;
    },
  });
  const played = await run(other, replay, 5500);
  assert.deepEqual(played.readings, live.readings);
  assert.equal(replay.mismatches(), 0);
  assert.equal(isOver, true);
  assert.equal(other.clock.pendingTimers, 0);
});

test('a port that was lost while it was recorded is lost and found again when it is played', async () => {
  const ports = new FakePorts();
  const entries = [
    { atMs: 0, kind: 'opened' },
    { atMs: 500, kind: 'closed', fault: 'lost', detail: 'pulled' },
    { atMs: 2000, kind: 'opened' },
    { atMs: 2500, kind: 'in', bytes: Uint8Array.of(7) },
  ] as const;
  const { sink } = await run(ports, replayingLinks({ entries, clock: ports.clock, speed: 1 }), 1900);
  assert.deepEqual(sink.healthLog, ['+port-unavailable meter', '-port-unavailable meter']);
});

test('bytes that are written otherwise than they were are counted', async () => {
  const ports = new FakePorts();
  const entries = [
    { atMs: 0, kind: 'opened' },
    { atMs: 1, kind: 'out', bytes: Uint8Array.of(1, 2, 3) },
  ] as const;
  const replay = replayingLinks({ entries, clock: ports.clock, speed: 10 });
  await run(ports, replay, 1000);
  assert.equal(replay.mismatches(), 1);
});

test('a file that is no capture, or has been tampered with, is refused by its line', () => {
  const line = encodeCaptureEntry({ atMs: 5, kind: 'in', bytes: Uint8Array.of(1, 0xff) });
  assert.equal(line, '{"atMs":5,"in":"01ff"}\n');
  const problem = (text: string) => {
    const parsed = parseCapture(text);
    return parsed.kind === 'problem' ? parsed.text : 'none';
  };
  assert.match(problem(''), /^line 1: expected the head/);
  assert.match(problem('{"format":"other"}\n'), /^line 1/);
  for (const bad of [
    '{"atMs":1,"in":"0"}',
    '{"atMs":-1,"in":"00"}',
    '{"atMs":1}',
    'x',
    '{"atMs":1,"event":"gone"}',
    '[]',
  ]) {
    assert.match(problem(`${HEAD}${line}${bad}\n`), /^line 3: expected/, bad);
  }
  assert.match(problem(`${HEAD}${line}{"atMs":4,"in":"00"}\n`), /^line 3/);
});

test('a recording that was ended by force is read up to its last whole line', () => {
  const line = encodeCaptureEntry({ atMs: 5, kind: 'in', bytes: Uint8Array.of(1) });
  const parsed = parseCapture(`${HEAD}${line}\n${line.slice(0, 9)}`);
  assert.ok(parsed.kind === 'capture');
  assert.deepEqual(parsed.entries, [{ atMs: 5, kind: 'in', bytes: Uint8Array.of(1) }]);
});
