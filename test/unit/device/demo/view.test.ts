import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DaemonRow, DemoSnapshot, ReadingCell } from '#device/demo/snapshot.ts';
import { type Paint, renderDemo } from '#device/demo/view.ts';

const noPaint: Paint = (_colour, text) => text;
const marks: Paint = (colour, text) => `<${colour}>${text}</${colour}>`;

function row(name: string, changes: Partial<DaemonRow> = {}): DaemonRow {
  return {
    name,
    state: 'alive',
    pid: 4_194_303,
    ended: null,
    isViewer: false,
    heardMs: 1_234,
    rttMs: 0.42,
    address: '127.0.0.1:40123',
    ...changes,
  };
}

const cell = (text: string, changes: Partial<ReadingCell> = {}): ReadingCell => ({
  text,
  age: '3s',
  quality: 'good',
  doubtful: false,
  ...changes,
});

function snapshot(changes: Partial<DemoSnapshot> = {}): DemoSnapshot {
  const names = ['roof', 'barn', 'well'];
  return {
    cluster: 'demo-4f2a1c',
    elapsedMs: 67_000,
    phase: 'running',
    viewer: 'roof',
    daemons: names.map((name, index) => row(name, { isViewer: index === 0 })),
    readings: [
      { label: 'CPU busy', simulated: false, cells: names.map(() => cell('12.5 %')) },
      { label: 'irradiance', simulated: true, cells: [cell('812 W/m²'), cell('790 W/m²'), null] },
    ],
    broker: {
      url: 'mqtt://127.0.0.1:40321',
      publisher: 'roof',
      publisherState: 'online',
      messages: 143,
      lastTopic: 'gridvine/demo-4f2a1c/data/well/sim/battery/power',
    },
    hints: [
      { command: 'kill -9 12345', effect: 'barn is suspected, then down' },
      { command: `export GRIDVINE_SOCKET=/tmp/gridvine-demo-abcdef/roof/api.sock`, effect: '' },
    ],
    ...changes,
  };
}

const render = (shot: DemoSnapshot, width = 80) => renderDemo(shot, { width, paint: noPaint });

describe('the picture of the demo', () => {
  it('shows members, readings with unit and age, the broker, and what to try, in 80 columns', () => {
    assert.deepEqual(
      render(snapshot()).map((line) => line.trimEnd()),
      [
        'gridvine demo  cluster demo-4f2a1c, 3 daemons, as roof sees them            1:07',
        '',
        'MEMBER   STATE     PROCESS     HEARD       RTT  ADDRESS',
        'roof     alive     4194303    itself    0.4 ms  127.0.0.1:40123',
        'barn     alive     4194303  1.2s ago    0.4 ms  127.0.0.1:40123',
        'well     alive     4194303  1.2s ago    0.4 ms  127.0.0.1:40123',
        '',
        'READING                           roof                 barn                 well',
        'CPU busy                 12.5 %     3s        12.5 %     3s        12.5 %     3s',
        'irradiance (sim)       812 W/m²     3s      790 W/m²     3s                    -',
        '',
        'MQTT broker mqtt://127.0.0.1:40321 has 143 messages; roof is online',
        '     last gridvine/demo-4f2a1c/data/well/sim/battery/power',
        '',
        'Try in another terminal (Ctrl-C here ends the demo):',
        '  kill -9 12345  barn is suspected, then down',
        '  export GRIDVINE_SOCKET=/tmp/gridvine-demo-abcdef/roof/api.sock',
      ],
    );
  });

  it('never has a line that is wider than the terminal, except a command to be copied', () => {
    const shot = snapshot({
      daemons: Array.from({ length: 9 }, (_, index) => row(`node-${index}`, { rttMs: 12_345.6 })),
      hints: [],
    });
    for (const width of [40, 60, 80, 133, 200]) {
      for (const line of render(shot, width)) assert.ok([...line].length <= width, `${width}: ${line}`);
    }
  });

  it('goes without empty lines on a terminal that is too low for it', () => {
    const tall = renderDemo(snapshot(), { width: 80, height: 40, paint: noPaint });
    const low = renderDemo(snapshot(), { width: 80, height: 16, paint: noPaint });
    assert.ok(tall.includes(''));
    assert.ok(!low.includes(''));
    assert.equal(low.length, tall.filter((line) => line !== '').length);
  });

  it('goes without hints where they do not fit, and then without its end', () => {
    const lines = (height: number) => renderDemo(snapshot(), { width: 80, height, paint: noPaint });
    assert.ok(lines(13).some((line) => line.includes('kill -9')));
    assert.ok(!lines(12).some((line) => line.includes('Try') || line.includes('kill -9')));
    assert.equal(lines(12).length, 10);
    assert.equal(lines(5).length, 5);
  });

  it('words every state, and colours it as well', () => {
    const states = ['joining', 'alive', 'suspect', 'down', 'leaving', 'left', null];
    const daemons = states.map((state, index) => row(`n${index}`, { state }));
    const lines = renderDemo(snapshot({ daemons }), { width: 100, paint: marks });
    for (const [text, colour] of [
      ['suspect', 'yellow'],
      ['down', 'red'],
      ['alive', 'green'],
      ['left', 'dim'],
      ['unknown', 'yellow'],
    ]) {
      assert.ok(
        lines.some((line) => line.includes(`<${colour}>${text.padEnd(8)}</${colour}>`)),
        `${text} in ${colour}`,
      );
    }
  });

  it('says how a process ended in the place of its address', () => {
    const daemons = [row('roof'), row('barn', { pid: null, ended: 'killed by SIGKILL', state: 'suspect' })];
    const lines = render(snapshot({ daemons }));
    assert.match(lines.find((line) => line.startsWith('barn')) ?? '', /suspect +- .*killed by SIGKILL/);
  });

  it('marks a reading that is old or bad', () => {
    const lines = renderDemo(
      snapshot({
        readings: [
          {
            label: 'temperature',
            simulated: false,
            cells: [
              cell('40 °C', { quality: 'bad', doubtful: true }),
              cell('41 °C', { age: '>1m', doubtful: true }),
              cell('42 °C'),
            ],
          },
        ],
      }),
      { width: 80, paint: marks },
    );
    const line = lines.find((text) => text.startsWith('temperature')) ?? '';
    assert.match(
      line,
      /40 °C bad<yellow> +3s<\/yellow>.*41 °C<yellow> +>1m<\/yellow>.*42 °C<dim> +3s<\/dim>/,
    );
  });

  it('shows control characters from elsewhere as question marks', () => {
    const lines = render(snapshot({ daemons: [row('roof', { address: '\u001b[2J' })] }));
    assert.ok(lines.every((line) => !line.includes('\u001b')));
  });

  it('says so when no daemon answers, and when there is nothing yet', () => {
    const empty = snapshot({
      viewer: null,
      readings: [],
      hints: [],
      broker: { ...snapshot().broker, messages: 0, lastTopic: null, publisherState: null },
    });
    const text = render(empty).join('\n');
    assert.match(text, /no daemon answers/);
    assert.match(text, /no reading yet/);
    assert.match(text, /roof is not yet there\n +nothing published yet/);
  });

  it('says that the daemons leave, and suggests nothing any more', () => {
    const lines = render(snapshot({ phase: 'leaving', hints: [] }));
    assert.equal(lines.at(-1), 'leaving: one daemon after the other says goodbye');
  });
});
